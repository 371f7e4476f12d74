"""What rendered data sets consist of."""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pixelda_tf import seeding
from pixelda_tf.fields import depth
from pixelda_tf.rendering import render, scenes, views
from pixelda_tf.rendering.meshes import Mesh
from pixelda_tf.rendering.scenes import Scene

SPLITS = ('train', 'test')


class Pictures:
  """Pictures of some objects: the same number of each in a split.

  Subclasses implement `take`.

  Attributes:
    class_names: the objects' names, in the order of their labels.
    counts: dict of split to the number of its pictures.
    shape: (height, width, channels) of `image`; a fourth channel is depth.
  """

  def __init__(
    self,
    meshes: Mapping[str, Mesh],
    *,
    views_of: Mapping[str, int],
    seed: tuple[int, ...],
    size: int = 64,
    with_depth: bool = True,
  ):
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

  def example(self, split: str, index: int) -> dict[str, Any]:
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
    scene = self.take(label, seed, view)
    image = scene.image
    if self.shape[-1] == 4:
      image = np.dstack([image, depth.normalize(scene.depth, scene.distance)])
    return {
      'image': image,
      'label': label,
      'mask': (scene.mask * np.uint8(255))[..., None],
      'pose': scene.quaternion,
    }

  def take(self, label: int, seed: tuple[int, ...], view: int) -> Scene:
    """Takes the picture of a view.

    Args:
      label: which object.
      seed: tuple of integers.
      view: number of the view.

    Returns:
      `Scene`.
    """
    raise NotImplementedError

  @functools.cached_property
  def renderers(self) -> list[render.Renderer]:
    """A `Renderer` for each object, made where it is first used."""
    return [render.Renderer(mesh) for mesh in self._meshes.values()]

  def digest(self) -> str:
    """Returns the SHA-256 of the objects' names and meshes, in hex."""
    digest = hashlib.sha256()
    for name, mesh in self._meshes.items():
      digest.update(f'{name}\0'.encode())
      for array in mesh:
        digest.update(f'{array.shape}'.encode() + array.tobytes())
    return digest.hexdigest()


class Renders(Pictures):
  """An object alone, on black or on part of a photo."""

  def __init__(
    self,
    meshes: Mapping[str, Mesh],
    *,
    upper: bool,
    in_plane: float,
    photos: Sequence[np.ndarray] = (),
    **options: Any,
  ):
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

  def take(self, label: int, seed: tuple[int, ...], view: int) -> Scene:
    """See `Pictures.take`."""
    pose = views.sample(seed, view, upper=self._upper, in_plane=self._in_plane)
    size = self.shape[0]
    rendered = self.renderers[label].render(pose, size)
    image = rendered.image
    if len(self._photos):
      photo = seeding.random_crop(self._photos, size, *seed, view, 1)
      beside = (1 - rendered.coverage[..., None]) * photo
      image = np.rint(np.minimum(image + beside, 255)).astype(np.uint8)
    return Scene(image, rendered.depth, rendered.mask, pose, render.DISTANCE)


class Photographs(Pictures):
  """An object among the others, see `scenes`."""

  def __init__(
    self,
    meshes: Mapping[str, Mesh],
    *,
    photos: Sequence[np.ndarray],
    **options: Any,
  ):
    """Renders nothing yet.

    Args:
      meshes: see `Pictures`; at least two.
      photos: see `scenes.photograph`.
      **options: see `Pictures`.
    """
    super().__init__(meshes, **options)
    self._photos = photos

  def take(self, label: int, seed: tuple[int, ...], view: int) -> Scene:
    """See `Pictures.take`."""
    return scenes.photograph(
      self.renderers,
      label,
      self._photos,
      seed=seed,
      index=view,
      size=self.shape[0],
    )
