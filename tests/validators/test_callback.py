"""Validators in `fit`, and the weights that a checkpoint keeps by one."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import data, validators
from pixelda_tf.errors import UserError
from pixelda_tf.methods import CycleGAN, SourceOnly
from pixelda_tf.networks import mnist_classifier
from pixelda_tf.validators import callback

BY = 'information_maximization'


@pytest.fixture
def images():
  return np.random.default_rng(0).integers(
    256, size=(2, 24, 28, 28, 1), dtype=np.uint8
  )


def test_a_checkpoint_is_kept_by_a_validator(images, tmp_path):
  """Of four epochs the one whose answers score highest."""
  source, target = images
  batches = data.pair((source, np.arange(24) % 3), target, batch_size=8)
  model = SourceOnly(
    image_shape=(28, 28, 1), n_classes=3, task=mnist_classifier
  )
  model.compile(tf.keras.optimizers.SGD(0.5))
  path = tmp_path / 'best.weights.h5'
  history = model.fit(
    batches,
    steps_per_epoch=2,
    epochs=4,
    verbose=0,
    callbacks=[
      validators.LogValidators(target),
      tf.keras.callbacks.ModelCheckpoint(
        str(path),
        monitor=f'val_{BY}',
        mode='max',
        save_best_only=True,
        save_weights_only=True,
      ),
    ],
  ).history
  assert {f'val_{name}' for name in callback.OF_ANSWERS} <= set(history)
  assert len(set(history[f'val_{BY}'])) == 4
  model.load_weights(str(path))
  answers = model.predict(target, verbose=0)['probabilities']
  found = validators.scores.information_maximization(answers)
  assert found == pytest.approx(max(history[f'val_{BY}']), rel=1e-5)


def test_what_looks_at_more_than_answers_is_told(images):
  with pytest.raises(UserError, match="'class_ami' is none of entropy, "):
    validators.LogValidators(images[1], ['class_ami'])


def test_a_method_that_answers_nothing_is_told(images):
  log = validators.LogValidators(images[1])
  log.set_model(CycleGAN(image_shape=(28, 28, 1), n_classes=0))
  with pytest.raises(UserError, match='CycleGAN'):
    log.on_epoch_end(0, {})


def test_too_few_images_are_told(images):
  log = validators.LogValidators(images[1][:2])
  log.set_model(
    SourceOnly(image_shape=(28, 28, 1), n_classes=3, task=mnist_classifier)
  )
  with pytest.raises(UserError, match='it needs 3 images .* there are 2'):
    log.on_epoch_end(0, {})
