"""Trains the methods of a gin file and prints their table.

python -m pixelda_tf.train --gin_file=gin/quickstart.gin

Started again with the same run directory, it goes on where it was.
"""

import os

from absl import flags, logging

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

command_line.define_flags()
flags.DEFINE_list(
  'rows', None, "Train these of the config's rows alone; all of them else."
)
flags.DEFINE_enum(
  'strategy',
  'auto',
  ['auto', 'one', 'mirrored', 'multi_worker'],
  "Where to train: 'one' device; 'mirrored', all GPUs of this host or, without "
  "any, all --logical_cpus; 'multi_worker', the hosts that TF_CONFIG names; "
  "'auto', the last where TF_CONFIG is set, else all GPUs where several are.",
)
flags.DEFINE_integer(
  'logical_cpus',
  1,
  'Devices to make of the CPU, to try --strategy=mirrored without GPUs.',
  lower_bound=1,
)
FLAGS = flags.FLAGS


def main() -> None:
  """Parses, trains, prints."""
  run_dir = FLAGS.run_dir or command_line.default_run_dir(FLAGS.gin_file)

  from pixelda_tf import config
  from pixelda_tf.runs import distribution

  distribution.use_logical_cpus(FLAGS.logical_cpus)
  config.parse(FLAGS.gin_file, FLAGS.gin_param, root='Experiment')
  strategy = distribution.strategy(FLAGS.strategy)
  logging.info(
    'devices: %s replicas on %s hosts',
    strategy.num_replicas_in_sync,
    distribution.hosts(strategy),
  )
  with distribution.lost_hosts_reported(strategy):
    _train(run_dir, strategy)


def _train(run_dir, strategy):
  from pixelda_tf import config
  from pixelda_tf.runs import distribution, experiment, results
  from pixelda_tf.runs.directory import RunDirectory

  directory = RunDirectory(run_dir)
  configs = config.text(), config.operative('Experiment')
  run = experiment.Experiment(  # type: ignore[call-arg]  # gin gives the rest.
    run_dir,
    FLAGS.data_dir,
    skip_corrupt=FLAGS.skip_corrupt,
    strategy=strategy,
  )
  run.check(FLAGS.rows)
  # Only now: a mistake leaves no directory that the next config cannot have.
  chief = distribution.is_chief(strategy)
  if chief:
    directory.claim(*configs)
  distribution.barrier(strategy)
  if not (chief or directory.belongs(*configs)):
    raise UserError(
      f'{run_dir}: the chief made it, but it is not seen here; all hosts need '
      'it on one file system: name it by --run_dir'
    )
  if not chief:
    run.train(FLAGS.rows)
    return
  for role in ('source', 'target'):
    domain = getattr(run.pair, role)
    print(f'{role} {domain.name}: {domain.description}')
    stored, used = domain.image_shape, run.pair.image_shape
    if tuple(stored) != tuple(used):
      print(f'  stored as {_size(stored)}, brought to {_size(used)}')
  result = run.train(FLAGS.rows)
  assert result is not None  # This is the chief.
  print(results.table(result))
  if os.path.exists(directory.picture):
    print(f'source | translated | nearest target: {directory.picture}')


def _size(shape):
  return 'x'.join(map(str, shape))


if __name__ == '__main__':
  command_line.run(main)
