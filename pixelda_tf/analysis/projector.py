"""Files for TensorBoard's projector: embeddings, what they are, thumbnails."""

import os
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image
from tensorboard.plugins import projector

from pixelda_tf.evaluation import pictures

# TensorBoard's page takes no larger sprite.
_LARGEST_SPRITE = 8192


class Embedding(NamedTuple):
  """Points, each of an image.

  Attributes:
    points: float `[n, d]`.
    images: float `[n, height, width, 1, 3 or 4]` in [-1, 1]; of four channels
      the fourth, depth, is not shown.
    domains: n names.
    labels: n names of classes, '?' where it is not known.
  """

  points: np.ndarray
  images: np.ndarray
  domains: list[str]
  labels: list[str]


def write(directory: str, embeddings: Mapping[str, Embedding]) -> list[str]:
  """Writes the projector's files.

  Args:
    directory: a TensorBoard log directory.
    embeddings: dict of name to `Embedding`; the name is a file's, too.

  Returns:
    Paths of the files, a list.
  """
  os.makedirs(directory, exist_ok=True)
  config = projector.ProjectorConfig()
  paths: list[str] = []
  for name, embedding in embeddings.items():
    files = {
      kind: f'{name}_{kind}' for kind in ('points.tsv', 'metadata.tsv')
    } | {'sprite.png': f'{name}_sprite.png'}
    in_directory = {
      kind: os.path.join(directory, file) for kind, file in files.items()
    }
    np.savetxt(
      in_directory['points.tsv'], embedding.points, '%.6g', delimiter='\t'
    )
    with open(in_directory['metadata.tsv'], 'w', encoding='utf-8') as file:
      file.writelines(_metadata(embedding))
    tiles = thumbnails(embedding.images)
    Image.fromarray(sprite(tiles)).save(in_directory['sprite.png'])
    info = config.embeddings.add()
    info.tensor_name = name
    info.tensor_path = files['points.tsv']
    info.metadata_path = files['metadata.tsv']
    info.sprite.image_path = files['sprite.png']
    info.sprite.single_image_dim.extend([tiles.shape[2], tiles.shape[1]])
    paths += in_directory.values()
  projector.visualize_embeddings(directory, config)
  return [*paths, os.path.join(directory, 'projector_config.pbtxt')]


def thumbnails(
  images: np.ndarray, largest: int = _LARGEST_SPRITE
) -> np.ndarray:
  """Returns uint8 RGB images, so small that their sprite is not too large.

  Args:
    images: as in `Embedding`.
    largest: height and width that the sprite may have.

  Returns:
    uint8 `[n, h, w, 3]`, see `pictures.shrink`.
  """
  columns = _columns(len(images))
  return pictures.to_rgb(
    pictures.shrink(images, lambda *sides: columns * max(sides) <= largest)
  )


def sprite(tiles: np.ndarray) -> np.ndarray:
  """Puts images in a square, row by row, as the projector reads them.

  Args:
    tiles: uint8 `[n, height, width, 3]`.

  Returns:
    uint8 `[k * height, k * width, 3]`, k the least with k * k >= n; white where
    there is no image.
  """
  n, height, width, channels = tiles.shape
  columns = _columns(n)
  square = np.full((columns**2, height, width, channels), 255, np.uint8)
  square[:n] = tiles
  square = square.reshape(columns, columns, height, width, channels)
  return square.transpose(0, 2, 1, 3, 4).reshape(
    columns * height, columns * width, channels
  )


def _columns(n):
  return int(np.ceil(np.sqrt(n)))


def _metadata(embedding):
  yield 'domain\tlabel\n'
  for row in zip(embedding.domains, embedding.labels, strict=True):
    yield '\t'.join(' '.join(name.split()) for name in row) + '\n'
