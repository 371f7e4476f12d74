"""The networks of `pixelda_tf.networks` in PyTorch, by the same names.

Options, defaults and trainable weights are the same. Where a 3x3 convolution
has stride 2, TensorFlow pads below and on the right and PyTorch above and on
the left: such a network is the other's mirror image.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

# (height, width, channels).
Shape = tuple[int, int, int]


def batch_normalization(channels: int) -> nn.Module:
  """With an offset and no scale, as pixelda_tf's."""
  layer = nn.BatchNorm2d(channels, eps=1e-3)
  layer.weight.requires_grad_(False)
  return layer


def instance_normalization(channels: int) -> nn.Module:
  """In bfloat16 it takes half of what a group a channel (`GroupNorm`) does."""
  return nn.InstanceNorm2d(channels, eps=1.001e-5, affine=True)


def convolution(
  channels: int,
  filters: int,
  kernel_size: int,
  stride: int = 1,
  bias: bool = True,
) -> nn.Module:
  """Convolution to height and width divided by the stride."""
  padding = 'same' if stride == 1 else (kernel_size - 1) // 2
  return nn.Conv2d(channels, filters, kernel_size, stride, padding, bias=bias)


def doubling(channels: int, filters: int) -> nn.Module:
  """Transposed convolution to twice the height and width."""
  return nn.ConvTranspose2d(
    channels, filters, 3, 2, padding=1, output_padding=1, bias=False
  )


class Residual(nn.Module):
  """A block of two 3x3 convolutions."""

  def __init__(self, filters: int, normalization: Callable):
    """See the class."""
    super().__init__()
    self.layers = nn.Sequential(
      convolution(filters, filters, 3, bias=False),
      normalization(filters),
      nn.ReLU(),
      convolution(filters, filters, 3, bias=False),
      normalization(filters),
    )

  def forward(self, images: Tensor) -> Tensor:
    """Adds the block's output to its input."""
    return images + self.layers(images)


class NoiseBeside(nn.Module):
  """Gives a network the noise as one more channel of its images."""

  def __init__(self, image_shape: Shape, noise_size: int, network: nn.Module):
    """See the class."""
    super().__init__()
    height, width, _ = image_shape
    self.noise_plane = nn.Sequential(
      nn.Linear(noise_size, height * width), nn.Unflatten(1, (1, height, width))
    )
    self.network = network

  def forward(self, images: Tensor, noise: Tensor) -> Tensor:
    """Takes `[batch, channels, height, width]` and `[batch, noise_size]`."""
    return self.network(torch.cat([images, self.noise_plane(noise)], 1))


def residual_generator(
  image_shape: Shape,
  noise_size: int,
  *,
  filters: int = 64,
  blocks: int = 6,
  normalization: Callable = batch_normalization,
) -> nn.Module:
  """PixelDA's generator."""
  channels = image_shape[-1]
  network = nn.Sequential(
    convolution(channels + 1, filters, 3),
    nn.ReLU(),
    *[Residual(filters, normalization) for _ in range(blocks)],
    convolution(filters, channels, 1),
    nn.Tanh(),
  )
  return NoiseBeside(image_shape, noise_size, network)


def downsampling_residual_generator(
  image_shape: Shape,
  *,
  filters: int = 64,
  levels: int = 2,
  blocks: int = 2,
  normalization: Callable = instance_normalization,
) -> nn.Module:
  """CycleGAN's own generator."""

  def activated(convolution, width):
    return [convolution, normalization(width), nn.ReLU()]

  channels = image_shape[-1]
  widths = [filters * 2**level for level in range(levels + 1)]
  layers = activated(convolution(channels, filters, 7, bias=False), filters)
  for below, above in zip(widths, widths[1:], strict=False):
    layers += activated(convolution(below, above, 3, 2, bias=False), above)
  layers += [Residual(widths[-1], normalization) for _ in range(blocks)]
  for above, below in zip(widths[:0:-1], widths[-2::-1], strict=True):
    layers += activated(doubling(above, below), below)
  return nn.Sequential(*layers, convolution(filters, channels, 7), nn.Tanh())


