"""Keras optimizers and schedules, by name for gin."""

from typing import Any, TypeAlias

import gin
import tensorflow as tf

from pixelda_tf.parameter_types import check_number, check_whole

Schedule: TypeAlias = tf.keras.optimizers.schedules.LearningRateSchedule


@gin.register
def adam(
  *,
  learning_rate: float | Schedule,
  beta_1: float = 0.9,
  beta_2: float = 0.999,
  clip_norm: float | None = None,
  average: float | None = None,
) -> tf.keras.optimizers.Adam:
  """Adam (Kingma and Ba, 2014).

  Args:
    learning_rate: a float, or a schedule such as `@cosine()`.
    beta_1: decay of the first moment; PixelDA's released code has 0.5.
    beta_2: decay of the second moment.
    clip_norm: largest norm of a player's whole gradient; None for no limit.
    average: decay of a running average of the weights, which takes their
      place when training ends; None for no average.

  Returns:
    A `tf.keras.optimizers.Adam`.

  Raises:
    UserError: one of these is no number of its range.
  """
  _check_rate('adam', learning_rate)
  check_number('adam.beta_1', beta_1, below=1.0)
  check_number('adam.beta_2', beta_2, below=1.0)
  if clip_norm is not None:
    check_number('adam.clip_norm', clip_norm)
  if average is not None:
    check_number('adam.average', average, below=1.0)
  return tf.keras.optimizers.Adam(
    learning_rate,
    beta_1=beta_1,
    beta_2=beta_2,
    global_clipnorm=clip_norm,
    use_ema=average is not None,
    ema_momentum=average or 0.99,
  )


@gin.register
def sgd(
  *,
  learning_rate: float | Schedule,
  momentum: float = 0.0,
  weight_decay: float = 0.0,
) -> 'SGD':
  """Stochastic gradient descent with momentum.

  Args:
    learning_rate: a float, or a schedule such as `@cosine()`.
    momentum: fraction of the last step that is taken again.
    weight_decay: see `SGD`.

  Returns:
    An `SGD`.

  Raises:
    UserError: one of these is no number of its range.
  """
  _check_rate('sgd', learning_rate)
  check_number('sgd.momentum', momentum, below=1.0)
  check_number('sgd.weight_decay', weight_decay)
  return SGD(learning_rate, momentum, weight_decay=weight_decay)


class SGD(tf.keras.optimizers.SGD):
  """Keras's, with weight decay as the papers of segmentation have it.

  It is the gradient of half the squared norm, added to that of the loss before
  momentum: v <- momentum v - rate (g + decay w), w <- w + v. (Keras's own is
  decoupled: it does not enter v.) Kernels decay; offsets, scales and whatever
  else has one axis do not.

  Args:
    weight_decay: its factor; 0 for none.
    *args: as Keras's, as the other keywords.
  """

  def __init__(self, *args: Any, weight_decay: float = 0.0, **kwargs: Any):
    """See the class."""
    super().__init__(*args, **kwargs)
    self.decay_of_kernels = weight_decay

  def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
    """Moves a variable by its gradient."""
    if self.decay_of_kernels and variable.shape.rank > 1:
      gradient += self.decay_of_kernels * variable
    super().update_step(gradient, variable)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return super().get_config() | {'weight_decay': self.decay_of_kernels}


@gin.register
def cosine(
  *, learning_rate: float, steps: int, warmup_steps: int = 0, final: float = 0.0
) -> Schedule:
  """From `learning_rate` to `final` times it along half a cosine.

  Args:
    learning_rate: the highest rate.
    steps: length of the decay, the row's steps less the warm-up's.
    warmup_steps: steps of a linear rise from 0 before it.
    final: fraction of the rate that is left at the end.

  Returns:
    A `tf.keras.optimizers.schedules.CosineDecay`.

  Raises:
    UserError: one of these is no number of its range.
  """
  check_number('cosine.learning_rate', learning_rate)
  check_whole('cosine.steps', steps)
  check_whole('cosine.warmup_steps', warmup_steps, 0)
  check_number('cosine.final', final)
  return tf.keras.optimizers.schedules.CosineDecay(
    0.0 if warmup_steps else learning_rate,
    steps,
    alpha=final,
    warmup_target=learning_rate if warmup_steps else None,
    warmup_steps=warmup_steps,
  )


@gin.register
def staircase(*, learning_rate: float, factor: float, every: int) -> Schedule:
  """Multiplied by `factor` after every `every` steps (the released code).

  Raises:
    UserError: one of these is no number of its range.
  """
  check_number('staircase.learning_rate', learning_rate)
  check_number('staircase.factor', factor)
  check_whole('staircase.every', every)
  return tf.keras.optimizers.schedules.ExponentialDecay(
    learning_rate, every, factor, staircase=True
  )


def _check_rate(name, rate):
  if not isinstance(rate, tf.keras.optimizers.schedules.LearningRateSchedule):
    check_number(f'{name}.learning_rate', rate)
