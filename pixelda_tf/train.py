"""Trains the methods of a gin file and prints their table.

python -m pixelda_tf.train --gin_file=gin/quickstart.gin

Started again with the same run directory, it goes on where it was.
"""

import os

from absl import flags

from pixelda_tf import command_line

command_line.define_flags()
flags.DEFINE_list(
  'rows', None, "Train these of the config's rows alone; all of them else."
)
FLAGS = flags.FLAGS


def main():
  """Parses, trains, prints."""
  run_dir = FLAGS.run_dir or command_line.default_run_dir(FLAGS.gin_file)

  from pixelda_tf import config
  from pixelda_tf.training import experiment, results, run_directory

  config.parse(FLAGS.gin_file, FLAGS.gin_param)
  run_directory.claim(run_dir, config.text())
  run = experiment.Experiment(
    run_dir, FLAGS.data_dir, skip_corrupt=FLAGS.skip_corrupt
  )
  for role in ('source', 'target'):
    domain = getattr(run.pair, role)
    print(f'{role} {domain.name}: {domain.description}')
    stored, used = domain.image_shape, run.pair.image_shape
    if tuple(stored) != tuple(used):
      print(f'  stored as {_size(stored)}, brought to {_size(used)}')
  result = run.train(FLAGS.rows)
  print(results.table(result))
  if os.path.exists(run.picture_path):
    print(f'source | translated | nearest target: {run.picture_path}')


def _size(shape):
  return 'x'.join(map(str, shape))


if __name__ == '__main__':
  command_line.run(main)
