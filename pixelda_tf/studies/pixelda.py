"""Studies of PixelDA (Bousmalis et al., 2017): its Tables 3, 4 and 5."""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from pixelda_tf import config
from pixelda_tf.data import Domain, Pair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.evaluate import compiled_predictions, score
from pixelda_tf.runs import choosing, experiment
from pixelda_tf.studies.training import Runs, headline, metrics_by_row


def backgrounds(runs: Runs) -> dict[str, Any]:
  """Table 3: two runs of the rows source-only and PixelDA.

  Args:
    runs: of the study.
  """
  rows = ['Experiment.rows = [@source_only/Row(), @pixelda/Row()]']
  photos = ['gin/studies/photo_backgrounds.gin']
  return {
    kind: metrics_by_row(runs.train(kind, configs, rows))
    for kind, configs in (('black', []), ('photo', photos))
  }


def stability(runs: Runs, seeds: int) -> dict[str, Any]:
  """Table 5: mean and standard deviation of every row over the seeds.

  Args:
    runs: of the study.
    seeds: how many.
  """
  by_row: dict[str, list[dict[str, float]]] = {}
  for seed in range(seeds):
    result = runs.train(
      f'seed_{seed}',
      ['gin/studies/stability.gin'],
      [f'Experiment.seed = {seed}'],
    )
    for name, metrics in metrics_by_row(result).items():
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


def unseen_classes(runs: Runs, chosen: Sequence[str] | None) -> dict[str, Any]:
  """Table 4: G of some classes, T of all; tested on unseen ones and on all.

  Args:
    runs: of the study.
    chosen: what G learns from; None for the first half.

  Raises:
    UserError: these are none of the classes, or all.
  """
  config.parse(runs.gin_file, runs.gin_param, root='Experiment')
  # gin gives the rest.
  whole = experiment.Experiment(  # type: ignore[call-arg]
    runs.run_dir, runs.data_dir
  )
  names = whole.pair.class_names
  seen = chosen or list(names[: (len(names) + 1) // 2])
  unseen = [name for name in names if name not in seen]
  if not unseen or set(seen) - set(names):
    raise UserError(
      f'--seen={",".join(seen)}: expected some, not all, of {", ".join(names)}'
    )
  source, target = whole.pair.source, whole.pair.target
  runs.train(
    'generator',
    [],
    [
      'Experiment.rows = [@pixelda/Row()]',
      f'source/Domain.classes = {seen}',
      f'target/Domain.classes = {seen}',
    ],
  )
  translated = f'{pathlib.Path(runs.run_dir).name}_translated'
  if not (pathlib.Path(runs.data_dir) / translated).is_dir():
    runs.call(
      'translate',
      f'--run_dir={runs.directory("generator")}',
      f'--dataset={source.name}',
      f'--split={source.train}',
      f'--name={translated}',
      f'--data_dir={runs.data_dir}',
    )
  runs.train(
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
    'unseen_classes': _test_on_classes(runs, 'task', target, unseen),
    'full_test_set': metrics_by_row(runs.read('task'))['source_only'],
  }


def _test_on_classes(runs, name, target, classes):
  """Tests a run on all images of some classes: none was trained on."""
  run = runs.reopen(name)
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
  ).open(runs.data_dir, problem=run.pair.problem)
  predict = compiled_predictions(choosing.predicting(run.rows).trained())
  scorer = pair.problem.scorer(pair.class_names)
  test = score(predict, pair.test_batches(), scorer).result()
  return headline(pair.problem.metrics, test) | {'count': test['count']}
