"""One paper, one file, or one a stage of it; the two bounds share one."""

from pixelda_tf.methods.adabn import AdaBN
from pixelda_tf.methods.adda import ADDA
from pixelda_tf.methods.base import Method
from pixelda_tf.methods.cdan import CDAN
from pixelda_tf.methods.cycada import CyCADA
from pixelda_tf.methods.cycada_features import CyCADAFeatures
from pixelda_tf.methods.cyclegan import CycleGAN
from pixelda_tf.methods.cyclegan_uda import (
  CycleGANUDA,
  TranslatedTask,
  TwoWayCycleGANUDA,
)
from pixelda_tf.methods.dann import DANN
from pixelda_tf.methods.distance_matching import DAN, DeepCORAL
from pixelda_tf.methods.i2i_adapt import I2IAdapt
from pixelda_tf.methods.i2i_translation import I2ITranslation
from pixelda_tf.methods.lsd_seg import LSDSeg
from pixelda_tf.methods.lsd_seg_features import LSDSegFeatures
from pixelda_tf.methods.mcd import MCD
from pixelda_tf.methods.pixelda import PixelDA
from pixelda_tf.methods.player import Player
from pixelda_tf.methods.self_training import SelfTraining
from pixelda_tf.methods.shot import SHOT
from pixelda_tf.methods.source_only import (
  LabelledTargetOnly,
  SourceAndLabelledTarget,
  SourceOnly,
  TargetOnly,
)

__all__ = [
  'ADDA',
  'CDAN',
  'DAN',
  'DANN',
  'MCD',
  'SHOT',
  'AdaBN',
  'CyCADA',
  'CyCADAFeatures',
  'CycleGAN',
  'CycleGANUDA',
  'DeepCORAL',
  'I2IAdapt',
  'I2ITranslation',
  'LSDSeg',
  'LSDSegFeatures',
  'LabelledTargetOnly',
  'Method',
  'PixelDA',
  'Player',
  'SelfTraining',
  'SourceAndLabelledTarget',
  'SourceOnly',
  'TargetOnly',
  'TranslatedTask',
  'TwoWayCycleGANUDA',
]
