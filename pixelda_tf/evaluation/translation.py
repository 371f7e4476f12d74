"""A data set in the target's style, with its labels kept."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from pixelda_tf import fields
from pixelda_tf.data.open_domains import OpenDomain
from pixelda_tf.datasets import translated
from pixelda_tf.evaluation import pictures
from pixelda_tf.fields import FIELDS
from pixelda_tf.fields.images import at_once

# Of a prepared batch and a seed.
Augment = Callable[[dict[str, tf.Tensor], tf.Tensor], dict[str, tf.Tensor]]

_BATCH = 64
_SHOWN = 12


def translate(
  method: Any, images: np.ndarray, seed: int, back: bool = False
) -> np.ndarray:
  """Translates images, some at a time; no random stream of the run moves.

  Args:
    method: that translates.
    images: float32 `[n, height, width, channels]` in [-1, 1].
    seed: of the noise.
    back: from target to source.

  Returns:
    float32 of the same shape.
  """
  function = method.translate_back if back else method.translate
  noise = method.noise(len(images), seed)
  parts = []
  size = at_once(images.shape[1:], _BATCH)
  for start in range(0, len(images), size):
    part = slice(start, start + size)
    own = None if noise is None else noise[part]
    parts.append(function(tf.convert_to_tensor(images[part]), own).numpy())
  return np.concatenate(parts)


def translated_examples(
  method: Any,
  domain: OpenDomain,
  split: str,
  *,
  samples: int,
  seed: int,
  augment: Augment | None = None,
  with_source: bool = False,
) -> Iterator[dict[str, np.ndarray]]:
  """Yields a domain's examples, each image translated.

  Args:
    method: a trained `Method` that translates.
    domain: an `OpenDomain`.
    split: of the domain.
    samples: how many images, of different noise, each example gives; they
      follow each other.
    seed: of the noise.
    augment: function of (prepared batch, seed) that changes it before it is
      translated, such as training's augmentation; None for as it is.
    with_source: whether each image stands before its translations, too.

  Yields:
    dict of the domain's fields, as they are stored, at the method's size.
  """
  method.random.reset_from_seed(seed)
  batches = domain.stored(split).batch(at_once(method.image_shape, _BATCH))
  for number, stored in enumerate(batches):
    batch = fields.prepare(stored, method.image_shape)
    if augment:
      batch = augment(
        batch, tf.random.experimental.stateless_fold_in((seed, 0), number)
      )
    shown = [batch['image']] if with_source else []
    shown += [method.translate(batch['image']) for _ in range(samples)]
    images = [FIELDS['image'].store(values.numpy()) for values in shown]
    kept = {
      name: FIELDS[name].store(values.numpy())
      for name, values in batch.items()
      if name != 'image'
    }
    for position in range(len(images[0])):
      example = {name: values[position] for name, values in kept.items()}
      for sample in images:
        yield {'image': sample[position]} | example


def store(
  method: Any,
  domain: OpenDomain,
  split: str,
  *,
  name: str,
  data_dir: str,
  target_name: str,
  samples: int = 1,
  seed: int = 0,
  augment: Augment | None = None,
  with_source: bool = False,
  overwrite: bool = False,
) -> tfds.core.DatasetBuilder:
  """Writes a domain's split, translated, as a data set with a split `train`.

  Args:
    method: as `translated_examples`, as domain, split, samples, seed, augment.
    domain: an `OpenDomain` with labels.
    split: of the domain.
    name: of the new data set.
    data_dir: where it is stored.
    target_name: whose style it is, for its description.
    samples: images of different noise for each source image.
    seed: of the noise.
    augment: as there.
    with_source: as there.
    overwrite: replace a data set of that name.

  Returns:
    `tfds.core.DatasetBuilder` that reads it.

  Raises:
    UserError: as `datasets.prepare`.
  """
  return translated.store(
    name,
    data_dir=data_dir,
    examples=lambda: translated_examples(
      method,
      domain,
      split,
      samples=samples,
      seed=seed,
      augment=augment,
      with_source=with_source,
    ),
    count=(samples + with_source) * domain.count(split),
    domain=domain,
    image_shape=method.image_shape,
    split='train',
    description=f'{domain.name} {split}, each image {samples} time(s) in the '
    f'style of {target_name}: {type(method).__name__} after '
    f'{int(method.step.numpy())} steps, seed {seed}'
    f'{", augmented before" if augment else ""}'
    f'{", beside the image itself" if with_source else ""}.',
    overwrite=overwrite,
  )


def preview(
  method: Any,
  domain: OpenDomain,
  split: str,
  *,
  samples: int,
  seed: int,
  augment: Augment | None = None,
) -> np.ndarray:
  """Returns a picture of the first examples: source, then each sample.

  Arguments as `translated_examples`.

  Returns:
    uint8 picture, see `pictures.grid`.
  """
  stored = next(iter(domain.stored(split).batch(_SHOWN)))
  source = fields.prepare(stored, method.image_shape)['image'].numpy()
  examples = translated_examples(
    method, domain, split, samples=samples, seed=seed, augment=augment
  )
  shown = itertools.islice(examples, len(source) * samples)
  images = np.stack([example['image'] for example in shown]) / 127.5 - 1.0
  return pictures.grid([source, *(images[i::samples] for i in range(samples))])
