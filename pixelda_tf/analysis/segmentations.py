"""An analysis' plot of label maps: before and after adaptation, and true."""

import numpy as np

from pixelda_tf import fields
from pixelda_tf.analysis import examples
from pixelda_tf.analysis.adaptation import Adaptation
from pixelda_tf.analysis.plots import Plot, missing_rows, predicting
from pixelda_tf.evaluation import painting, pictures
from pixelda_tf.evaluation.evaluate import compiled_predictions, predict_all
from pixelda_tf.evaluation.translation import translate

_SHOWN = 8


def segmentations(adaptation: Adaptation) -> Plot:
  """Draws target images, what the networks say of each pixel, and the truth.

  Where a row translates both ways, the images come after the target's as it
  makes them for the target, which leaves them as they are, and for the source.

  Raises:
    LeftOut: no row predicts.
  """
  pair, models = adaptation.pair, predicting(adaptation)
  field, output = pair.problem.maps
  images, true = _shown(adaptation, field)
  rows = [('target', images)]
  translator = adaptation.translator
  if translator and translator.method.translates_back:
    identity = translate(translator.method, images, adaptation.seed)
    back = translate(translator.method, images, adaptation.seed, back=True)
    rows.append((f'identity: {translator.name}', identity))
    rows.append((f'translated to source: {translator.name}', back))
  for when, model in models:
    predictions = predict_all(compiled_predictions(model.method), images)
    labels = painting.to_show(predictions[output], pair.source.colours)
    rows.append((f'{when}: {model.name}', labels))
  title = f'{pair.target.name}: the class of each pixel'
  missing = missing_rows(adaptation)
  if true is None:
    missing.append(f'target {pair.target.name} has no label maps: no truth')
  else:
    rows.append(('truth', painting.to_show(true, pair.source.colours)))
    title += " (the target's labels are only shown)"
  picture = pictures.labelled([rows], title)
  return Plot(
    painting.with_legend(picture, pair.class_names, pair.source.colours),
    missing=missing,
  )


def _shown(adaptation, field):
  """Returns target images from all over their split, and their label maps."""
  pair = adaptation.pair
  batches = pair.test_batches()
  if batches is None:
    images = adaptation.target.images
    return images[examples.evenly(len(images), _SHOWN)], None
  places = examples.evenly(pair.target.count(pair.target.test), _SHOWN)
  shown = []
  for number, example in enumerate(batches.unbatch()):
    if number in places:
      shown.append(fields.prepare(example, pair.image_shape))
  return tuple(
    np.stack([example[name].numpy() for example in shown])
    for name in ('image', field)
  )
