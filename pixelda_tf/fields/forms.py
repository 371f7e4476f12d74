"""What a user may have of each field, brought to one form, or refused.

The functions take a batch of values, the number of classes, None where it is
not known, and what messages begin with, as 'source: '. They return what
`Field.prepare` takes. In a graph they refuse by `graph_errors.require`.
"""

import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.graph_errors import require

# How far outside of [-1, 1] an image may be by rounding: half of what one of
# its 8 bits is.
_ROUNDING = 0.5 / 127.5
_IMAGES = 'images must be uint8, or float in [-1, 1]; these are'


def images(
  values: tf.Tensor, n_classes: int | None, where: str = ''
) -> tf.Tensor:
  """Images have to be uint8, or float in [-1, 1].

  Returns:
    The values, `[n, height, width, channels]`.

  Raises:
    UserError: they are not such.
  """
  del n_classes
  values = images_of_any_range(values, where)
  if values.dtype == tf.uint8:
    return values

  described = f'{where}{_IMAGES} {values.dtype.name}'
  finite = tf.math.is_finite(values)
  require(
    tf.reduce_all(finite),
    f'{described}, {{}} values of them NaN or infinite',
    lambda: [tf.math.count_nonzero(~finite)],
  )
  require(
    tf.reduce_all(tf.abs(values) <= 1 + _ROUNDING),
    f'{described} in [{{}}, {{}}]; of what is in [0, 255] make uint8, or '
    'divide it by 127.5 and subtract 1',
    lambda: [tf.reduce_min(values), tf.reduce_max(values)],
  )
  return values


def images_of_any_range(values: tf.Tensor, where: str = '') -> tf.Tensor:
  """As `images`, of what can be seen without looking at the values."""
  shape = values.shape
  if shape.rank == 3 and shape[2] in (1, 3, 4) and (shape[1] or 0) > 4:
    raise UserError(
      f'{where}images must be [n, height, width, channels], these are '
      f'{_shape(values)}, which looks like one image: write image[np.newaxis], '
      'or batch the data set'
    )
  values = _with_channel(values, 'images', where)
  if 0 in values.shape[1:]:
    raise UserError(f'{where}images {_shape(values)} have no pixel')
  if values.dtype != tf.uint8 and not values.dtype.is_floating:
    raise UserError(
      f'{where}{_IMAGES} {values.dtype.name}: make uint8 in [0, 255] of them'
    )
  return values


def images_of_unit_range(values: tf.Tensor, where: str = '') -> tf.Tensor:
  """Returns float images that have to be in [0, 1], brought to [-1, 1].

  Raises:
    UserError: they are not such.
  """
  near = (values >= -_ROUNDING / 2) & (values <= 1 + _ROUNDING / 2)
  sound = require(
    tf.reduce_all(near),
    f'{where}images must be float in [0, 1], these are in [{{}}, {{}}]: where '
    'they are in [0, 255] divide them by 255, where in [-1, 1] write '
    '(images + 1) / 2',
    lambda: [tf.reduce_min(values), tf.reduce_max(values)],
  )
  with tf.control_dependencies(sound):
    return 2.0 * values - 1.0


def labels(
  values: tf.Tensor, n_classes: int | None, where: str = ''
) -> tf.Tensor:
  """Labels have to be integers of the classes, of any type.

  Returns:
    int32 `[n]`.

  Raises:
    UserError: they are not such.
  """
  _require_number(values, 'labels', '[n]', where)
  values = _flat(values, where)
  limit = tf.int32.max if n_classes is None else n_classes
  return tf.cast(_of_classes(values, limit, n_classes, where), tf.int32)


def masks(
  values: tf.Tensor, n_classes: int | None, where: str = ''
) -> tf.Tensor:
  """Masks have to be of two values: bool, 0 and 1, or 0 and 255.

  Returns:
    The values, `[n, height, width, 1]`.

  Raises:
    UserError: they are not such.
  """
  del n_classes
  values = _with_channel(values, 'masks', where, channels=1)
  if values.dtype == tf.bool:
    return values
  _require_number(values, 'masks', '[n, height, width]', where, ' or bool')
  high = tf.reduce_max(values)
  top = tf.cast(high, tf.float64)
  require(
    tf.reduce_all((values == 0) | (values == high))
    & tf.reduce_any(top == tf.constant([0, 1, 255], tf.float64)),
    f'{where}masks must have two values, 0 and 1 or 0 and 255; these have {{}}'
    ': write mask > 127, or what else is the object',
    lambda: [tf.unique(tf.reshape(tf.cast(values, tf.float64), [-1])).y],
  )
  return values


def poses(
  values: tf.Tensor, n_classes: int | None, where: str = ''
) -> tf.Tensor:
  """Poses have to be unit quaternions.

  Returns:
    The values, `[n, 4]`.

  Raises:
    UserError: they are not such.
  """
  del n_classes
  if not (values.dtype.is_floating and values.shape[1:] == [4]):
    raise UserError(
      f'{where}poses must be float [n, 4], these are {values.dtype.name} '
      f'{_shape(values)}'
    )
  wrong = ~(tf.abs(tf.norm(values, axis=1) - 1) < 0.01)
  require(
    ~tf.reduce_any(wrong),
    f'{where}pose {{}} of example {{}} must be a unit quaternion',
    lambda: (tf.boolean_mask(values, wrong)[0], _first(wrong)),
  )
  return values


