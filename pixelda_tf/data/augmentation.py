"""Random changes of training batches, each a function of (batch, seed).

A batch is a dict of prepared fields, see `fields`; one of them is `image`,
float32 [n, h, w, c] in [-1, 1], a fourth channel being depth. The seed is an
int32 or int64 [2]. The same seed gives the same change.
"""

from collections.abc import Callable, Sequence

import gin
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS

# By field, `[batch, ...]`.
Batch = dict[str, tf.Tensor]
# Of a batch and a seed, int [2]: it returns the batch changed.
Augmentation = Callable[[Batch, tf.Tensor], Batch]


def apply(
  augmentations: Augmentation | Sequence[Augmentation] | None,
  batch: Batch,
  seed: tf.Tensor,
) -> Batch:
  """Applies one augmentation, or a sequence of them, or none."""
  if callable(augmentations):
    augmentations = (augmentations,)
  for number, augment in enumerate(augmentations or ()):
    batch = augment(
      batch, tf.random.experimental.stateless_fold_in(seed, number)
    )
  return batch


def check_moves_nothing(
  augmentations: Augmentation | Sequence[Augmentation] | None,
  targets: Sequence[str],
  parameter: str,
) -> None:
  """Checks that augmentations change nothing that is learnt of an image.

  Maps of labels and poses fit an image that was moved with them alone; they are
  tried on small ones.

  Args:
    augmentations: see `apply`.
    targets: fields that are learnt.
    parameter: that names them, for what is raised.

  Raises:
    UserError: one of these moves.
  """
  count, side = 4, 8
  places = tf.random.stateless_uniform([count, side, side, 1], (0, 0), 0, 7)
  probe = {'image': tf.zeros([count, side, side, 3])}
  for name in targets:
    if FIELDS[name].interpolation:
      probe[name] = tf.cast(places, tf.int32)
    elif FIELDS[name].turn:
      probe[name] = tf.tile([[1.0, 0.0, 0.0, 0.0]], [count, 1])
  moved = apply(augmentations, dict(probe), tf.constant([0, 0]))
  for name in probe.keys() - {'image'}:
    if tf.reduce_any(moved[name] != probe[name]):
      raise UserError(
        f'{parameter} moves {FIELDS[name].noun}, which are learnt of the view '
        'before: leave out what moves the image'
      )


@gin.register
class ChangeColour:
  """Changes brightness, saturation, hue and contrast of each image.

  The ranges are those of the original PixelDA code. Saturation and hue leave
  grey images alone, and everything leaves depth alone. Values are clipped to
  [-1, 1] at the end.

  Attributes:
    brightness: greatest shift to either side, as a fraction of the range.
    saturation: (least, greatest) factor.
    hue: greatest turn to either side, as a fraction of the circle.
    contrast: (least, greatest) factor of the distance to the image's mean.
  """

  def __init__(
    self,
    *,
    brightness: float = 0.1,
    saturation: tuple[float, float] = (0.5, 1.5),
    hue: float = 0.032,
    contrast: tuple[float, float] = (0.5, 1.5),
  ):
    """See the attributes."""
    self.brightness = brightness
    self.saturation = saturation
    self.hue = hue
    self.contrast = contrast

  def __call__(self, batch: Batch, seed: tf.Tensor) -> Batch:
    """Returns the batch with `image` changed."""
    draws = tf.random.stateless_uniform(
      [4, tf.shape(batch['image'])[0], 1, 1, 1], seed
    )
    changed = dict(batch)
    changed['image'] = _change_colour(
      batch['image'],
      shift=(2.0 * draws[0] - 1.0) * self.brightness,
      turn=(2.0 * draws[1] - 1.0) * self.hue,
      saturation=_between(self.saturation, draws[2]),
      contrast=_between(self.contrast, draws[3]),
    )
    return changed


