"""SavedModels that take and give uint8 images.

Whatever a signature is given, TensorFlow first makes what it takes of it, and
says nothing: NumPy's floats in [0, 1] become 0 and 1, others lose their
fraction or wrap, 300 becomes 44. `predict_float` takes floats, and checks that
they are in [0, 1].
"""

import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from pixelda_tf import atomic, locks, saved_models
from pixelda_tf.datasets.names import nfc
from pixelda_tf.errors import UserError
from pixelda_tf.fields import forms
from pixelda_tf.fields.images import match_shape, prepare_images, to_uint8
from pixelda_tf.methods.base import Method

# Where a SavedModel has what is not loaded with it.
CLASS_NAMES = 'assets.extra/class_names.txt'
SCORED = 'assets.extra/scored_classes.txt'


class Servable:
  """A method with its pre- and postprocessing, as signatures."""

  def __init__(self, method: Method):
    """Keeps the method."""
    self.method = method
    self._image_shape = method.image_shape

  def predict(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """Predicts target images.

    Args:
      images: uint8 `[n, height, width, 1, 3 or 4]`; another size or number of
        channels than the method's is converted as in training. Of other numbers
        TensorFlow makes uint8 without a word, see above.

    Returns:
      As `Problem.default_predictions`, maps of pixels in the images' size.
    """
    return self._predictions(self._prepare(images), images)

  def predict_float(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """As `predict`, of float images.

    Args:
      images: float32 `[n, height, width, 1, 3 or 4]` in [0, 1]; it fails on
        others, NaN among them, and tells what they are.
    """
    signed = forms.images_of_unit_range(images, 'predict_float: ')
    return self._predictions(match_shape(signed, self._image_shape), images)

  def requested(self, name: str, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """Predicts of target images what is there `on_request` alone.

    Args:
      name: of the prediction.
      images: as `predict`.
    """
    size = tf.shape(images)[1:3]

    def predictions(prepared):
      outputs = self.method(prepared)
      return {name: self.method.problem.predictions(outputs, size)[name]}

    return _of_any_count(predictions, self._prepare(images))

  def translate(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """Translates source images with fresh noise.

    Args:
      images: as `predict`.

    Returns:
      {'images': uint8 `[n, height, width, channels]` at the method's size}.
    """
    translated = _of_any_count(self.method.translate, self._prepare(images))
    return {'images': to_uint8(translated)}

  def translate_back(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """Translates target images to the source's style, as `translate`."""
    translated = _of_any_count(
      self.method.translate_back, self._prepare(images)
    )
    return {'images': to_uint8(translated)}

  def _predictions(self, prepared, images):
    size = tf.shape(images)[1:3]
    return _of_any_count(
      lambda some: self.method.predictions(some, size), prepared
    )

  def _prepare(self, images):
    return prepare_images(images, image_shape=self._image_shape)


def _of_any_count(function, images):
  """Applies a function to a batch of images, of which there may be none.

  Some of TensorFlow's convolutions fail on no image: a grey one stands in.
  """
  count = tf.shape(images)[0]
  paddings = [[0, tf.maximum(1 - count, 0)], [0, 0], [0, 0], [0, 0]]
  padded = tf.ensure_shape(tf.pad(images, paddings), images.shape)
  return tf.nest.map_structure(lambda tensor: tensor[:count], function(padded))


def export(
  method: Method, directory: str, class_names: Sequence[str] = ()
) -> None:
  """Writes a SavedModel that loads without this package.

  Beside `predict` and `predict_float` there is a signature for each prediction
  that is only `on_request`, and for the directions in which the method
  translates. Where the problem's metrics are of some classes alone, `SCORED`
  names them.

  Args:
    method: a trained `Method`.
    class_names: by label, one a line of `CLASS_NAMES`.
    directory: where to; one that is there is replaced when the new one is
      complete. A process that writes there is waited for.

  Raises:
    UserError: the disk is full or cannot be written.
  """
  servable = Servable(method)
  shape = [None, None, None, None]
  functions: dict[str, Callable] = {'predict': servable.predict}
  for name in method.problem.on_request:
    functions[name] = functools.partial(servable.requested, name)
  if method.translates:
    functions['translate'] = servable.translate
  if method.translates_back:
    functions['translate_back'] = servable.translate_back
  types = {name: (function, tf.uint8) for name, function in functions.items()}
  types['predict_float'] = servable.predict_float, tf.float32
  signatures = {
    name: tf.function(function, autograph=False).get_concrete_function(
      tf.TensorSpec(shape, dtype, 'images')
    )
    for name, (function, dtype) in types.items()
  }
  # What they use is saved, not the method: that has optimizers and networks
  # which are there for training alone, and Keras would trace every layer.
  saved = tf.Module()
  used = {
    variable.ref(): variable
    for signature in signatures.values()
    for variable in signature.graph.variables
  }
  # TensorFlow has them in no order, and an export is to be the same each time.
  place = {v.ref(): number for number, v in enumerate(method.variables)}
  saved.variables_used = sorted(
    used.values(), key=lambda v: (place.get(v.ref(), len(place)), v.name)
  )
  with (
    atomic.full_disk_reported(
      directory,
      'the export',
      'what was there is untouched: make room or name another directory',
    ),
    locks.hold(locks.beside(directory), directory),
    atomic.new_directory(directory) as partial,
  ):
    tf.saved_model.save(
      saved,
      partial,
      signatures={'serving_default': signatures['predict']} | signatures,
    )
    names = pathlib.Path(partial, CLASS_NAMES)
    names.parent.mkdir()
    names.write_text(''.join(f'{name}\n' for name in class_names), 'utf-8')
    if method.problem.scored is not None:
      scored = ''.join(f'{name}\n' for name in method.problem.scored)
      pathlib.Path(partial, SCORED).write_text(scored, 'utf-8')


def class_names(directory: str) -> tuple[str, ...] | None:
  """Returns the names of an export's classes, in NFC, None without any."""
  path = pathlib.Path(directory, CLASS_NAMES)
  if not path.is_file():
    return None
  return tuple(nfc(path.read_text('utf-8')).splitlines()) or None


def load(directory: str) -> dict[str, Any]:
  """Loads an export.

  Args:
    directory: written by `export`.

  Returns:
    dict of signature names to functions of `images=`, uint8, but for
    'predict_float'.

  Raises:
    UserError: there is no SavedModel.
  """
  if not tf.saved_model.contains_saved_model(directory):
    raise UserError(
      f'{directory}: no SavedModel here; export a run with python -m '
      'pixelda_tf.export --run_dir=...'
    )
  saved_models.check(directory)
  return tf.saved_model.load(directory).signatures
