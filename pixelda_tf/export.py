"""Writes a run's model as a SavedModel that loads without pixelda_tf.

python -m pixelda_tf.export --run_dir=runs/quickstart --export_dir=model
"""

from absl import flags

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

command_line.define_flags('run_dir', 'data_dir')
flags.DEFINE_string('row', None, 'Which row of the run; its adapted one else.')
flags.DEFINE_string('export_dir', None, 'Where to; replaced if it is there.')
FLAGS = flags.FLAGS


def main() -> None:
  """Loads and exports."""
  from pixelda_tf import serving
  from pixelda_tf.runs import choosing, experiment

  if not (FLAGS.run_dir and FLAGS.export_dir):
    raise UserError('--run_dir and --export_dir are needed')
  run = experiment.reopen(FLAGS.run_dir, FLAGS.data_dir)
  row = choosing.predicting(run.rows, FLAGS.row)
  serving.export(row.trained(), FLAGS.export_dir, run.pair.class_names)
  print(f'{row.name} of {FLAGS.run_dir} is in {FLAGS.export_dir}')


if __name__ == '__main__':
  command_line.run(main)
