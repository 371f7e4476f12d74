"""Users' mistakes that only the values of tensors show, told in one line.

A graph can raise nothing of Python's. What it asserts comes out as an error of
TensorFlow's, of many lines, with the sentence inside; `told` finds it there.
"""

import contextlib
import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from pixelda_tf.errors import UserError

_END = ' (pixelda_tf)'
_SENTENCE = re.compile(rf'assertion failed: \[(.*){re.escape(_END)}\]')
# What users do with the batches of a data set before they iterate.
_KEPT = (
  'batch',
  'cache',
  'enumerate',
  'filter',
  'map',
  'prefetch',
  'rebatch',
  'repeat',
  'shuffle',
  'skip',
  'take',
  'unbatch',
  'with_options',
)
# TensorFlow escapes quotes in what was asserted.
_ESCAPED = re.compile(r'\\(.)')


def require(
  sound: bool | tf.Tensor,
  text: str,
  found: Callable[[], Sequence[tf.Tensor]] = lambda: (),
) -> list[tf.Tensor]:
  """Raises a `UserError` where something is not sound, in graphs when run.

  Args:
    sound: bool, a scalar.
    text: of the error, with {} for each value found.
    found: function to these, called only where they are told.

  Returns:
    What has to wait for it as control dependencies, where it fails otherwise.

  Raises:
    UserError: eagerly, it is not. Of a graph, see `told`.
  """
  if tf.is_tensor(sound) and tf.is_symbolic_tensor(sound):
    return [
      tf.cond(sound, lambda: tf.constant(True), lambda: _fail(text, found()))
    ]
  if not sound:
    with tf.init_scope():  # What is known while a graph is traced.
      sentence = tf.strings.format(text, tuple(found()))
    raise UserError(sentence.numpy().decode())
  return []


def _fail(text, found):
  sentence = tf.strings.format(text + _END, tuple(found))
  with tf.control_dependencies([tf.debugging.Assert(False, [sentence])]):
    return tf.constant(False)


@contextlib.contextmanager
def told() -> Iterator[None]:
  """Raises a `UserError` within it for what a graph has asserted."""
  try:
    yield
  except tf.errors.InvalidArgumentError as error:
    sentence = _SENTENCE.search(error.message)
    if sentence is None:
      raise
    raise UserError(_ESCAPED.sub(r'\1', sentence[1])) from None


class ToldDataset(tf.data.Dataset):
  """A data set whose iterators raise a `UserError` for what it asserts.

  So do those of a data set that one of `_KEPT` makes of it.
  """

  def __init__(self, dataset: tf.data.Dataset):
    """Takes the elements of a data set."""
    self._dataset = dataset
    super().__init__(dataset._variant_tensor)

  def _inputs(self):
    return [self._dataset]

  @property
  def element_spec(self) -> Any:
    """As that of the data set."""
    return self._dataset.element_spec

  def __iter__(self):
    """Returns a `tf.data.Iterator`."""
    iterator = super().__iter__()
    kind: Any = type(iterator)
    iterator.__class__ = _telling(kind)
    return iterator


def _kept(name):
  """Returns a method of data sets, of which the result tells, too."""
  original = getattr(tf.data.Dataset, name)

  @functools.wraps(original)
  def method(self, *args, **kwargs):
    return ToldDataset(original(self, *args, **kwargs))

  return method


for _name in _KEPT:
  setattr(ToldDataset, _name, _kept(_name))


@functools.cache
def _telling(kind: Any) -> type:
  """Returns TensorFlow's class of iterators, with `told` around `next`."""

  class ToldIterator(kind):  # type: ignore[misc]
    def __next__(self):
      with told():
        return super().__next__()

  return ToldIterator
