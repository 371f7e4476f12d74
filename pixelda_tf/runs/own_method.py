"""The method that a host has for itself, and what it answers."""

import functools
from collections.abc import Callable, Mapping, Sequence

from pixelda_tf import validators
from pixelda_tf.data.open_pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.evaluate import Predict, compiled_predictions
from pixelda_tf.methods.base import Method
from pixelda_tf.runs import checkpoints
from pixelda_tf.runs.looked_at import LookedAt


class OwnMethod:
  """A row's method, built once and kept, with what is traced and read for it.

  Where several devices train, they share another one, whose values it is given.

  Attributes:
    is_trained: whether it has its final weights.
  """

  def __init__(
    self, build: Callable[[], Method], original: OpenPair, directory: str
  ):
    """Builds nothing.

    Args:
      build: function to a new method.
      original: the pair that the row learns from, not translated.
      directory: of the row's checkpoints.
    """
    self._build = build
    self._original = original
    self._directory = directory
    self._method: Method | None = None
    self._predict: Predict | None = None
    self._looked_at: LookedAt | None = None
    self.is_trained = False

  def release(self) -> None:
    """Forgets all that was kept."""
    self._method = self._predict = self._looked_at = None
    self.is_trained = False

  def take(self, method: Method) -> None:
    """Keeps a method that was built elsewhere."""
    self.release()
    self._method = method

  def method(self) -> Method:
    """Returns the method."""
    if self._method is None:
      self._method = self._build()
    return self._method

  def restored(self) -> tuple[Method, checkpoints.RowState]:
    """Returns it as its newest checkpoint has it, with its state.

    Averaged weights are in place.

    Raises:
      UserError: there is no checkpoint.
    """
    method = self.method()
    state = checkpoints.RowState(method)
    if checkpoints.restore(self._directory, state) is None:
      raise UserError(f'{self._directory}: no checkpoint; train the run first')
    method.finalize()
    self.is_trained = True
    return method, state

  def predictions(self) -> Predict | None:
    """Returns its predictions, traced once; None where it predicts nothing."""
    if self._predict is None and self.method().predicts:
      self._predict = compiled_predictions(self.method())
    return self._predict

  def looked_at(self) -> LookedAt:
    """Returns what validators look at, read once."""
    if self._looked_at is None:
      self._looked_at = LookedAt(self._original)
    return self._looked_at

  def scores(
    self, names: Sequence[str]
  ) -> Callable[[], Mapping[str, float]] | None:
    """Returns a function to its scores by validators; None without any.

    Args:
      names: of the validators.
    """
    predict = self.predictions()
    if predict is None or not names:
      return None
    answer = validators.compiled_answers(self.method())
    return functools.partial(self.looked_at().scores, names, answer, predict)
