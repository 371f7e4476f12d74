"""Trains the methods of a gin file and prints their table.

python -m pixelda_tf.train --gin_file=gin/quickstart.gin

Started again with the same run directory, it goes on where it was.
"""

from absl import flags

from pixelda_tf import command_line

command_line.define_flags()
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
  result = run.train()
  print(results.table(result))
  print(f'source | translated | nearest target: {run.picture_path}')


if __name__ == '__main__':
  command_line.run(main)