def label_maps(
  values: tf.Tensor, n_classes: int | None, where: str = ''
) -> tf.Tensor:
  """Label maps have to be integers of the classes, or ignored.

  Returns:
    The values, `[n, height, width, 1]`.

  Raises:
    UserError: they are not such.
  """
  values = _with_channel(values, 'label maps', where, channels=1)
  _require_number(values, 'label maps', '[n, height, width]', where)
  limit = IGNORE if n_classes is None else n_classes
  return _of_classes(values, limit, n_classes, where, ignored=True)


def _of_classes(values, limit, n_classes, where, ignored=False):
  """Returns values that are integers in [0, limit), if such they are."""
  what = ' in the label map' if ignored else ''
  # Types of 8 and 16 bits cannot have every limit.
  wide = values
  if not values.dtype.is_floating:
    wide = tf.cast(values, tf.int32 if values.dtype.size < 4 else tf.int64)
  last = tf.constant(limit, wide.dtype)
  sound = (wide >= 0) & (wide < last)
  if ignored:
    sound |= wide == IGNORE
  if values.dtype.is_floating:
    fractional = ~(tf.floor(values) == values)
    require(
      ~tf.reduce_any(fractional),
      f'{where}label {{}}{what} of example {{}} must be an integer',
      lambda: _example(values, fractional),
    )
  if n_classes is not None and not ignored:
    require(
      ~(
        tf.reduce_any(wide == last) & tf.reduce_all((wide > 0) & (wide <= last))
      ),
      f'{where}labels are in {{}}..{n_classes}, of {n_classes} classes they '
      f'must be in 0..{n_classes - 1}: where they count from 1, subtract 1',
      lambda: [tf.reduce_min(values)],
    )
  expected = '0 or more' if n_classes is None else f'in 0..{limit - 1}'
  if ignored:
    expected = f'in 0..{limit - 1}, or {IGNORE}'
  require(
    tf.reduce_all(sound),
    f'{where}label {{}}{what} of example {{}} must be {expected}',
    lambda: _example(values, ~sound),
  )
  return values


def _example(values, wrong):
  """Returns the first wrong value and the example that has it."""
  others = tf.range(1, tf.rank(wrong))
  return tf.boolean_mask(values, wrong)[0], _first(tf.reduce_any(wrong, others))


def _first(wrong):
  return tf.argmax(tf.cast(wrong, tf.int32))


def _flat(labels, where):
  """Returns labels `[n]` of `[n]` or `[n, 1]`."""
  shape = labels.shape
  if shape.rank is not None and None not in shape[1:]:
    if shape.rank == 0 or shape[1:] not in ([], [1]):
      raise UserError(
        f'{where}labels must be integers [n], these are {labels.dtype.name} '
        f'{_shape(labels)}; of one number a class write labels.argmax(-1)'
      )
    return labels if shape.rank == 1 else labels[:, 0]
  found = tf.shape(labels)
  sound = require(
    tf.size(labels) == found[0],
    f'{where}labels must be integers [n], these are {labels.dtype.name} {{}}; '
    'of one number a class write labels.argmax(-1)',
    lambda: [found],
  )
  with tf.control_dependencies(sound):
    return tf.reshape(labels, [-1])


def _with_channel(values, noun, where, channels=None):
  """Returns `[n, height, width, channels]`, also of `[n, height, width]`."""
  rank = values.shape.rank
  shape = '[n, height, width] or [n, height, width, ' + (
    'channels]' if channels is None else f'{channels}]'
  )
  text = f'{where}{noun} must be {shape}, these are {values.dtype.name} '
  if rank is None:
    found = tf.shape(values)
    is_sound = (tf.size(found) == 3) | (tf.size(found) == 4)
    sound = require(is_sound, f'{text}{{}}', lambda: [found])
    with tf.control_dependencies(sound):
      values = tf.reshape(values, tf.concat([found, [1]], 0)[:4])
    values = tf.ensure_shape(values, [None] * 4)
  elif rank == 3:
    values = values[..., tf.newaxis]
  elif rank != 4:
    raise UserError(f'{text}{_shape(values)}')
  if channels is not None and values.shape[-1] is None:
    found = tf.shape(values)
    sound = require(found[-1] == channels, f'{text}{{}}', lambda: [found])
    with tf.control_dependencies(sound):
      values = tf.ensure_shape(values, [None, None, None, channels])
  elif channels is not None and values.shape[-1] != channels:
    raise UserError(f'{text}{_shape(values)}')
  return values


def _require_number(values, noun, shape, where, others=''):
  if not (values.dtype.is_integer or values.dtype.is_floating):
    raise UserError(
      f'{where}{noun} must be integers {shape}{others}, these are '
      f'{values.dtype.name} {_shape(values)}'
    )


def _shape(values):
  if values.shape.rank is None:
    return 'of unknown shape'
  sides = ['n' if side is None else str(side) for side in values.shape]
  return f'[{", ".join(sides)}]'
