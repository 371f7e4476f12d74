"""One paper, one file; the two bounds share one."""

from pixelda_tf.methods.base import Method, Player
from pixelda_tf.methods.pixelda import PixelDA
from pixelda_tf.methods.source_only import SourceOnly, TargetOnly

__all__ = ['Method', 'PixelDA', 'Player', 'SourceOnly', 'TargetOnly']
