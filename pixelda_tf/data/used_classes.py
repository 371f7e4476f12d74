"""Which of a stored data set's classes a domain uses, and as which."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.datasets.names import nfc
from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS

# Apart from the seeds of epochs, which are numbered from 0.
_DRAWN = 1 << 30


def used(
  classes: Sequence[str] | Mapping[str, str] | None,
  stored: Sequence[str] | None,
  name: str,
) -> tuple[Any, tuple[int, ...] | None]:
  """Returns the names of the classes, and the label of each stored label.

  Args:
    classes: see `Domain.classes`.
    stored: names of the stored classes, or None.
    name: of the data set, for messages.

  Returns:
    tuple of names by label, or None where there are none; and labels by stored
    label, -1 for a class that is not used, or None where all stay as they are.

  Raises:
    UserError: there are no such classes.
  """
  names = None if stored is None else tuple(stored)
  if classes is None:
    return names, None
  classes = nfc(classes)
  check(classes, names, f'Domain.classes: {name}')
  assert names is not None
  if not isinstance(classes, Mapping):
    kept = set(classes)
    return names, tuple(i if n in kept else -1 for i, n in enumerate(names))
  wrong = [new for new in classes.values() if not isinstance(new, str)]
  if wrong:
    raise UserError(
      f'Domain.classes: {wrong[0]!r} is no name of a class; give '
      "{'stored class': 'class'}"
    )
  renamed = tuple(dict.fromkeys(classes.values()))
  labels = {stored: renamed.index(new) for stored, new in classes.items()}
  return renamed, tuple(labels.get(stored, -1) for stored in names)


def check(
  wanted: Collection[str],
  names: Sequence[str] | None,
  place: str,
  lacking: str = 'labels',
) -> None:
  """Checks that there are classes.

  Args:
    wanted: their names, in NFC.
    names: those that there are, or None.
    place: what the message begins with.
    lacking: what there is none of without names.

  Raises:
    UserError: one is not there, none is wanted, or it is one name.
  """
  if isinstance(wanted, str):
    raise UserError(f'{place}: {wanted!r} is one name; give a list of names')
  unknown = sorted(set(wanted) - set(names or ()))
  if unknown or not wanted:
    raise UserError(
      f'{place} has no classes {", ".join(unknown) or "in an empty list"}; it '
      f'has {", ".join(names or [f"no {lacking}"])}'
    )


def first(
  values: Sequence[Any], new: Sequence[int] | None, n_classes: int
) -> list[Any]:
  """Returns a value of each class here, of the first stored one that it was.

  Args:
    values: by stored label.
    new: as `used` returns it.
    n_classes: how many there are here.
  """
  if new is None:
    return list(values)
  pairs = zip(new, values, strict=True)
  first_values = dict(reversed(list(pairs)))
  return [first_values.get(label, values[label]) for label in range(n_classes)]


def sift(examples: tf.data.Dataset) -> tf.data.Dataset:
  """Returns examples without those that have label -1, of a class not used."""
  for name in fields.labels(examples.element_spec):
    examples = examples.filter(lambda example, name=name: example[name] >= 0)
  return examples


def resample(
  examples: tf.data.Dataset, accepted: Sequence[float], seed: tuple[int, int]
) -> tf.data.Dataset:
  """Returns some examples of each class of a stream, drawn by their position.

  Args:
    examples: with 'label', in an order that follows from the seed.
    accepted: how many of the examples of each class stay, from 0 to 1.
    seed: of what is drawn.
  """
  fold_in = tf.random.experimental.stateless_fold_in
  seed = fold_in(seed, _DRAWN)

  @tf.autograph.experimental.do_not_convert
  def stays(position, example):
    draw = tf.random.stateless_uniform([], fold_in(seed, position))
    return draw < tf.gather(tf.cast(accepted, tf.float32), example['label'])

  kept = examples.enumerate().filter(stays)
  return kept.map(lambda _, example: example)


def relabel(
  example: Mapping[str, tf.Tensor], new: Sequence[int]
) -> dict[str, tf.Tensor]:
  """Returns a stored example with other labels, -1 for a class not used.

  In maps of labels, what is not used is ignored.

  Args:
    example: dict of fields.
    new: int `[n]`, the new label of each label, -1 for none.
  """
  relabelled = dict(example)
  for name, values in example.items():
    field = FIELDS[name]
    if field.relabel is not None:
      changed = field.relabel(tf.cast(values, tf.int32), new)
      relabelled[name] = tf.cast(changed, values.dtype)
  return relabelled
