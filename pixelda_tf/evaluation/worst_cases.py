"""The examples that a model answers worst, as a table in a picture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pixelda_tf.evaluation import pictures

COLUMNS = 6
_TILE = 128
_LINE = 14


def find(answered, n):
  """Returns the indices of the n worst answers, the worst first.

  Args:
    answered: as returned by `evaluate.answers`.
    n: how many at most.

  Returns:
    int `[<= n]`: the greatest rotation errors; without poses the wrong answers
    in which the model had the most confidence, and wrong ones alone.
  """
  if 'rotation_error' in answered:
    return np.argsort(-answered['rotation_error'], kind='stable')[:n]
  order = np.argsort(-answered['confidence'], kind='stable')
  wrong = answered['label'] != answered['predicted_label']
  return order[wrong[order]][:n]


def picture(batches, answered, class_names, n=18):
  """Draws the worst answers: the image, what is true, what was said.

  Args:
    batches: the data set of {'image'} batches that was answered, images uint8
      or float in [-1, 1].
    answered: as returned by `evaluate.answers`.
    class_names: by label.
    n: how many at most.

  Returns:
    uint8 `[height, width, 3]`, `COLUMNS` cases in a row; None where no answer
    is wrong.
  """
  indices = find(answered, n)
  if not len(indices):
    return None
  images = _images(batches, indices)
  rows = -(-len(indices) // COLUMNS)
  height = _TILE + 3 * _LINE + 4
  canvas = Image.new('RGB', (COLUMNS * (_TILE + 4), rows * height), 'white')
  draw = ImageDraw.Draw(canvas)
  font = ImageFont.load_default()
  for position, index in enumerate(indices):
    left = position % COLUMNS * (_TILE + 4)
    top = position // COLUMNS * height
    tile = Image.fromarray(images[index]).resize(
      (_TILE, _TILE), Image.Resampling.NEAREST
    )
    canvas.paste(tile, (left, top))
    for line, text in enumerate(_texts(answered, index, class_names)):
      place = left + 2, top + _TILE + 2 + line * _LINE
      draw.text(place, text, fill='black', font=font)
  return np.asarray(canvas)


def _texts(answered, index, class_names):
  true, said = answered['label'][index], answered['predicted_label'][index]
  texts = [
    f'is {class_names[true]}',
    f'said {class_names[said]} {answered["confidence"][index]:.0%}',
  ]
  if 'rotation_error' in answered:
    texts.append(f'{answered["rotation_error"][index]:.1f} deg off')
  return texts


def _images(batches, indices):
  """Returns uint8 RGB images by index."""
  wanted, found, start = set(indices.tolist()), {}, 0
  for batch in batches:
    images = batch['image'].numpy()
    for index in wanted.intersection(range(start, start + len(images))):
      image = images[index - start]
      if image.dtype != np.uint8:
        image = pictures.to_uint8(image)
      image = image[..., :3]
      found[index] = np.repeat(image, 3, -1) if image.shape[-1] == 1 else image
    start += len(images)
  return found
