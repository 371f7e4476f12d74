"""How label maps are scored: one confusion matrix of pixels over a set."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import pictures
from pixelda_tf.evaluation.metrics import confusion
from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.problems.base import Arrays, Case, Scorer

# Pixels of a side of what is kept of a bad image.
_KEPT = 512


class SegmentationScorer(Scorer):
  """Counts pixels; the worst images have the largest fraction of wrong ones.

  Pixels whose true label is `IGNORE` count nowhere. Of each class the
  intersection over union (IoU) is TP / (TP + FP + FN), over all pixels of the
  set; a class that is in neither truth nor prediction has none, and is in no
  mean. The metrics, with n_c the true pixels of class c:

  * mean_iou: the mean of IoU_c over the scored classes;
  * frequency_weighted_iou: sum_c n_c IoU_c / sum_c n_c over them;
  * pixel_accuracy: sum_c TP_c / sum_c n_c over them.
  """

  def __init__(
    self,
    class_names: Sequence[str],
    n_worst: int = 0,
    scored: Sequence[str] | None = None,
  ):
    """See `Segmentation.scorer`."""
    super().__init__(class_names, n_worst)
    n = len(self.class_names)
    self.confusion = np.zeros((n, n), np.int64)
    self._scored = scored_classes(self.class_names, scored)
    self._count = 0

  def update(self, examples: Arrays, predictions: Arrays) -> None:
    """See `Scorer`.

    Args:
      examples: 'image', and 'segmentation', integers `[batch, height, width,
        1]` in the size in which is scored.
      predictions: 'labels', uint8 `[batch, height, width]`, of that size.
    """
    maps = examples['segmentation'][..., 0]
    confusions = np.stack(
      [
        self._compare(true, predicted)
        for true, predicted in zip(maps, predictions['labels'], strict=True)
      ]
    )
    self.confusion += confusions.sum(0)
    self._count += len(maps)
    totals = confusions[:, self._scored].sum((1, 2))
    right = np.diagonal(confusions, axis1=1, axis2=2)[:, self._scored].sum(1)
    wrong = 1.0 - right / np.maximum(totals, 1)

    def case(index):
      return Case(
        _smaller(pictures.to_rgb(examples['image'][index])),
        self._texts(confusions[index], wrong[index]),
        tuple(
          _smaller(each[index].astype(np.uint8))
          for each in (predictions['labels'], maps)
        ),
      )

    self._worst.add(np.where(right < totals, wrong, -np.inf), case)

  def _compare(self, true, predicted):
    """Returns an image's confusion matrix."""
    n = len(self.class_names)
    counted = true != IGNORE
    true, predicted = true[counted], predicted[counted]
    check_labels(predicted, n, 'the model')
    check_labels(true, n, 'a label map')
    return confusion(true, predicted, n)

  def _texts(self, counts, wrong):
    """Returns what is wrong, and what was mistaken for what most often."""
    mistakes = counts.copy()
    np.fill_diagonal(mistakes, 0)
    mistakes[~np.isin(np.arange(len(mistakes)), self._scored)] = 0
    true, predicted = np.unravel_index(mistakes.argmax(), mistakes.shape)
    fraction = mistakes.max() / counts[self._scored].sum()
    return (
      f'{wrong:.0%} wrong; {fraction:.0%} is {self.class_names[true]}, said '
      f'{self.class_names[predicted]}',
    )

  def result(self) -> dict[str, Any]:
    """IoUs and fractions in [0, 1], and counts.

    Returns:
      {'mean_iou': float, 'frequency_weighted_iou': float, 'pixel_accuracy':
      float, 'count': int, of images, 'pixels': int, of scored classes,
      'per_class_iou': list of n_classes floats, None of a class in neither
      truth nor prediction, 'per_class_pixels': list of n_classes ints, true
      ones}; without the metrics where no pixel is of a scored class, as in a
      split without label maps.
    """
    right = np.diagonal(self.confusion)
    pixels = self.confusion.sum(axis=1)
    union = pixels + self.confusion.sum(axis=0) - right
    iou = np.full(len(union), np.nan)
    np.divide(right, union, out=iou, where=union > 0)
    total = pixels[self._scored].sum()
    metrics = {}
    if total:
      scored = iou[self._scored]
      weighted = np.nansum(pixels[self._scored] * scored) / total
      metrics = {
        'mean_iou': float(np.nanmean(scored)),
        'frequency_weighted_iou': float(weighted),
        'pixel_accuracy': float(right[self._scored].sum() / total),
      }
    return metrics | {
      'count': self._count,
      'pixels': int(total),
      'per_class_iou': [None if np.isnan(one) else float(one) for one in iou],
      'per_class_pixels': pixels.tolist(),
    }

  def lines(self) -> list[str]:
    """See `Scorer`: of all pixels, then of each class."""
    result, all_pixels = self.result(), self.confusion.sum()
    lines = [f'{result["count"]:,} images, {all_pixels:,} pixels that count']
    if not result['pixels']:
      return [*lines, 'none of a scored class: there is nothing to score']
    lines.append(
      f'mIoU {result["mean_iou"]:.1%}, frequency-weighted IoU '
      f'{result["frequency_weighted_iou"]:.1%}, pixel accuracy '
      f'{result["pixel_accuracy"]:.1%}'
    )
    width = max(map(len, ('class', *self.class_names)))
    lines.append(f'{"class":<{width}}{"IoU":>9}{"of pixels":>12}')
    for label, name in enumerate(self.class_names):
      iou = result['per_class_iou'][label]
      fraction = result['per_class_pixels'][label] / all_pixels
      line = f'{name:<{width}}'
      line += f'{"-":>9}' if iou is None else f'{iou:>9.1%}'
      line += f'{fraction:>12.2%}'
      if label not in self._scored:
        line += '   not scored'
      elif iou is None:
        line += '   in neither truth nor prediction: in no mean'
      lines.append(line)
    return lines


def check_labels(labels: np.ndarray, n_classes: int, of: str) -> None:
  """Checks that labels are below the number of classes.

  Args:
    labels: integers of at least 0.
    n_classes: how many classes there are.
    of: what has the labels, for the message.

  Raises:
    UserError: one is not.
  """
  if labels.size and labels.max() >= n_classes:
    raise UserError(
      f'{of} has label {labels.max()}, the data set {n_classes} classes: name '
      'a data set with the classes the model was trained on'
    )


def scored_classes(
  class_names: Sequence[str], scored: Sequence[str] | None
) -> list[int]:
  """Returns the labels of the scored classes.

  Args:
    class_names: by label.
    scored: names; None for all.

  Raises:
    UserError: there is no class of a name, or no name.
  """
  if scored is None:
    return list(range(len(class_names)))
  if isinstance(scored, str):
    raise UserError(
      f'Segmentation.scored: {scored!r} is one name; give a list of names'
    )
  unknown = [name for name in scored if name not in class_names]
  if unknown or not scored:
    raise UserError(
      f'Segmentation.scored: no class {", ".join(unknown) or "is named"}; '
      f'there are {", ".join(class_names)}'
    )
  return sorted({list(class_names).index(name) for name in scored})


def _smaller(image):
  """Returns every so many-th pixel of a large image or label map."""
  step = -(-max(image.shape[:2]) // _KEPT)
  # A copy: a view would keep the batch.
  return image[::step, ::step].copy()
