"""Compares the classes of two domains; they are matched by name."""

from collections.abc import Sequence

import tensorflow as tf
from absl import logging

from pixelda_tf import fields
from pixelda_tf.data import used_classes
from pixelda_tf.data.open_domains import OpenDomain
from pixelda_tf.errors import UserError


def label_map(
  source: OpenDomain, target: OpenDomain, *, allow_mismatch: bool
) -> tuple[int, ...] | None:
  """Returns the source's label for each label of the target.

  Args:
    source: with labels.
    target: labelled or not.
    allow_mismatch: go on where the two have different classes.

  Returns:
    tuple of source labels by target label, -1 for a class that the source has
    not; None where the labels are the same, or there are none.
  """
  if target.n_classes is None or source.class_names == target.class_names:
    return None
  missing = sorted(set(source.class_names) - set(target.class_names))
  unknown = sorted(set(target.class_names) - set(source.class_names))
  if missing or unknown:
    difference = (
      f'the classes of {source.name} and {target.name} differ: '
      f'{_shorten(missing)} only in {source.name}, {_shorten(unknown)} only in '
      f'{target.name}'
    )
    if not allow_mismatch:
      raise UserError(
        f'{difference}; set Pair.allow_class_mismatch = True to go on'
      )
    logging.warning(
      '%s; going on, and testing on the classes of %s', difference, source.name
    )
  labels = {name: label for label, name in enumerate(source.class_names)}
  return tuple(labels.get(name, -1) for name in target.class_names)


def known(examples: tf.data.Dataset, new: Sequence[int]) -> tf.data.Dataset:
  """Returns stored examples without those of a class that the source has not.

  Args:
    examples: unbatched; those without a label stay.
    new: a `label_map`.
  """
  for name in fields.labels(examples.element_spec):
    examples = examples.filter(
      lambda example, name=name: tf.gather(new, example[name]) >= 0
    )
  return examples


def relabel(batches: tf.data.Dataset, new: Sequence[int]) -> tf.data.Dataset:
  """Returns prepared batches with the labels of a `label_map`."""
  return batches.map(lambda batch: used_classes.relabel(batch, new))


def _shorten(names, limit=5):
  shown = ', '.join(names[:limit]) or 'nothing'
  return f'{shown} and {len(names) - limit} more' if names[limit:] else shown
