"""I2I Adapt where nothing is classified."""

import gin

from pixelda_tf.methods.i2i_adapt import I2IAdapt


@gin.register
class I2ITranslation(I2IAdapt):
  """I2I Adapt without classes: lambda_c = lambda_trc = 0, and there is no h.

  That is CycleGAN in Table 1, with a shared encoder.
  """

  predicts = False
