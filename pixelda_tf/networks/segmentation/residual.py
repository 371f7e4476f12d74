"""Basic residual blocks, dilated, padded as in PyTorch's networks."""

import tensorflow as tf

layers = tf.keras.layers


def convolution(
  tensor: tf.Tensor,
  filters: int,
  kernel_size: int,
  name: str,
  *,
  strides: int = 1,
  dilation: int = 1,
) -> tf.Tensor:
  """Convolution and batch normalisation, `<name>_conv` and `<name>_bn`.

  As many zeros on each side, so that an output lies at the middle of what it
  sees; Keras pads a convolution of stride 2 at the end alone.

  Args:
    tensor: symbolic `[batch, rows, columns, channels]`.
    filters: number of filters.
    kernel_size: odd.
    name: start of the layers' names.
    strides: of the convolution.
    dilation: of its kernel.
  """
  if strides > 1:
    margin = dilation * (kernel_size - 1) // 2
    tensor = layers.ZeroPadding2D(margin)(tensor)
  tensor = layers.Conv2D(
    filters,
    kernel_size,
    strides,
    padding='valid' if strides > 1 else 'same',
    dilation_rate=dilation,
    use_bias=False,
    kernel_initializer='he_normal',
    name=f'{name}_conv',
  )(tensor)
  replicas = tf.distribute.get_strategy().num_replicas_in_sync
  return layers.BatchNormalization(
    momentum=0.9,
    epsilon=1.001e-5,
    synchronized=replicas > 1,
    name=f'{name}_bn',
  )(tensor)


def basic_block(
  tensor: tf.Tensor,
  filters: int,
  name: str,
  *,
  strides: int = 1,
  dilations: tuple[int, int] = (1, 1),
  residual: bool = True,
) -> tf.Tensor:
  """Two 3x3 convolutions beside a shortcut (He et al., 2016).

  Args:
    tensor: symbolic `[batch, rows, columns, channels]`.
    filters: number of filters.
    name: start of the layers' names: `<name>_1_conv`, `<name>_2_conv`, and
      `<name>_0_conv` of a shortcut that changes the shape.
    strides: of the first convolution.
    dilations: of both.
    residual: whether there is a shortcut.
  """
  shortcut = tensor
  if residual and (strides > 1 or tensor.shape[-1] != filters):
    shortcut = convolution(tensor, filters, 1, f'{name}_0', strides=strides)
  first, second = dilations
  tensor = convolution(
    tensor, filters, 3, f'{name}_1', strides=strides, dilation=first
  )
  tensor = layers.ReLU()(tensor)
  tensor = convolution(tensor, filters, 3, f'{name}_2', dilation=second)
  if residual:
    # Keras numbers what comes first first: as keras-cv's files have it.
    tensor = layers.Add()([shortcut, tensor])
  return layers.ReLU()(tensor)
