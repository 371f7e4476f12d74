"""An analysis' plots: translations, neighbours, and confusion matrices."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pixelda_tf.analysis import examples, figures, spread
from pixelda_tf.analysis.adaptation import Adaptation, Model
from pixelda_tf.analysis.projector import Embedding
from pixelda_tf.evaluation import columns, evaluate, nearest, pictures
from pixelda_tf.evaluation.translation import translate

_SHOWN = 12


class LeftOut(Exception):
  """Tells why a plot is not drawn."""


class Plot(NamedTuple):
  """A picture and what comes with it.

  Attributes:
    picture: uint8 `[height, width, 3]`.
    summary: what analysis.json tells of it.
    embeddings: by name, for the projector.
    missing: what the picture could have shown, and why it does not.
    lines: numbers.
  """

  picture: np.ndarray
  summary: Mapping[str, Any] = {}
  embeddings: Mapping[str, Embedding] = {}
  missing: Sequence[str] = ()
  lines: Sequence[str] = ()


def translated_by(adaptation: Adaptation) -> tuple[np.ndarray, Model]:
  """Returns the translated source images, and the `Model` that made them.

  Raises:
    LeftOut: there is none.
  """
  if adaptation.translated is None or adaptation.translator is None:
    raise LeftOut('no trained row translates')
  return adaptation.translated, adaptation.translator


def translations(adaptation: Adaptation) -> Plot:
  """Draws images of both domains, translated there and back.

  Beside them, how much colours differ from image to image: far less in
  translated images than in the target's says that G makes one style of many.

  Raises:
    LeftOut: no row translates.
  """
  every, model = translated_by(adaptation)
  seed = adaptation.seed
  source, target = adaptation.source.images, adaptation.target.images
  shown = min(_SHOWN, len(source), len(target))
  places = examples.evenly(len(source), shown)
  translated = every[places]
  there = [('source', source[places]), ('translated', translated)]
  title = f'{_direction(adaptation)}, translated by {model}'
  numbers = _colour_spread(source=source, translated=every, target=target)
  if not model.method.translates_back:
    return Plot(
      pictures.labelled([there], title),
      missing=[f'{model.name} translates one way: nothing is reconstructed'],
      **numbers,
    )
  back = translate(model.method, translated, seed, back=True)
  there.append(('reconstructed source', back))
  target = target[examples.evenly(len(target), shown)]
  back = translate(model.method, target, seed, back=True)
  and_back = [
    ('target', target),
    ('translated to source', back),
    ('reconstructed target', translate(model.method, back, seed)),
  ]
  return Plot(pictures.labelled([there, and_back], title), **numbers)


def _colour_spread(**images):
  """Returns the summary and the lines of a `Plot`."""
  spreads = {name: spread.of_colours(each) for name, each in images.items()}
  texts = [f'{name} {value:.4f}' for name, value in spreads.items()]
  return {
    'summary': {'colour_spread': spreads},
    'lines': [f'spread of colours, of a range of 2: {", ".join(texts)}'],
  }


def neighbours(adaptation: Adaptation) -> Plot:
  """Draws translated images above the nearest real ones of the target.

  Distances are root mean squared differences of pixels, whose range is 2.

  Raises:
    LeftOut: no row translates.
  """
  translated, model = translated_by(adaptation)
  places = examples.evenly(len(translated), _SHOWN)
  closest = nearest.find(
    translated,
    adaptation.pair.image_batches('target', nearest.AMONG),
    shown=places,
  )
  rows = [
    ('translated', translated[places]),
    ('nearest real target', closest.shown),
  ]
  title = (
    f'{_direction(adaptation)}, translated by {model}\n'
    f'and the nearest of {closest.among:,} target training images'
  )
  median, least = float(np.median(closest.distances)), closest.distances.min()
  summary = {
    'median': median,
    'least': float(least),
    'translated': len(translated),
    'among': closest.among,
  }
  line = (
    f'RMS distance to the nearest target image, of a range of 2: median '
    f'{median:.4f}, least {least:.4f}'
  )
  return Plot(
    pictures.labelled([rows], title),
    summary={'nearest_target_rms': summary},
    lines=[line],
  )


def confusion(adaptation: Adaptation) -> Plot:
  """Draws confusion matrices on the target's test split, before and after.

  Raises:
    LeftOut: no row predicts, or the target has no labels.
  """
  pair = adaptation.pair
  batches = pair.test_batches()
  if batches is None:
    raise LeftOut(f'target {pair.target.name} has no labels')
  panels, tests, lines = [], {}, []
  for when, model in predicting(adaptation):
    scorer = evaluate.score(
      evaluate.compiled_predictions(model.method),
      batches,
      pair.problem.scorer(pair.class_names),
    )
    result = scorer.result()
    tests[when] = {
      key: value for key, value in result.items() if not isinstance(value, list)
    }
    text = columns.text(pair.problem, result)
    panels.append((f'{when}: {model}\n{text}', scorer.confusion))
    lines.append(f'{when}: {model}: {text}')
  title = (
    f'{pair.target.name}, {pair.target.test}: confusion matrices '
    "(they need the target's labels)"
  )
  return Plot(
    figures.confusion(panels, pair.class_names, title),
    summary={'target_test': tests},
    missing=missing_rows(adaptation),
    lines=lines,
  )


def predicting(adaptation: Adaptation) -> list[tuple[str, Model]]:
  """Returns ('before', `Model`) and ('after', `Model`), those there are.

  Raises:
    LeftOut: there are none.
  """
  pairs = [('before', adaptation.before), ('after', adaptation.after)]
  models = [(when, model) for when, model in pairs if model is not None]
  if not models:
    raise LeftOut('no trained row predicts')
  return models


def missing_rows(adaptation: Adaptation) -> list[str]:
  """Returns what is missing where 'before' or 'after' has no row, texts."""
  texts = []
  if adaptation.before is None:
    texts.append("'before' has no row: no source_only is trained beside it")
  if adaptation.after is None:
    texts.append("'after' has no row: none that predicts is trained")
  return texts


def _direction(adaptation):
  pair = adaptation.pair
  return f'{pair.source.name} \N{RIGHTWARDS ARROW} {pair.target.name}'