class Level(nn.Module):
  """A level of a U-Net: down, through what is below, and up again."""

  def __init__(
    self,
    down: nn.Module,
    below: nn.Module | None,
    up: nn.Module,
    after: nn.Module,
  ):
    """Takes networks; the last gets the others' result beside the input."""
    super().__init__()
    self.through = nn.Sequential(down, below, up)
    self.after = after

  def forward(self, images: Tensor) -> Tensor:
    """Keeps height and width."""
    return self.after(torch.cat([self.through(images), images], 1))


def unet_generator(
  image_shape: Shape,
  *,
  filters: int = 64,
  levels: int = 2,
  extra_convolutions: int = 2,
  slope: float = 0.2,
  normalization: Callable = instance_normalization,
) -> nn.Module:
  """CycleGAN-UDA's generator."""

  def activated(convolution, width):
    return [convolution, normalization(width), nn.LeakyReLU(slope)]

  def extra(channels, width):
    layers = []
    for _ in range(extra_convolutions):
      layers += activated(convolution(channels, width, 3, bias=False), width)
      channels = width
    return layers

  def level(number, channels):
    if number == levels:
      return nn.Identity()
    inner = filters * 2**number
    outer = filters * 2 ** max(number - 1, 0)
    down = activated(convolution(channels, inner, 3, 2, bias=False), inner)
    return Level(
      nn.Sequential(*down, *extra(inner, inner)),
      level(number + 1, inner),
      nn.Sequential(*activated(doubling(inner, outer), outer)),
      nn.Sequential(*extra(outer + channels, outer)),
    )

  channels = image_shape[-1]
  return nn.Sequential(
    level(0, channels), convolution(filters, channels, 1), nn.Tanh()
  )


class GaussianNoise(nn.Module):
  """Noise of a standard deviation, in training only."""

  def __init__(self, stddev: float):
    """See the class."""
    super().__init__()
    self.stddev = stddev

  def forward(self, images: Tensor) -> Tensor:
    """Adds it."""
    if not self.training:
      return images
    return images + self.stddev * torch.randn_like(images)


def corruption(dropout_rate: float, noise_stddev: float) -> list[nn.Module]:
  """Returns the layers that are asked for, of none to two."""
  layers = [nn.Dropout(dropout_rate)] if dropout_rate else []
  return layers + ([GaussianNoise(noise_stddev)] if noise_stddev else [])


def pyramid_discriminator(
  image_shape: Shape,
  *,
  filters: int = 64,
  slope: float = 0.2,
  dropout_rate: float = 0.1,
  noise_stddev: float = 0.2,
  normalization: Callable = batch_normalization,
) -> nn.Module:
  """PixelDA's discriminator."""
  height, width, channels = image_shape

  def activation():
    return [nn.LeakyReLU(slope), *corruption(dropout_rate, noise_stddev)]

  layers = [convolution(channels, filters, 3), *activation()]
  while max(height, width) > 4:
    layers.append(convolution(filters, 2 * filters, 3, 2, bias=False))
    filters *= 2
    layers += [normalization(filters), *activation()]
    height, width = (height + 1) // 2, (width + 1) // 2
  return nn.Sequential(
    *layers, nn.Flatten(), nn.Linear(height * width * filters, 1)
  )


def patch_discriminator(
  image_shape: Shape,
  *,
  filters: int = 64,
  kernel_size: int = 4,
  strides: Sequence[int] = (2, 2),
  head_kernel_size: int = 3,
  max_multiple: int = 8,
  slope: float = 0.2,
  dropout_rate: float = 0.0,
  noise_stddev: float = 0.0,
  normalization: Callable = batch_normalization,
) -> nn.Module:
  """A grid of decisions, CycleGAN's discriminator."""
  channels = image_shape[-1]
  layers = []
  for level, stride in enumerate(strides):
    width = filters * min(2**level, max_multiple)
    layers.append(convolution(channels, width, kernel_size, stride))
    if level:
      layers.append(normalization(width))
    layers += [nn.LeakyReLU(slope), *corruption(dropout_rate, noise_stddev)]
    channels = width
  return nn.Sequential(*layers, convolution(channels, 1, head_kernel_size))


def mnist_classifier(image_shape: Shape, n_classes: int) -> nn.Module:
  """PixelDA's task network."""
  height, width, channels = image_shape
  return nn.Sequential(
    convolution(channels, 32, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    convolution(32, 48, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear((height // 4) * (width // 4) * 48, 100),
    nn.ReLU(),
    nn.Linear(100, 100),
    nn.ReLU(),
    nn.Linear(100, n_classes),
  )
