"""Evaluates a run or an export on a prepared split, each example once.

Prints accuracy and, where there are poses, mean and median angle error, for all
and for each class; of label maps mIoU, and IoU for each class. Draws the worst
cases.

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
flags.DEFINE_string(
  'picture',
  None,
  "Where the picture of the worst cases goes; else a run's row has it in its "
  'folder, as worst_cases.png or, with --dataset or --split, under a name with '
  'these, and an export has none.',
)
FLAGS = flags.FLAGS


_N_WORST = 18


def main() -> None:
  """Loads, evaluates, prints."""
  from pixelda_tf.evaluation import evaluate, painting, pictures

  if bool(FLAGS.run_dir) == bool(FLAGS.export_dir):
    raise UserError('one of --run_dir and --export_dir is needed')
  load = _load_run if FLAGS.run_dir else _load_export
  predict, batches, problem, domain, title, path = load()
  if batches is None:
    raise UserError(f'{title}: has no labels to evaluate against')
  print(title)
  path = FLAGS.picture or path
  names = domain.class_names
  scorer = problem.scorer(names, _N_WORST if path else 0)
  evaluate.score(predict, batches, scorer)
  print('\n'.join(scorer.lines()))
  worst = scorer.worst()
  if worst:
    picture = painting.cases(worst, names, domain.colours)
    pictures.save(path, picture, scale=1)
    print(f'worst cases: {path}')


def _load_run():
  import tensorflow as tf

  from pixelda_tf import serving
  from pixelda_tf.evaluation.evaluate import compiled_predictions
  from pixelda_tf.runs import choosing, experiment

  run = experiment.reopen(FLAGS.run_dir, FLAGS.data_dir, FLAGS.skip_corrupt)
  row = choosing.predicting(run.rows, FLAGS.row)
  method, pair = row.trained(), run.pair
  if FLAGS.dataset:
    batches, domain, data = _open_dataset(pair.problem, pair.class_names)
    traced = tf.function(
      serving.Servable(method).predict, reduce_retracing=True
    )

    # In the size of the images, which is that of what is true.
    def predict(images, size):
      del size
      return traced(images)

    return predict, batches, pair.problem, domain, *_names(row, data)
  split = FLAGS.split or pair.target.test
  batches = pair.test_batches(split=split)
  names = _names(row, f'{pair.target.name} {split}')
  predict = compiled_predictions(method)
  return predict, batches, pair.problem, pair.source, *names


def _names(row, data):
  """Returns a title, and the path of the picture."""
  asked_for = FLAGS.dataset or FLAGS.split
  path = row.directory.worst_cases(data if asked_for else None)
  return f"row '{row.name}' on {data}", path


def _load_export():
  from pixelda_tf import problems, serving

  if not FLAGS.dataset:
    raise UserError('--export_dir needs --dataset, a prepared data set')
  signature = serving.load(FLAGS.export_dir)['predict']
  problem = problems.predicting(signature.structured_outputs)
  names = serving.class_names(FLAGS.export_dir)
  batches, domain, title = _open_dataset(problem, names)

  def predict(images, size):
    del size
    return signature(images=images)

  return predict, batches, problem, domain, title, None


def _open_dataset(problem, class_names):
  """Returns batches of uint8 images, their domain, and a title."""
  from pixelda_tf.data.domains import Domain
  from pixelda_tf.fields.images import at_once

  named = Domain(name=FLAGS.dataset)
  places = FLAGS.data_dir, FLAGS.skip_corrupt, problem.targets
  domain = named.open(*places)
  stored = domain.class_names
  if None not in (stored, class_names) and stored != class_names:
    if sorted(stored) != sorted(class_names):
      raise UserError(
        f'--dataset={FLAGS.dataset}: its classes {stored} are not those of the '
        f'model, {class_names}'
      )
    named.classes = {name: name for name in class_names}  # In that order.
    domain = named.open(*places)
  split = FLAGS.split or domain.test
  batches = None
  if problem.can_test(domain):
    batches = domain.stored(split).batch(at_once(domain.image_shape))
  return batches, domain, f'{domain.name} {split}'


if __name__ == '__main__':
  command_line.run(main)
