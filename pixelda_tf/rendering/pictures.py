"""What rendered data sets consist of."""

import functools
import hashlib

import numpy as np

from pixelda_tf import seeding
from pixelda_tf.fields import depth
from pixelda_tf.rendering import render, scenes, views

SPLITS = ('train', 'test')


class Pictures:
  """Pictures of some objects: the same number of each in a split.

  Subclasses answer `take`.

  Attributes:
    class_names: the objects' names, in the order of their labels.
    counts: dict of split to the number of its pictures.
    shape: (height, width, channels) of `image`; a fourth channel is depth.
  """

  def __init__(self, meshes, *, views_of, seed, size=64, with_depth=True):
    """Renders nothing yet.

    Args:
      meshes: dict of an object's name to its `Mesh`.
      views_of: dict of split to the number of pictures of each object.
      seed: tuple of integers.
      size: pixels a side.
      with_depth: whether images have depth as a fourth channel.
    """
    self.class_names = list(meshes)
    self.counts = {
      split: number * len(meshes)
      for split, number in views_of.items()
      if number
    }
    self.shape = (size, size, 4 if with_depth else 3)
    self._meshes = meshes
    self._seed = seed

  def example(self, split, index):
    """Returns a picture; it depends on the arguments alone.

    Args:
      split: key of `counts`.
      index: below the split's count; objects take turns.

    Returns:
      dict of `image` uint8 `shape`, `label` int, `mask` uint8 `[height, width,
      1]`, 0 or 255, and `pose` float32 `[4]`.
    """
    view, label = divmod(index, len(self.class_names))
    seed = (*self._seed, SPLITS.index(split), label)
    image, distances, mask, pose, centre = self.take(label, seed, view)
    if self.shape[-1] == 4:
      image = np.dstack([image, depth.normalize(distances, centre)])
    return {
      'image': image,
      'label': label,
      'mask': (mask * np.uint8(255))[..., None],
      'pose': pose,
    }

  def take(self, label, seed, view):
    """Takes the picture of a view.

    Args:
      label: which object.
      seed: tuple of integers.
      view: number of the view.

    Returns:
      image uint8 `[size, size, 3]`, depth float32 `[size, size]` in metres,
      mask bool `[size, size]`, pose float32 `[4]`, and the distance of the
      object's centre in metres.
    """
    raise NotImplementedError

  @functools.cached_property
  def renderers(self):
    """A `Renderer` for each object, made where it is first used."""
    return [render.Renderer(mesh) for mesh in self._meshes.values()]

  def digest(self):
    """Returns the SHA-256 of the objects' names and meshes, in hex."""
    digest = hashlib.sha256()
    for name, mesh in self._meshes.items():
      digest.update(f'{name}\0'.encode())
      for array in mesh:
        digest.update(f'{array.shape}'.encode() + array.tobytes())
    return digest.hexdigest()


class Renders(Pictures):
  """An object alone, on black or on part of a photo."""

  def __init__(self, meshes, *, upper, in_plane, photos=(), **options):
    """Renders nothing yet.

    Args:
      meshes: see `Pictures`.
      upper: see `views.sample`.
      in_plane: see `views.sample`.
      photos: sequence of uint8 `[height, width, 3]`, at least as large as the
        pictures; none for black.
      **options: see `Pictures`.
    """
    super().__init__(meshes, **options)
    self._upper = upper
    self._in_plane = in_plane
    self._photos = photos

  def take(self, label, seed, view):
    """See `Pictures.take`."""
    pose = views.sample(seed, view, upper=self._upper, in_plane=self._in_plane)
    size = self.shape[0]
    rendered = self.renderers[label].render(pose, size)
    image = rendered.image
    if len(self._photos):
      photo = seeding.random_crop(self._photos, size, *seed, view, 1)
      beside = (1 - rendered.coverage[..., None]) * photo
      image = np.rint(np.minimum(image + beside, 255)).astype(np.uint8)
    return image, rendered.depth, rendered.mask, pose, render.DISTANCE


class Photographs(Pictures):
  """An object among the others, see `scenes`."""

  def __init__(self, meshes, *, photos, **options):
    """Renders nothing yet.

    Args:
      meshes: see `Pictures`; at least two.
      photos: see `scenes.photograph`.
      **options: see `Pictures`.
    """
    super().__init__(meshes, **options)
    self._photos = photos

  def take(self, label, seed, view):
    """See `Pictures.take`."""
    return scenes.photograph(
      self.renderers,
      label,
      self._photos,
      seed=seed,
      index=view,
      size=self.shape[0],
    )
