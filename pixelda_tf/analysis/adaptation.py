"""What an analysis looks at: models, examples, and their translations."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pixelda_tf.analysis import examples
from pixelda_tf.evaluation.translation import translate
from pixelda_tf.fields.images import in_memory


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

  def __str__(self) -> str:
    """Returns the row and how long it was trained."""
    return f'{self.name}, {self.step:,} steps'


class Adaptation(NamedTuple):
  """All that the plots are made of.

  Attributes:
    pair: the `OpenPair`.
    before, after, translator: `Model`s or None, of the rows.
    source, target: `examples.Examples`.
    translated: float32, as `source.images`, or None without a translator.
    seed: of noise, embeddings and what is drawn at random.
    wanted: how many examples of each domain were asked for; of large images
      there are fewer in `source` and `target`.
    side_by_side: `Model`s whose features are compared.
  """

  pair: Any
  before: Model | None
  after: Model | None
  translator: Model | None
  source: examples.Examples
  target: examples.Examples
  translated: np.ndarray | None
  seed: int
  wanted: int
  side_by_side: Sequence[Model] = ()


def collect(
  pair: Any, rows: Any, *, n: int, seed: int, side_by_side: Sequence[Any] = ()
) -> Adaptation:
  """Restores the rows' methods and translates examples of the source.

  Args:
    pair: an `OpenPair`.
    rows: `before`, `after` and `translator`, each a row of a run or None.
    n: examples of each domain at most; fewer of large images are kept.
    seed: of the noise.
    side_by_side: rows of a run whose features are compared.

  Returns:
    `Adaptation`.

  Raises:
    UserError: a row has no checkpoint, or a split cannot be read.
  """
  models = {}
  for row in (*rows, *side_by_side):
    if row is not None and row.name not in models:
      method = row.trained()
      models[row.name] = Model(row.name, method, int(method.step.numpy()))
  before, after, translator = (row and models[row.name] for row in rows)
  kept = in_memory(pair.image_shape, n)
  source = examples.of_source(pair, kept)
  return Adaptation(
    pair=pair,
    before=before,
    after=after,
    translator=translator,
    source=source,
    target=examples.of_target(pair, kept),
    translated=translator and translate(translator.method, source.images, seed),
    seed=seed,
    wanted=n,
    side_by_side=[models[row.name] for row in side_by_side],
  )
