"""What methods share that align features and translate nothing."""

from typing import Any

from pixelda_tf.methods.base import Method
from pixelda_tf.methods.player import Batch, Tensors


class FeatureLevel(Method):
  """A task network that sees images of both domains as they are.

  Batch normalisation, if it has any, follows the batches of both.
  """

  translates = False

  def __init__(self, **kwargs: Any):
    """Builds the task network; arguments as `Method`."""
    super().__init__(**kwargs)
    self.task = self.build_task()

  def shared(self, batch: Batch) -> dict[str, Tensors]:
    """Returns T's outputs of source and of target images."""
    return {
      name: self.task(batch[name]['image'], training=True)
      for name in ('source', 'target')
    }
