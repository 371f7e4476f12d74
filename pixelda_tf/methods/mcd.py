"""MCD: two classifiers that disagree where the target is not understood."""

from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.losses.discrepancy import classifier_discrepancy
from pixelda_tf.methods.base import Method
from pixelda_tf.methods.player import (
  Batch,
  Losses,
  Player,
  Tensors,
  mean_terms,
)


@gin.register
class MCD(Method):
  """Saito et al., Maximum Classifier Discrepancy, CVPR 2018.

  arXiv:1712.02560, Sect. 3.3. T is divided into an encoder G and a classifier
  F_1 behind its last maps, of which F_2 is a second one with weights of its
  own; on each batch

    A  G, F_1, F_2 minimise L_task of both on the source          (Eq. 3)
    B  F_1, F_2 minimise that less their discrepancy on the target  (Eq. 4)
    C  G minimises the discrepancy, `encoder_steps` times           (Eq. 5)

  each on what the step before left. Of both, F_1 answers. The released code
  adds a term of class balance with weight 0.01, which the paper has not.
  """

  translates = False

  def __init__(self, *, encoder_steps: int = 4, **kwargs: Any):
    """Builds T, and F_2.

    Args:
      encoder_steps: n, how often G moves in a step.
      **kwargs: see `Method`.

    Raises:
      ValueError: T has no layer of maps to be divided at.
    """
    super().__init__(**kwargs)
    self.task = self.build_task()
    self.encoder_steps = encoder_steps
    self.parts = _Parts(self.task)
    self.second_classifier = tf.keras.models.clone_model(self.parts.classifier)

  def players(self) -> tuple[Player, ...]:
    """Steps A, B and C."""
    classifiers = self.parts.classifier, self.second_classifier
    return (
      Player('task', (self.task, self.second_classifier), self.task_losses),
      Player('classifiers', classifiers, self.classifier_losses),
      Player(
        'encoder',
        (self.parts.encoder,),
        self.encoder_losses,
        repeats=self.encoder_steps,
      ),
    )

  def shared(self, batch: Batch) -> None:
    """Nothing: each step is on the weights that the one before left."""
    del batch

  def task_losses(self, batch: Batch, shared: None) -> Losses:
    """Step A."""
    del shared
    return self._supervised(batch), {}

  def classifier_losses(self, batch: Batch, shared: None) -> Losses:
    """Step B."""
    del shared
    distance = self._discrepancy(batch)
    terms = self._supervised(batch) | {'discrepancy': -distance}
    return terms, {}

  def encoder_losses(self, batch: Batch, shared: None) -> Losses:
    """Step C."""
    del shared
    return {'discrepancy': self._discrepancy(batch)}, {}

  def _supervised(self, batch):
    terms: Tensors = {}
    first, second = self._both(batch['source']['image'])
    for prefix, outputs in (('', first), ('second_', second)):
      losses = self.problem.losses(batch['source'], outputs)
      terms |= mean_terms(losses, 1.0, prefix)
    return terms

  def _discrepancy(self, batch):
    first, second = self._both(batch['target']['image'])
    return classifier_discrepancy(first['logits'], second['logits'])

  def _both(self, images):
    maps = self.parts.encoder(images, training=True)
    classifiers = self.parts.classifier, self.second_classifier
    return tuple(each(maps, training=True) for each in classifiers)


class _Parts:
  """A task network's two parts, whose layers the network alone keeps."""

  def __init__(self, task):
    maps = [
      layer.output
      for layer in task.layers[1:]
      if len(getattr(layer.output, 'shape', ())) == 4
    ]
    if not maps:
      raise ValueError('MCD.task: has no layer of maps behind which it divides')
    self.encoder = tf.keras.Model(task.input, maps[-1])
    self.classifier = tf.keras.Model(maps[-1], task.output)
