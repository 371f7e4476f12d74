"""A Keras model that checks what users give it."""

import functools
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS, door
from pixelda_tf.fields.forms import images_of_any_range
from pixelda_tf.fields.images import can_match_channels, prepare
from pixelda_tf.graph_errors import told
from pixelda_tf.methods import user_data
from pixelda_tf.networks import ImageShape
from pixelda_tf.problems import Problem


def _as_keras(method):
  """Gives a method the signature of Keras's of that name."""
  return functools.wraps(getattr(tf.keras.Model, method.__name__), ())(method)


class CheckedModel(tf.keras.Model):
  """Takes images and labels in every form that `door.take` brings to one.

  Arrays are checked at once, the batches of a data set in its pipeline, beside
  the steps: these see images as `fields.prepare` takes them, `[n, height,
  width, channels]`, uint8 or float in [-1, 1], and int32 labels.

  Attributes:
    image_shape: (height, width, channels) of whole images, sides may be None.
    network_shape: that with which networks are built.
    n_classes: number of classes.
    problem: what is learnt.
  """

  image_shape: ImageShape
  network_shape: ImageShape
  n_classes: int
  problem: Problem

  def __call__(self, images: Any, *args: Any, **kwargs: Any) -> Any:
    """Calls `call` with images in [-1, 1], in their size.

    Methods call themselves so: values are not looked at.
    """
    if not (tf.is_tensor(images) and tf.is_symbolic_tensor(images)):
      taken = images_of_any_range(tf.convert_to_tensor(images), 'call: ')
      own_size = None, None, self.image_shape[-1]
      images = prepare(taken, own_size)
    return super().__call__(images, *args, **kwargs)

  @_as_keras
  def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
    """As `tf.keras.Model.fit`, of batches as those of `data.pair`."""
    x = user_data.each(x, self._training_batch)
    validation = kwargs.get('validation_data')
    if isinstance(validation, (tuple, list)):
      kwargs['validation_data'] = self._labelled_batch(True, *validation)
    elif validation is not None:
      kwargs['validation_data'] = user_data.each(
        validation, self._labelled_batch
      )
    with told():
      return super().fit(x, *args, **kwargs)

  @_as_keras
  def evaluate(
    self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any
  ) -> Any:
    """As `tf.keras.Model.evaluate`, of images and labels."""
    if y is not None:
      x, y = self._labelled_batch(True, x, y)
    elif not kwargs.get('_use_cached_eval_dataset'):  # `fit` has checked it.
      x = user_data.each(x, self._labelled_batch)
    with told():
      return super().evaluate(x, y, *args, **kwargs)

  @_as_keras
  def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
    """As `tf.keras.Model.predict`, of images."""
    x = user_data.each(x, self._image_batch)
    with told():
      return super().predict(x, *args, **kwargs)

  def train_on_batch(self, x: Any, *args: Any, **kwargs: Any) -> Any:
    """As `tf.keras.Model.train_on_batch`, of a batch as those of `fit`."""
    batch = self._training_batch(True, x)
    return super().train_on_batch(batch, *args, **kwargs)

  def test_on_batch(
    self, x: Any, y: Any = None, *args: Any, **kwargs: Any
  ) -> Any:
    """As `tf.keras.Model.test_on_batch`, of images and labels."""
    if y is None:
      x = self._labelled_batch(True, x)
    else:
      x, y = self._labelled_batch(True, x, y)
    return super().test_on_batch(x, y, *args, **kwargs)

  def predict_on_batch(self, x: Any) -> Any:
    """As `tf.keras.Model.predict_on_batch`, of images."""
    return super().predict_on_batch(self._image_batch(True, x))

  def prepared(self, images: tf.Tensor) -> tf.Tensor:
    """Returns what the door took as networks take it, in `image_shape`."""
    return prepare(images, self.image_shape)

  def prepared_truth(
    self, examples: Mapping[str, tf.Tensor]
  ) -> dict[str, tf.Tensor]:
    """Returns what is learnt of what the door took, maps in their own size."""
    own_size = None, None, self.image_shape[-1]
    return {
      name: FIELDS[name].prepare(examples[name], own_size)
      for name in self.problem.targets
      if name in examples
    }

  def _labelled_batch(self, first, *parts):
    """Returns (images, labels, *weights), or a dict of what is learnt."""
    targets = self.problem.targets
    data, *others = parts
    if others:
      data = {'image': data, targets[0]: others[0]}
    data = _named(data, 'evaluate: ')
    if targets[0] not in data:
      noun = FIELDS[targets[0]].noun
      raise UserError(
        f'evaluate: no {noun}: give (images, {noun}), or a dict with image and '
        f'{targets[0]}'
      )
    names = 'image', *targets
    wanted = {name: data[name] for name in names if name in data}
    taken = self._taken(wanted, 'evaluate: ')
    door.warn_of_unsigned(taken['image'], first)
    return (*taken.values(), *others[1:]) if others else taken

  def _image_batch(self, first, *parts):
    """Returns the images of a batch."""
    images = _named(parts[0], 'predict: ')['image']
    taken = self._taken({'image': images}, 'predict: ')['image']
    door.warn_of_unsigned(taken, first)
    return taken

  def _training_batch(self, first, *parts):
    """Returns a batch by role, each of prepared fields."""
    del first  # Of one domain's range `pair` is the judge.
    batch = parts[0]
    if len(parts) > 1 or not (isinstance(batch, Mapping) and 'source' in batch):
      raise UserError(
        'fit takes batches of data.pair(source, target): {"source": {"image", '
        '"label"}, "target": {"image"}}'
      )
    return {
      role: dict(examples) | self._training_examples(role, examples)
      for role, examples in batch.items()
    }

  def _training_examples(self, role, examples):
    named = door.named(examples, f'{role}: ')
    shape = tf.TensorShape([None, *self.network_shape])
    found = named['image'].shape
    taken = door.take(named, self.n_classes, f'{role}: ')
    if not shape.is_compatible_with(taken['image'].shape):
      raise UserError(
        f'{role}: images are [height, width, channels] {list(found)[1:]}, the '
        f'method was made for {list(self.network_shape)}: give it image_shape='
        f'{tuple(found[1:])}'
      )
    return fields.prepare(taken, self.network_shape)

  def _taken(self, batch, where):
    """Returns `door.take` of images that can be seen, and what is theirs."""
    taken = door.take(batch, self.n_classes, where)
    found, wanted = taken['image'].shape[-1], self.image_shape[-1]
    if found is not None and not can_match_channels(found, wanted):
      raise UserError(
        f'{where}images of {found} channels cannot become {wanted}, for which '
        'the method was made'
      )
    return taken


def _named(data, where):
  """Returns a dict of fields; a list is one of images, as Keras has it."""
  if not isinstance(data, Mapping):
    data = {'image': data}
  return door.named(data, where)
