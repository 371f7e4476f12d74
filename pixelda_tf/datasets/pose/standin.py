"""The embedded stand-in for LineMod: renders and pictures of made-up objects.

It has LineMod's form (11 objects, 64x64, RGB and depth, class and pose) and
needs no files. It is not LineMod.
"""

import pathlib
from collections.abc import Mapping

import tensorflow_datasets as tfds

from pixelda_tf.datasets import photos, rendered
from pixelda_tf.rendering import pictures

IN_PLANE = 45.0
VIEWS_OF = {
  'rendered': {'train': 1000, 'test': 20},
  'camera': {'train': 300, 'test': 100},
}
WHAT = (
  'A procedural stand-in for LineMod, not LineMod: 11 made-up objects of '
  'simple coloured solids, 64x64, RGB and depth as the fourth channel (255 is '
  'far or not measured), with class, mask and pose. LineMod itself takes its '
  'place by --gin_file=gin/datasets/linemod_cropped.gin.'
)


class Standin(rendered.Rendered):
  """Renders on black (`rendered`) and pictures of a made-up camera."""

  name = 'standin'
  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name='rendered'),
    tfds.core.BuilderConfig(name='camera'),
  ]

  def __init__(
    self,
    *,
    data_dir: str | pathlib.Path,
    manual_dir: str | pathlib.Path | None = None,
    config: str | None = None,
    seed: int = 0,
    views_of: Mapping[str, int] | None = None,
    workers: int | None = None,
  ):
    """Renders nothing yet.

    Args:
      data_dir: where the data set is written.
      manual_dir: not used: no files are needed.
      config: 'rendered' or 'camera'; None for the former.
      seed: decides every picture.
      views_of: dict of split to the number of pictures of each object; None
        for that of `VIEWS_OF`.
      workers: number of processes; the data set does not depend on it.
    """
    del manual_dir
    config = config or 'rendered'
    views_of = views_of or VIEWS_OF[config]
    make, how = _KINDS[config]
    super().__init__(
      data_dir=data_dir,
      name=self.name,
      pictures=make(views_of=views_of, seed=(seed,)),
      description=f'{WHAT} {how} Pictures of each object: '
      f'{", ".join(f"{split} {n}" for split, n in views_of.items())}. '
      f'Seed {seed}.',
      workers=workers,
      config=config,
    )


def _meshes():
  # Here, and not at every start.
  from pixelda_tf.rendering import procedural

  return {name: procedural.load(name) for name in procedural.OBJECTS}


def _renders(seed, **options):
  return pictures.Renders(
    _meshes(), upper=True, in_plane=IN_PLANE, seed=(*seed, 0), **options
  )


def _photographs(seed, **options):
  return pictures.Photographs(
    _meshes(), photos=photos.load_sample(), seed=(*seed, 1), **options
  )


_KINDS = {
  'rendered': (
    _renders,
    'Rendered on black, each object alone, from random viewpoints above it, '
    f'the camera turned by up to {IN_PLANE:g} degrees.',
  ),
  'camera': (
    _photographs,
    'Rendered as if photographed: under random light, painted otherwise, among '
    "other objects on a table that shows part of one of scikit-learn's two "
    'sample photos (train and test alike), with blur, noise and holes in the '
    'depth; viewpoints as in the config rendered, but others.',
  ),
}
