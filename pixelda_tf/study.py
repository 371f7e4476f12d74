"""Papers' studies of several runs each: one table.

python -m pixelda_tf.study backgrounds --gin_file=gin/linemod.gin \
  --run_dir=runs/backgrounds

Studies:
  backgrounds     black or photo backgrounds for the source (Table 3)
  unseen_classes  G learns from some classes, then translates all of them for a
                  new T (Table 4); the seen ones are named by --seen
  stability       losses left out one after another, over --seeds (Table 5)
  image_sizes     LSD-seg at several --sizes, with the seconds that an image
                  takes in training and to answer (Table 3 of LSD-seg)

The first three are PixelDA's; its Table 6 is one run: gin/studies/
semi_supervised.gin on top of gin/linemod.gin. So are Table 4 of LSD-seg
(lsd_seg_ablation.gin) and Table 2 of I2I Adapt (i2i_terms.gin).
Every run is a directory below --run_dir; the same command goes on where it was
stopped. The table goes to study.json there.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import time
from typing import Any

from absl import flags

from pixelda_tf import atomic, command_line
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import columns

command_line.define_flags('gin_file', 'gin_param', 'run_dir', 'data_dir')
flags.DEFINE_list(
  'seen', None, 'unseen_classes: what G learns from; the first half else.'
)
flags.DEFINE_integer('seeds', 10, 'stability: how many.', 2)
flags.DEFINE_list(
  'sizes',
  ['512x256', '640x320', '1024x512'],
  'image_sizes: widths and heights.',
)
FLAGS = flags.FLAGS
_TIMED = 10  # Images that are answered for a measurement.


def backgrounds() -> dict[str, Any]:
  """Table 3: two runs of the rows source-only and PixelDA."""
  rows = ['Experiment.rows = [@source_only/Row(), @pixelda/Row()]']
  photos = ['gin/studies/photo_backgrounds.gin']
  return {
    kind: _result_rows(_train(kind, configs, rows))
    for kind, configs in (('black', []), ('photo', photos))
  }


def stability() -> dict[str, Any]:
  """Table 5: mean and standard deviation of every row over the seeds."""
  import numpy as np

  by_row: dict[str, list[dict[str, float]]] = {}
  for seed in range(FLAGS.seeds):
    result = _train(
      f'seed_{seed}',
      ['gin/studies/stability.gin'],
      [f'Experiment.seed = {seed}'],
    )
    for name, metrics in _result_rows(result).items():
      by_row.setdefault(name, []).append(metrics)
  return {
    name: {
      metric: {
        'mean': float(np.mean([one[metric] for one in several])),
        'std': float(np.std([one[metric] for one in several], ddof=1)),
        'values': [one[metric] for one in several],
      }
      for metric in several[0]
    }
    for name, several in by_row.items()
  }


def image_sizes() -> dict[str, Any]:
  """Table 3 of LSD-seg: source-only and adapted, a run a size.

  'train_seconds' are those of a step's source image, monitors and checkpoints
  included; 'answer_seconds' the median of one image at a time.
  """
  sizes = {size: _width_and_height(size) for size in FLAGS.sizes}
  table = {}
  for size, (width, height) in sizes.items():
    result = _train(
      size,
      [],
      [
        f'Pair.image_size = ({height}, {width})',
        'Experiment.rows = [@source_only/Row(), @lsd_seg/Row()]',
      ],
    )
    rows = _result_rows(result)
    for row in result['rows']:
      rows[row['method']] |= _seconds(size, row)
    table[size] = rows
  return table


def _width_and_height(size):
  try:
    width, height = (int(side) for side in size.split('x'))
  except ValueError:
    raise UserError(
      f'--sizes={size}: give WIDTHxHEIGHT, as 640x320, with commas between'
    ) from None
  return width, height


def _seconds(name, result):
  """Returns the seconds that a run's row takes for an image."""
  from pixelda_tf.evaluation.evaluate import compiled_predictions
  from pixelda_tf.runs import experiment

  run = experiment.reopen(_directory(name), FLAGS.data_dir)
  row = run.row(result['method'])
  predict = compiled_predictions(row.trained())
  images = run.pair.images('target', _TIMED)
  seconds = []
  for number in [0, *range(len(images))]:  # The first time it is compiled.
    image = images[number : number + 1]
    start = time.perf_counter()
    predict(image, image.shape[1:3])
    seconds.append(time.perf_counter() - start)
  seen = result['steps'] * row.original.batch_size
  return {
    'train_seconds': result['wall_seconds'] / seen,
    'answer_seconds': statistics.median(seconds[1:]),
  }


