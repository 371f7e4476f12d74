"""Evaluates a run or an export on a prepared split, each example once.

Prints accuracy and, where there are poses, mean and median angle error, for all
and for each class; of label maps mIoU, and IoU for each class. Draws the worst
cases.

python -m pixelda_tf.evaluate --run_dir=runs/quickstart
python -m pixelda_tf.evaluate --export_dir=runs/quickstart/export \
    --dataset=digits_photo --split=test

Label maps of other classes are scored over those that both have, as a config
names them:

python -m pixelda_tf.evaluate --run_dir=runs/mine --dataset=camvid/segnet \
    --common_classes=gin/classes/synthia_and_camvid.gin
"""

from typing import Any, NamedTuple

from absl import flags

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

command_line.define_flags('run_dir', 'data_dir', 'skip_corrupt')
flags.DEFINE_string('row', None, 'Which row of the run; its adapted one else.')
flags.DEFINE_string('export_dir', None, 'A SavedModel, in place of a run.')
flags.DEFINE_string(
  'dataset', None, "Prepared data set; a run's target when absent."
)
flags.DEFINE_string(
  'common_classes',
  None,
  'Config with CommonClasses.classes, which classes of the model and of '
  '--dataset are the same: label maps are scored over these alone.',
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


class _Loaded(NamedTuple):
  """A model, and what it is evaluated on.

  Attributes:
    predict, batches: see `evaluate.score`; no batches without labels.
    problem: what is learnt.
    class_names: the model's, by label; None where it does not tell.
    domain: that has the classes' names and colours.
    title: of the row and of the data.
    picture: path of the picture; None for none.
  """

  predict: Any
  batches: Any
  problem: Any
  class_names: Any
  domain: Any
  title: str
  picture: str | None


def main() -> None:
  """Loads, evaluates, prints."""
  from pixelda_tf.evaluation import evaluate, painting, pictures

  if bool(FLAGS.run_dir) == bool(FLAGS.export_dir):
    raise UserError('one of --run_dir and --export_dir is needed')
  common = _common_classes()
  loaded = (_load_run if FLAGS.run_dir else _load_export)(common)
  if loaded.batches is None:
    raise UserError(f'{loaded.title}: has no labels to evaluate against')
  path = FLAGS.picture or loaded.picture
  scorer, colours = _scorer(loaded, common, _N_WORST if path else 0)
  print(loaded.title)
  evaluate.score(loaded.predict, loaded.batches, scorer)
  print('\n'.join(scorer.lines()))
  worst = scorer.worst()
  if worst:
    picture = painting.cases(worst, scorer.class_names, colours)
    pictures.save(path, picture, scale=1)
    print(f'worst cases: {path}')


def _common_classes():
  """Returns the `CommonClasses` of the config that is named, or None."""
  from pixelda_tf import config, runs

  path = FLAGS.common_classes
  if not path:
    return None
  if not FLAGS.dataset:
    raise UserError(
      '--common_classes needs --dataset, the data set of other classes'
    )
  config.parse([path])
  if config.bound() != {'CommonClasses'}:
    raise UserError(
      f'--common_classes={path}: CommonClasses.classes, and nothing else, is '
      'needed there, as in gin/classes/synthia_and_camvid.gin'
    )
  # gin gives the classes.
  return runs.problems.CommonClasses()  # type: ignore[call-arg]


def _scorer(loaded, common, n_worst):
  """Returns a `Scorer`, and the colours of its classes."""
  from pixelda_tf.problems import CommonClassesScorer

  domain = loaded.domain
  if common is None:
    scorer = loaded.problem.scorer(domain.class_names, n_worst)
    return scorer, domain.colours
  if loaded.problem.maps is None:
    raise UserError(
      f'--common_classes is for label maps; {loaded.title} has none'
    )
  if loaded.class_names is None:
    raise UserError(
      f'--common_classes: {FLAGS.export_dir} does not name its classes: export '
      'the run again'
    )
  common.check(loaded.class_names, domain.class_names, domain.name)
  scorer = CommonClassesScorer(
    common, loaded.class_names, domain.class_names, n_worst
  )
  return scorer, common.colours(domain.class_names, domain.colours)


def _load_run(common):
  import tensorflow as tf

  from pixelda_tf import serving
  from pixelda_tf.evaluation.evaluate import compiled_predictions
  from pixelda_tf.runs import choosing, experiment

  run = experiment.reopen(FLAGS.run_dir, FLAGS.data_dir, FLAGS.skip_corrupt)
  row = choosing.predicting(run.rows, FLAGS.row)
  method, pair = row.trained(), run.pair
  names = pair.class_names
  if FLAGS.dataset:
    batches, domain, data = _open_dataset(pair.problem, names, common)
    traced = tf.function(
      serving.Servable(method).predict, reduce_retracing=True
    )

    # In the size of the images, which is that of what is true.
    def predict(images, size):
      del size
      return traced(images)

    place = _names(row, data)
    return _Loaded(predict, batches, pair.problem, names, domain, *place)
  split = FLAGS.split or pair.target.test
  batches = pair.test_batches(split=split)
  place = _names(row, f'{pair.target.name} {split}')
  predict = compiled_predictions(method)
  return _Loaded(predict, batches, pair.problem, names, pair.source, *place)


def _names(row, data):
  """Returns a title, and the path of the picture."""
  asked_for = FLAGS.dataset or FLAGS.split
  path = row.directory.worst_cases(data if asked_for else None)
  return f"row '{row.name}' on {data}", path


def _load_export(common):
  from pixelda_tf import problems, serving

  if not FLAGS.dataset:
    raise UserError('--export_dir needs --dataset, a prepared data set')
  signature = serving.load(FLAGS.export_dir)['predict']
  problem = problems.predicting(signature.structured_outputs)
  names = serving.class_names(FLAGS.export_dir)
  batches, domain, title = _open_dataset(problem, names, common)

  def predict(images, size):
    del size
    return signature(images=images)

  return _Loaded(predict, batches, problem, names, domain, title, None)


def _open_dataset(problem, class_names, common):
  """Returns batches of uint8 images, their domain, and a title."""
  from pixelda_tf.data.domains import Domain
  from pixelda_tf.fields.images import at_once

  named = Domain(name=FLAGS.dataset)
  places = FLAGS.data_dir, FLAGS.skip_corrupt, problem.targets
  domain = named.open(*places)
  stored = domain.class_names
  if not common and None not in (stored, class_names) and stored != class_names:
    if sorted(stored) != sorted(class_names):
      raise UserError(
        f'--dataset={FLAGS.dataset}: its classes {stored} are not those of the '
        f'model, {class_names}'
        + ('; --common_classes names those of both' if problem.maps else '')
      )
    named.classes = {name: name for name in class_names}  # In that order.
    domain = named.open(*places)
  split = FLAGS.split or domain.test
  batches = None
  if problem.can_test(domain):
    batches = domain.stored(split).batch(at_once(domain.image_shape))
  over = ', common classes' if common else ''
  return batches, domain, f'{domain.name} {split}{over}'


if __name__ == '__main__':
  command_line.run(main)
