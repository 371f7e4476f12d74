"""Scores of label maps over the classes that a model and other data share.

As Sankaranarayanan et al., Learning from Synthetic Data, CVPR 2018, Sect. 5.5:
a model is tried on a domain that it was not adapted to, whose classes are
others, over those that both have.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import gin
import numpy as np

from pixelda_tf.data.used_classes import first
from pixelda_tf.datasets.names import nfc
from pixelda_tf.datasets.segmentation.colours import Colours
from pixelda_tf.errors import UserError
from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.problems.base import Arrays
from pixelda_tf.problems.segmentation_scores import (
  SegmentationScorer,
  check_labels,
)

# What a model says where it names a class that is not common.
OTHER = 'none of these'
_OTHER_COLOUR = (255, 0, 255)


@gin.configurable
class CommonClasses:
  """Which classes of a model and of a data set are the same.

  Attributes:
    names: of the common classes, by their labels here.
  """

  def __init__(self, *, classes: Mapping[str, str]):
    """Keeps the map.

    Args:
      classes: {name of a class of the model or of the data set: name of the
        common class that it is}; several may be one. A class that has the name
        of a common class is it, too, unless the map says otherwise.

    Raises:
      UserError: it is no such map.
    """
    if not isinstance(classes, Mapping) or not classes:
      raise UserError(f'{_PLACE} is {classes!r}: {_FORM} is needed')
    wrong = [name for name in classes.values() if not isinstance(name, str)]
    if wrong:
      raise UserError(f'{_PLACE}: {wrong[0]!r} is no name; give {_FORM}')
    self._classes = nfc(classes)
    self.names = tuple(dict.fromkeys(self._classes.values()))

  def check(
    self, model: Sequence[str], data: Sequence[str], data_name: str
  ) -> None:
    """Checks that each common class is one of both.

    Args:
      model: the model's classes.
      data: those of the data set.
      data_name: of the data set, for messages.

    Raises:
      UserError: the map names a class that neither has, or a common class that
        only one of them has.
    """
    sides = {'the model': model, data_name: data}
    there_are = '; '.join(
      f'{side} has {", ".join(names)}' for side, names in sides.items()
    )
    unknown = [
      name for name in self._classes if name not in model and name not in data
    ]
    if unknown:
      raise UserError(
        f'{_PLACE}: neither has a class {", ".join(unknown)}: {there_are}'
      )
    for side, names in sides.items():
      missing = set(range(len(self.names))) - set(self.labels(names))
      if missing:
        lacking = ', '.join(self.names[label] for label in sorted(missing))
        raise UserError(
          f'{_PLACE}: no class of {side} is {lacking}: name one, or leave it '
          f'out; {there_are}'
        )

  def labels(self, names: Sequence[str]) -> list[int]:
    """Returns the label here of each class, -1 of one that is not common."""
    return [
      self.names.index(common) if common in self.names else -1
      for common in (self._classes.get(name, name) for name in names)
    ]

  def colours(self, data: Sequence[str], colours: Colours) -> Colours:
    """Returns the colour of each label of a `CommonClassesScorer`.

    Args:
      data: the data set's classes.
      colours: those of the data set.
    """
    own = first(colours, self.labels(data), len(self.names))
    return [*own, _OTHER_COLOUR]


class CommonClassesScorer(SegmentationScorer):
  """Scores a model of some classes on label maps of others.

  Pixels whose class is not common count nowhere, and how many these are is
  told. Where a pixel of a common class is said to be of a class that is not,
  it is missed: the prediction is `OTHER`, which is in no mean.
  """

  def __init__(
    self,
    common: CommonClasses,
    model: Sequence[str],
    data: Sequence[str],
    n_worst: int = 0,
  ):
    """Has seen nothing yet.

    Args:
      common: checked.
      model: the model's classes, by label.
      data: those of the data set.
      n_worst: how many of the worst images it keeps.
    """
    super().__init__((*common.names, OTHER), n_worst, scored=common.names)
    self._model, self._data = tuple(model), tuple(data)
    self._of_model = _table(common.labels(model), len(common.names))
    self._of_data = _table(common.labels(data), IGNORE)
    self._pixels = np.zeros(IGNORE + 1, np.int64)

  def update(self, examples: Arrays, predictions: Arrays) -> None:
    """See `SegmentationScorer`: labels of the data set, and of the model."""
    maps, labels = examples['segmentation'], predictions['labels']
    check_labels(maps[maps != IGNORE], len(self._data), 'a label map')
    check_labels(labels, len(self._model), 'the model')
    self._pixels += np.bincount(maps.ravel(), minlength=IGNORE + 1)
    super().update(
      {**examples, 'segmentation': self._of_data[maps]},
      {'labels': self._of_model[labels]},
    )

  def result(self) -> dict[str, Any]:
    """Also what was left out.

    Returns:
      As `SegmentationScorer.result`, the last class being `OTHER`, and
      {'pixels_left_out': {name of the data set's class: int}, 'pixels_ignored':
      int, of no class at all, 'pixels_of_other': int, of common classes, that
      were said to be `OTHER`}.
    """
    left_out = {
      name: int(self._pixels[label])
      for label, name in enumerate(self._data)
      if self._of_data[label] == IGNORE
    }
    return super().result() | {
      'pixels_left_out': left_out,
      'pixels_ignored': int(self._pixels[IGNORE]),
      'pixels_of_other': int(self.confusion[:, -1].sum()),
    }

  def lines(self) -> list[str]:
    """See `Scorer`: also what was left out."""
    result = self.result()
    labelled = self._pixels[:IGNORE].sum()
    left_out = ', '.join(
      f'{name} {count:,}' for name, count in result['pixels_left_out'].items()
    )
    other = [
      name
      for label, name in enumerate(self._model)
      if self._of_model[label] == len(self.class_names) - 1
    ]
    of_other = result['pixels_of_other'] / max(result['pixels'], 1)
    return [
      *super().lines(),
      f'{len(self.class_names) - 1} classes are common. Left out, of '
      f'{labelled:,} pixels with a class: {left_out or "none"}. Ignored, '
      f'without one: {result["pixels_ignored"]:,}',
      f'said to be none of these (by the model {", ".join(other) or "nothing"})'
      f': {of_other:.2%} of the pixels that count; they are missed',
    ]


_PLACE = 'CommonClasses.classes'
_FORM = "{'class of the model or the data set': 'common class'}"


def _table(labels, other):
  """Returns uint8 `[256]`: new labels of labels; `other` for -1 and others."""
  table = np.full(IGNORE + 1, other, np.uint8)
  for label, new in enumerate(labels):
    if new >= 0:
      table[label] = new
  table[IGNORE] = IGNORE
  return table
