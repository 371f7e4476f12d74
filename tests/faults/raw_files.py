"""Sound raw files of each kind, as small as they may be."""

import gzip
import pathlib
import struct

import bop_boxes
import numpy as np
import scipy.io
import trimesh
from PIL import Image


def pixels(shape, seed: int = 0) -> np.ndarray:
  """Returns random uint8 values."""
  return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def save(path: pathlib.Path, image: np.ndarray) -> None:
  """Writes an image file, by its suffix."""
  path.parent.mkdir(parents=True, exist_ok=True)
  Image.fromarray(image).save(path)


def _idx(array, magic):
  header = struct.pack(f'>{1 + array.ndim}I', magic, *array.shape)
  return gzip.compress(header + array.tobytes())


def write_mnist(raw: pathlib.Path) -> None:
  """MNIST's four files."""
  raw.mkdir(parents=True)
  labels = np.arange(20, dtype=np.uint8) % 10
  for prefix in ('train', 't10k'):
    images = _idx(pixels((20, 28, 28)), 2051)
    (raw / f'{prefix}-images-idx3-ubyte.gz').write_bytes(images)
    (raw / f'{prefix}-labels-idx1-ubyte.gz').write_bytes(_idx(labels, 2049))


def write_usps(raw: pathlib.Path) -> None:
  """USPS's two files."""
  raw.mkdir(parents=True)
  for split in ('train', 'test'):
    lines = [
      f'{n % 10}.0000 '
      + ' '.join(f'{v:.4f}' for v in pixels(256, n) / 127.5 - 1)
      for n in range(10)
    ]
    data = gzip.compress('\n'.join(lines).encode())
    (raw / f'zip.{split}.gz').write_bytes(data)


def write_svhn(raw: pathlib.Path) -> None:
  """SVHN's two files."""
  raw.mkdir(parents=True)
  for split in ('train', 'test'):
    labels = np.arange(1, 11, dtype=np.uint8)[:, None]
    arrays = {'X': pixels((32, 32, 3, 10)), 'y': labels}
    scipy.io.savemat(raw / f'{split}_32x32.mat', arrays)


def write_mnistm_files(raw: pathlib.Path) -> None:
  """MNIST-M's published files."""
  for split in ('train', 'test'):
    lines = []
    for n in range(10):
      save(raw / f'mnist_m_{split}/{n:08}.png', pixels((32, 32, 3), n))
      lines.append(f'{n:08}.png {n}')
    text = '\n'.join(lines)
    (raw / f'mnist_m_{split}_labels.txt').write_text(text)


def write_images(raw: pathlib.Path) -> None:
  """A folder of a user's images, in several formats."""
  for label in ('cat', 'dog'):
    for n, suffix in enumerate(('png', 'jpg', 'gif', 'bmp', 'tif', 'webp')):
      save(raw / label / f'{n}.{suffix}', pixels((9, 8, 3), n))


def write_csv(raw: pathlib.Path) -> None:
  """The same by a CSV, with splits and masks."""
  lines = ['path,label,split,mask']
  for n in range(8):
    save(raw / f'{n}.png', pixels((9, 8, 3), n))
    save(raw / f'mask_{n}.png', 255 * (pixels((9, 8), n) > 99).astype('u1'))
    split = 'test' if n % 4 == 3 else 'train'
    lines.append(f'{n}.png,{"cat" if n % 2 else "dog"},{split},mask_{n}.png')
  (raw / 'list.csv').write_text('\n'.join(lines))


def write_label_maps(raw: pathlib.Path) -> None:
  """A user's images with label maps, and a file of classes."""
  for split in ('train', 'test'):
    for n in range(3):
      save(raw / f'images/{split}/{n}.png', pixels((12, 16, 3), n))
      ids = np.repeat(np.arange(3, dtype=np.uint8), 64)
      save(raw / f'labels/{split}/{n}.png', ids.reshape(12, 16))
  (raw / 'classes.csv').write_text('id,name\n0,sky\n1,road\n2,car\n')


def write_gta5(raw: pathlib.Path) -> None:
  """GTA5's folders."""
  for n in range(1, 4):
    save(raw / f'images/{n:05}.png', pixels((12, 16, 3), n))
    ids = np.full((12, 16), 7, np.uint8)
    ids[:, 2 * n + 5 :] = 26
    label_map = Image.fromarray(ids)
    label_map.putpalette(list(range(256)) * 3)
    (raw / 'labels').mkdir(exist_ok=True)
    label_map.save(raw / f'labels/{n:05}.png')


def write_linemod_cropped(raw: pathlib.Path) -> None:
  """Cropped LineMod's three sets of two objects."""
  for name in ('coarse', 'fine', 'real'):
    for label in ('cat', 'ape'):
      lines = []
      for n in range(3):
        image = np.zeros((64, 64, 3), np.uint8)
        image[10:40, 10:40] = pixels((30, 30, 3), n)
        save(raw / name / label / f'img{n}.png', image)
        lines += [f'# img{n}.png', '0.5 -0.5 0.5 -0.5']
      (raw / name / label / 'poses.txt').write_text('\n'.join(lines))
  (raw / 'real/training_split.txt').write_text('1, 3, 4')


def write_bop(raw: pathlib.Path) -> None:
  """A BOP set of one scene of boxes."""
  bop_boxes.write_set(raw, bop_boxes.FRAMES)


def write_meshes(folder: pathlib.Path) -> None:
  """A PLY file, and an OBJ file with its materials."""
  raw = folder / 'raw'
  raw.mkdir(parents=True)
  ball = trimesh.creation.icosphere(subdivisions=1, radius=40)
  ball.export(raw / 'obj_1.ply', encoding='ascii')
  box = trimesh.creation.box((50.0, 60.0, 70.0))
  lines = ['mtllib box.mtl', 'usemtl red']
  lines += [f'v {x} {y} {z}' for x, y, z in box.vertices]
  lines += [f'f {a + 1} {b + 1} {c + 1}' for a, b, c in box.faces]
  (raw / 'obj_2.obj').write_text('\n'.join(lines))
  (raw / 'box.mtl').write_text('newmtl red\nKd 0.8 0.1 0.1\n')
