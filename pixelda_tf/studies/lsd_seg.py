"""A study of LSD-seg (Sankaranarayanan et al., 2018): its Table 3."""

import statistics
import time
from collections.abc import Sequence
from typing import Any

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.evaluate import compiled_predictions
from pixelda_tf.studies.training import Runs, metrics_by_row

_TIMED = 10  # Images that are answered for a measurement.


def image_sizes(runs: Runs, sizes: Sequence[str]) -> dict[str, Any]:
  """Table 3 of LSD-seg: source-only and adapted, a run a size.

  'train_seconds' are those of a step's source image, monitors and checkpoints
  included; 'answer_seconds' the median of one image at a time.

  Args:
    runs: of the study.
    sizes: as '640x320'.

  Raises:
    UserError: one of these is no size.
  """
  sides = {size: _width_and_height(size) for size in sizes}
  table = {}
  for size, (width, height) in sides.items():
    result = runs.train(
      size,
      [],
      [
        f'Pair.image_size = ({height}, {width})',
        'Experiment.rows = [@source_only/Row(), @lsd_seg/Row()]',
      ],
    )
    rows = metrics_by_row(result)
    for row in result['rows']:
      rows[row['method']] |= _seconds(runs, size, row)
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


def _seconds(runs, name, result):
  """Returns the seconds that a run's row takes for an image."""
  run = runs.reopen(name)
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
