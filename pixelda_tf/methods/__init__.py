"""One paper, one file; the two bounds share one."""

from pixelda_tf.methods.base import Method, Player
from pixelda_tf.methods.pixelda import PixelDA
from pixelda_tf.methods.source_only import (
  LabelledTargetOnly,
  SourceAndLabelledTarget,
  SourceOnly,
  TargetOnly,
)

__all__ = [
  'LabelledTargetOnly',
  'Method',
  'PixelDA',
  'Player',
  'SourceAndLabelledTarget',
  'SourceOnly',
  'TargetOnly',
]
