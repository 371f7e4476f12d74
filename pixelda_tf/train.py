"""Trains the methods of a gin file and prints their table.

python -m pixelda_tf.train --gin_file=gin/quickstart.gin

Started again with the same run directory, it goes on where it was.
"""

import os

from absl import flags, logging

from pixelda_tf import command_line

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

  configs = config.text(), config.operative('Experiment')
  run = experiment.Experiment(  # type: ignore[call-arg]  # gin gives the rest.
    run_dir,
    FLAGS.data_dir,
    skip_corrupt=FLAGS.skip_corrupt,
    strategy=strategy,
  )
  with run.claimed(FLAGS.rows, configs):
    if distribution.is_chief(strategy):
      _print_domains(run.pair)
    result = run.train(FLAGS.rows)
  if result is not None:  # This is the chief.
    print(results.table(result))
    picture = run.directory.picture
    if os.path.exists(picture):
      print(f'source | translated | nearest target: {picture}')


def _print_domains(pair):
  for role in ('source', 'target'):
    domain = getattr(pair, role)
    print(f'{role} {domain.name}: {domain.description}')
    stored, used = domain.image_shape, pair.image_shape
    if tuple(stored) != tuple(used):
      print(f'  stored as {_size(stored)}, brought to {_size(used)}')


def _size(shape):
  return 'x'.join(map(str, shape))


if __name__ == '__main__':
  command_line.run(main)