def unseen_classes() -> dict[str, Any]:
  """Table 4: G of some classes, T of all; tested on unseen ones and on all."""
  from pixelda_tf import config
  from pixelda_tf.runs import experiment

  config.parse(FLAGS.gin_file, FLAGS.gin_param, root='Experiment')
  # gin gives the rest.
  whole = experiment.Experiment(  # type: ignore[call-arg]
    FLAGS.run_dir, FLAGS.data_dir
  )
  names = whole.pair.class_names
  seen = FLAGS.seen or list(names[: (len(names) + 1) // 2])
  unseen = [name for name in names if name not in seen]
  if not unseen or set(seen) - set(names):
    raise UserError(
      f'--seen={",".join(seen)}: expected some, not all, of {", ".join(names)}'
    )
  source, target = whole.pair.source, whole.pair.target
  _train(
    'generator',
    [],
    [
      'Experiment.rows = [@pixelda/Row()]',
      f'source/Domain.classes = {seen}',
      f'target/Domain.classes = {seen}',
    ],
  )
  translated = f'{pathlib.Path(FLAGS.run_dir).name}_translated'
  if not (pathlib.Path(FLAGS.data_dir) / translated).is_dir():
    _call(
      'translate',
      f'--run_dir={_directory("generator")}',
      f'--dataset={source.name}',
      f'--split={source.train}',
      f'--name={translated}',
      f'--data_dir={FLAGS.data_dir}',
    )
  _train(
    'task',
    [],
    [
      'Experiment.rows = [@source_only/Row()]',
      f"source/Domain.name = '{translated}'",
      "source/Domain.train = 'train'",
    ],
  )
  return {
    'seen': ' '.join(seen),
    'unseen': ' '.join(unseen),
    'unseen_classes': _test_on_classes('task', target, unseen),
    'full_test_set': _result_rows(_read('task'))['source_only'],
  }


def _test_on_classes(name, target, classes):
  """Tests a run on all images of some classes: none was trained on."""
  from pixelda_tf.data import Domain, Pair
  from pixelda_tf.evaluation.evaluate import compiled_predictions, score
  from pixelda_tf.runs import choosing, experiment

  run = experiment.reopen(_directory(name), FLAGS.data_dir)
  height, width, channels = run.pair.image_shape
  pair = Pair(
    source=Domain(name=run.pair.source.name),
    target=Domain(
      name=target.name,
      train=target.train,
      test=f'{target.train}+{target.test}',
      classes=classes,
    ),
    image_size=(height, width),
    channels=channels,
  ).open(FLAGS.data_dir, problem=run.pair.problem)
  predict = compiled_predictions(choosing.predicting(run.rows).trained())
  scorer = pair.problem.scorer(pair.class_names)
  test = score(predict, pair.test_batches(), scorer).result()
  return _headline(pair.problem.metrics, test) | {'count': test['count']}


STUDIES = {
  study.__name__: study
  for study in (backgrounds, stability, unseen_classes, image_sizes)
}


def main(*names: str) -> None:
  """Runs a study, prints and writes its table."""
  if len(names) != 1 or names[0] not in STUDIES:
    raise UserError(f'which study? one of {", ".join(STUDIES)}')
  if not (FLAGS.gin_file and FLAGS.run_dir):
    raise UserError('--gin_file and --run_dir are needed')
  os.makedirs(FLAGS.run_dir, exist_ok=True)
  table = STUDIES[names[0]]()
  path = os.path.join(FLAGS.run_dir, 'study.json')
  atomic.write_json(path, {'study': names[0], 'table': table})
  print('\n'.join(_lines(table)))
  print(path)


def _directory(name):
  return os.path.join(FLAGS.run_dir, name)


def _train(name, configs, params):
  """Trains a run below --run_dir, and returns its result."""
  _call(
    'train',
    *(f'--gin_file={path}' for path in [*FLAGS.gin_file, *configs]),
    *(f'--gin_param={param}' for param in [*params, *FLAGS.gin_param]),
    f'--run_dir={_directory(name)}',
    f'--data_dir={FLAGS.data_dir}',
  )
  return _read(name)


def _read(name):
  from pixelda_tf.runs.directory import RunDirectory, read_json

  return read_json(RunDirectory(_directory(name)).result)


def _call(command, *arguments):
  words = command_line.words(command, *arguments)
  code = subprocess.call([sys.executable, *words])
  if code == command_line.INTERRUPTED:
    raise KeyboardInterrupt
  if code:
    raise UserError(f'the run above failed: {" ".join(words)}')


def _result_rows(result):
  """Returns the metrics of each row that was tested, by name."""
  rows = {}
  for row in result['rows']:
    test = row['target_test']
    if test is None:
      raise UserError(f'{result["target"]} has no labels to report results on')
    rows[row['method']] = _headline(columns.metrics(result), test)
  return rows


def _headline(metrics, test):
  return {m.key: test[m.key] for m in metrics if m.key in test}


def _lines(table, depth=0):
  """Returns nested dicts as indented lines of text."""
  lines = []
  for name, value in table.items():
    if isinstance(value, dict):
      lines += ['  ' * depth + name, *_lines(value, depth + 1)]
    else:
      shown = f'{value:.4g}' if isinstance(value, float) else value
      lines.append(f'{"  " * depth}{name}: {shown}')
  return lines


if __name__ == '__main__':
  command_line.run(main, n_arguments=1)
