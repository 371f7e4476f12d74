"""Validators within Keras's `fit`."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.validators import named
from pixelda_tf.validators.evidence import Answers, Evidence

# Those that look at answers to target images alone.
OF_ANSWERS = tuple(
  name
  for name, validator in named.VALIDATORS.items()
  if not (validator.needs_source or validator.needs_features)
)


class LogValidators(tf.keras.callbacks.Callback):
  """Adds scores without target labels to what `fit` logs after an epoch.

  A score's name is 'val_' and the validator's. Callbacks that come after this
  one may monitor it, as

    tf.keras.callbacks.ModelCheckpoint(
      'best.weights.h5', monitor='val_information_maximization', mode='max',
      save_best_only=True, save_weights_only=True)
  """

  def __init__(
    self, target_images: Any, names: Sequence[str] = OF_ANSWERS
  ) -> None:
    """Keeps the images.

    Args:
      target_images: unlabelled, as `predict` takes them: the same each time.
      names: of validators, of `OF_ANSWERS`.

    Raises:
      UserError: a validator is none of these.
    """
    super().__init__()
    for name in names:
      if name not in OF_ANSWERS:
        raise UserError(
          f'LogValidators: {name!r} is none of {", ".join(OF_ANSWERS)}, which '
          'look at answers to target images alone'
        )
    self._images = target_images
    self._names = tuple(names)

  def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
    """Adds the scores to `logs`.

    Raises:
      UserError: the method answers no probabilities, or there are too few
        images.
    """
    del epoch
    answers = self.model.predict(self._images, verbose=0)
    if 'probabilities' not in answers:
      raise UserError(
        'LogValidators: the method answers no probabilities of an image'
      )
    evidence = Evidence(Answers(answers['probabilities'], None))
    for name in self._names:
      if reason := named.lack(evidence, name):
        raise UserError(f'LogValidators: {name}: {reason}')
      score = named.VALIDATORS[name].score(evidence)
      if logs is not None:
        logs[f'val_{name}'] = score
