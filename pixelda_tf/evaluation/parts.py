"""An analysis' parts: translations, neighbours, and confusion matrices."""

from typing import NamedTuple

import numpy as np

from pixelda_tf.evaluation import (
  evaluate,
  examples,
  figures,
  image_rows,
  pictures,
)
from pixelda_tf.evaluation.material import translate

_NEAREST_AMONG = 10_000
_SHOWN = 12


class LeftOut(Exception):
  """Tells why a picture is not drawn."""


class Part(NamedTuple):
  """A picture and what comes with it.

  Attributes:
    picture: uint8 `[height, width, 3]`.
    summary: dict of what analysis.json tells of it.
    embeddings: dict of name to `projector.Embedding`.
    missing: texts: what the picture could have shown, and why it does not.
    lines: texts: numbers.
  """

  picture: np.ndarray
  summary: dict
  embeddings: dict
  missing: list
  lines: list


def part(
  picture, *, summary=None, embeddings=None, missing=None, lines=None
) -> Part:
  """Returns a `Part`, in which what is not given is empty."""
  return Part(
    picture, summary or {}, embeddings or {}, missing or [], lines or []
  )


def translator(found):
  """Returns the `Model` that translates.

  Raises:
    LeftOut: there is none.
  """
  if found.translator is None:
    raise LeftOut('no trained row translates')
  return found.translator


def translations(found):
  """Draws images of both domains, translated there and back.

  Args:
    found: `material.Material`.

  Returns:
    `Part`.

  Raises:
    LeftOut: no row translates.
  """
  model, seed = translator(found), found.seed
  source, target = found.source.images, found.target.images
  shown = min(_SHOWN, len(source), len(target))
  places = examples.evenly(len(source), shown)
  translated = found.translated[places]
  there = [('source', source[places]), ('translated', translated)]
  title = f'{_direction(found)}, translated by {model}'
  if not model.method.translates_back:
    missing = [f'{model.name} translates one way: nothing is reconstructed']
    return part(image_rows.picture([there], title), missing=missing)
  back = translate(model.method, translated, seed, back=True)
  there.append(('reconstructed source', back))
  target = target[examples.evenly(len(target), shown)]
  back = translate(model.method, target, seed, back=True)
  and_back = [
    ('target', target),
    ('translated to source', back),
    ('reconstructed target', translate(model.method, back, seed)),
  ]
  return part(image_rows.picture([there, and_back], title))


def neighbours(found):
  """Draws translated images above the nearest real ones of the target.

  Args, returns and raises as `translations`; distances are root mean squared
  differences of pixels, whose range is 2.
  """
  model = translator(found)
  candidates = found.pair.images('target', _NEAREST_AMONG)
  indices, distances = pictures.nearest(found.translated, candidates)
  places = examples.evenly(len(indices), _SHOWN)
  rows = [
    ('translated', found.translated[places]),
    ('nearest real target', candidates[indices[places]]),
  ]
  title = (
    f'{_direction(found)}, translated by {model}\n'
    f'and the nearest of {len(candidates):,} target training images'
  )
  median, least = float(np.median(distances)), float(distances.min())
  summary = {
    'median': median,
    'least': least,
    'translated': len(distances),
    'among': len(candidates),
  }
  line = (
    f'RMS distance to the nearest target image, of a range of 2: median '
    f'{median:.4f}, least {least:.4f}'
  )
  return part(
    image_rows.picture([rows], title),
    summary={'nearest_target_rms': summary},
    lines=[line],
  )


def confusion(found):
  """Draws confusion matrices on the target's test split, before and after.

  Args:
    found: `material.Material`.

  Returns:
    `Part`.

  Raises:
    LeftOut: no row answers, or the target has no labels.
  """
  if found.pair.target.n_classes is None:
    raise LeftOut(f'target {found.pair.target.name} has no labels')
  panels, accuracies, lines = [], {}, []
  for when, model in answering(found):
    scorer = evaluate.score(
      evaluate.compiled_predictions(model.method),
      found.pair.test_batches(),
      found.pair.problem.scorer(found.pair.class_names),
    )
    result = scorer.result()
    accuracies[when] = {
      key: result[key] for key in ('accuracy', 'correct', 'count')
    }
    accuracy = (
      f'{result["accuracy"]:.2%}, {result["correct"]:,} of '
      f'{result["count"]:,} right'
    )
    panels.append((f'{when}: {model}\n{accuracy}', scorer.confusion))
    lines.append(f'{when}: {model}: {accuracy}')
  title = (
    f'{found.pair.target.name}, {found.pair.target.test}: confusion matrices '
    "(they need the target's labels)"
  )
  return part(
    figures.confusion(panels, found.pair.class_names, title),
    summary={'target_test': accuracies},
    missing=unanswered(found),
    lines=lines,
  )


def answering(found):
  """Returns ('before', `Model`) and ('after', `Model`), those there are.

  Raises:
    LeftOut: there are none.
  """
  pairs = [('before', found.before), ('after', found.after)]
  pairs = [(when, model) for when, model in pairs if model is not None]
  if not pairs:
    raise LeftOut('no trained row answers')
  return pairs


def unanswered(found):
  """Returns what is missing where 'before' or 'after' has no row, texts."""
  missing = []
  if found.before is None:
    missing.append("'before' has no row: no source_only is trained beside it")
  if found.after is None:
    missing.append("'after' has no row: none that answers is trained")
  return missing


def _direction(found):
  pair = found.pair
  return f'{pair.source.name} \N{RIGHTWARDS ARROW} {pair.target.name}'
