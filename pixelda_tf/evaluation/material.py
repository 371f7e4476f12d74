"""What an analysis looks at: models, examples, and their translations."""

from typing import Any, NamedTuple

import numpy as np

from pixelda_tf.evaluation import examples, translation

_BATCH = 64


class Model(NamedTuple):
  """A trained row.

  Attributes:
    name: of the row.
    method: its `Method`, restored.
    step: int, the checkpoint's.
  """

  name: str
  method: Any
  step: int

  def __str__(self):
    """Returns the row and how long it was trained."""
    return f'{self.name}, {self.step:,} steps'


class Material(NamedTuple):
  """All that the pictures are made of.

  Attributes:
    pair: the `OpenPair`.
    before, after, translator: `Model`s or None, of the rows.
    source, target: `examples.Examples`.
    translated: float32, as `source.images`, or None without a translator.
    seed: of noise and embeddings.
  """

  pair: Any
  before: Model | None
  after: Model | None
  translator: Model | None
  source: examples.Examples
  target: examples.Examples
  translated: np.ndarray | None
  seed: int


def collect(pair: Any, rows: Any, *, n: int, seed: int) -> Material:
  """Restores the rows' methods and translates examples of the source.

  Args:
    pair: an `OpenPair`.
    rows: `before`, `after` and `translator`, each a row of a run or None.
    n: examples of each domain at most.
    seed: of the noise.

  Returns:
    `Material`.

  Raises:
    UserError: a row has no checkpoint, or a split cannot be read.
  """
  models = {}
  for row in rows:
    if row is not None and row.name not in models:
      method = row.trained()
      models[row.name] = Model(row.name, method, int(method.step.numpy()))
  before, after, translator = (row and models[row.name] for row in rows)
  source = examples.of_source(pair, n)
  return Material(
    pair=pair,
    before=before,
    after=after,
    translator=translator,
    source=source,
    target=examples.of_target(pair, n),
    translated=translator and translate(translator.method, source.images, seed),
    seed=seed,
  )


def translate(method, images, seed, back=False):
  """Translates images, a part at a time, each with noise of its own.

  Args:
    method: that translates.
    images: float32 `[n, height, width, channels]` in [-1, 1].
    seed: of the noise.
    back: from target to source.

  Returns:
    float32 of the same shape.
  """
  function = translation.translate_back if back else translation.translate
  parts = [
    function(method, images[start : start + _BATCH], seed + number)
    for number, start in enumerate(range(0, len(images), _BATCH))
  ]
  return np.concatenate(parts).astype(np.float32)


def features(method, images):
  """Returns the task network's last features, None where it tells none.

  Args:
    method: that answers.
    images: float32 `[n, height, width, channels]` in [-1, 1].

  Returns:
    float32 `[n, d]` or None.
  """
  parts = []
  for start in range(0, len(images), _BATCH):
    outputs = method(images[start : start + _BATCH])
    if 'features' not in outputs:
      return None
    parts.append(outputs['features'].numpy())
  return np.concatenate(parts).astype(np.float32)
