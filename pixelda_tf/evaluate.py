"""Evaluates a run or an export on a prepared split, each example once.

python -m pixelda_tf.evaluate --run_dir=runs/quickstart
python -m pixelda_tf.evaluate --export_dir=runs/quickstart/export \
    --dataset=digits_photo --split=test
"""

from absl import flags

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

command_line.define_flags('run_dir', 'data_dir', 'skip_corrupt')
flags.DEFINE_string('row', None, 'Which row of the run; its adapted one else.')
flags.DEFINE_string('export_dir', None, 'A SavedModel, in place of a run.')
flags.DEFINE_string(
  'dataset', None, "Prepared data set; a run's target when absent."
)
flags.DEFINE_string('split', None, "Its split; the run's test split else.")
FLAGS = flags.FLAGS


def main():
  """Loads, evaluates, prints."""
  from pixelda_tf import serving
  from pixelda_tf.data.domains import Domain
  from pixelda_tf.evaluation.evaluate import evaluate, lines
  from pixelda_tf.training import experiment

  if bool(FLAGS.run_dir) == bool(FLAGS.export_dir):
    raise UserError('one of --run_dir and --export_dir is needed')
  if FLAGS.export_dir:
    if not FLAGS.dataset:
      raise UserError('--export_dir needs --dataset, a prepared data set')
    signature = serving.load(FLAGS.export_dir)['predict']
    domain = Domain(name=FLAGS.dataset)
    domain = domain.open(FLAGS.data_dir, FLAGS.skip_corrupt)

    def predict(images):
      return signature(images=images)
  else:
    run = experiment.reopen(FLAGS.run_dir, FLAGS.data_dir, FLAGS.skip_corrupt)
    predict = serving.Servable(run.restore(run.row(FLAGS.row))).predict
    domain = run.pair.target
    if FLAGS.dataset:
      domain = Domain(name=FLAGS.dataset)
      domain = domain.open(FLAGS.data_dir, FLAGS.skip_corrupt)
  split = FLAGS.split or domain.test
  if domain.n_classes is None:
    raise UserError(f'{domain.name} has no labels to evaluate against')
  result = evaluate(predict, domain.stored(split).batch(256), domain.n_classes)
  print(f'{domain.name} {split}')
  print('\n'.join(lines(result, domain.class_names)))


if __name__ == '__main__':
  command_line.run(main)