@gin.register
class Cutout:
  """Hides a square of each image (DeVries and Taylor, 2017).

  Attributes:
    size: least and greatest side, as fractions of the image's shorter side.
    fill: image value of what is hidden, in [-1, 1].
  """

  def __init__(
    self, *, size: tuple[float, float] = (0.25, 0.5), fill: float = 0.0
  ):
    """See the attributes.

    Raises:
      UserError: the sides are not of the image, in order.
    """
    least, greatest = size
    if not 0.0 <= least <= greatest <= 1.0:
      raise UserError(
        f'Cutout.size is {size}: two fractions from 0 to 1 are needed, the '
        'least first'
      )
    self.size = size
    self.fill = fill

  def __call__(self, batch: Batch, seed: tf.Tensor) -> Batch:
    """Returns the batch with `image` changed: its middle is in the image."""
    images = batch['image']
    n, height, width = tf.unstack(tf.shape(images)[:3])
    draws = tf.random.stateless_uniform([3, n, 1, 1, 1], seed)
    height, width = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
    half = _between(self.size, draws[0]) * tf.minimum(height, width) / 2.0
    rows = tf.reshape(tf.range(height) + 0.5, [1, -1, 1, 1])
    columns = tf.reshape(tf.range(width) + 0.5, [1, 1, -1, 1])
    hidden = (tf.abs(rows - draws[1] * height) < half) & (
      tf.abs(columns - draws[2] * width) < half
    )
    changed = dict(batch)
    changed['image'] = tf.where(hidden, self.fill, images)
    return changed


@gin.register
class AddNoise:
  """Adds Gaussian noise of one or several grain sizes.

  One source image has many counterparts in the target domain, and a generator
  without a noise vector makes one of them; the noise is what it can choose by.
  Trained with a cycle, the way back hides in the noise what the source image
  does not show (Chu et al., 2017), and the way there learns to read it. Depth
  is left alone. Values beyond [-1, 1] are reflected, lest half of the noise on
  a black background be lost.

  Attributes:
    stddev: standard deviation of each grain's noise, in units of [-1, 1].
    grains: sizes of the grains in pixels; the noise of one of `g` pixels has
      a value every `g` pixels and is linear in between.
  """

  def __init__(self, *, stddev: float = 0.1, grains: Sequence[int] = (1,)):
    """See the attributes.

    Raises:
      UserError: there are no grains, or one has less than a pixel.
    """
    if not grains or min(grains) < 1:
      raise UserError(
        f'AddNoise.grains is {grains}: sizes of at least one pixel are needed'
      )
    self.stddev = stddev
    self.grains = tuple(grains)

  def __call__(self, batch: Batch, seed: tf.Tensor) -> Batch:
    """Returns the batch with `image` changed."""
    depth = batch['image'][..., 3:]
    images = batch['image'][..., :3]
    count, height, width, channels = tf.unstack(tf.shape(images))
    for number, grain in enumerate(self.grains):
      noise = tf.random.stateless_normal(
        [count, -(-height // grain), -(-width // grain), channels],
        tf.random.experimental.stateless_fold_in(seed, number),
        stddev=self.stddev,
      )
      images += tf.image.resize(noise, [height, width])
    changed = dict(batch)
    images = tf.abs(images + 1.0) - 1.0
    images = 1.0 - tf.abs(1.0 - images)
    images = tf.clip_by_value(images, -1.0, 1.0)  # noise beyond the range
    changed['image'] = tf.concat([images, depth], axis=-1)
    return changed


def _between(bounds, fraction):
  low, high = bounds
  return low + (high - low) * fraction


# Compiled to one pass over the images: op by op it takes three times as long.
@tf.function(jit_compile=True, autograph=False)
def _change_colour(images, shift, turn, saturation, contrast):
  """Changes images [n, h, w, c] by numbers [n, 1, 1, 1]; depth stays."""
  depth = images[..., 3:]
  images = (images[..., :3] + 1.0) / 2.0 + shift
  if images.shape[-1] == 3:
    hue, chroma, value = tf.split(
      tf.image.rgb_to_hsv(tf.clip_by_value(images, 0.0, 1.0)), 3, axis=-1
    )
    hue = tf.math.floormod(hue + turn, 1.0)
    chroma = tf.clip_by_value(chroma * saturation, 0.0, 1.0)
    images = tf.image.hsv_to_rgb(tf.concat([hue, chroma, value], axis=-1))
  mean = tf.reduce_mean(images, axis=[1, 2], keepdims=True)
  images = (images - mean) * contrast + mean
  images = tf.clip_by_value(images * 2.0 - 1.0, -1.0, 1.0)
  return tf.concat([images, depth], axis=-1)
