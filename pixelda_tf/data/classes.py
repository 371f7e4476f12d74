"""Compares the classes of two domains; they are matched by name."""

import tensorflow as tf
from absl import logging

from pixelda_tf.errors import UserError


def translation(source, target, *, allow_mismatch):
  """Returns the source's label for each label of the target.

  Args:
    source: `OpenDomain` with labels.
    target: `OpenDomain`, labelled or not.
    allow_mismatch: go on where the two have different classes.

  Returns:
    tuple of source labels by target label, -1 for a class that the source has
    not; None where there is nothing to translate.
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


def translate(examples, labels):
  """Replaces the labels of examples, or of batches, by a `translation`."""

  def replace(example):
    return {
      **example,
      'label': tf.gather(tf.constant(labels), example['label']),
    }

  return examples.map(replace)


def _shorten(names, limit=5):
  shown = ', '.join(names[:limit]) or 'nothing'
  return f'{shown} and {len(names) - limit} more' if names[limit:] else shown
