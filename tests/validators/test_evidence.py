"""What validators are given: answers, and pixels at fixed places."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import validators
from pixelda_tf.errors import UserError
from pixelda_tf.problems import Classification, Segmentation
from pixelda_tf.validators import Answers, Evidence, evidence


class Maps:
  """Answers each pixel by itself, and has features of half the size."""

  problem = Segmentation()
  image_shape = (8, 6, 1)

  def __call__(self, images):
    return {
      'logits': tf.concat([images, -images], -1),
      'features': images[:, ::2, ::2],
    }


class Vectors:
  """Answers the mean of an image; features are its first pixels."""

  problem = Classification()
  image_shape = (8, 6, 1)

  def __call__(self, images):
    mean = tf.reduce_mean(images, axis=(1, 2))
    return {'logits': tf.concat([mean, -mean], -1), 'features': images[:, :2]}


def collect(method, *arrays):
  return validators.collect(validators.compiled_answers(method), *arrays)


@pytest.fixture
def images():
  random = np.random.default_rng(0)
  return random.uniform(-1, 1, (5, 8, 6, 1)).astype(np.float32)


def test_answers_are_of_every_image(images):
  labels = np.arange(5)
  found = collect(Vectors(), images, labels)
  mean = images.mean(axis=(1, 2, 3))
  expected = 1 / (1 + np.exp(-2 * mean))
  np.testing.assert_allclose(found.probabilities[:, 0], expected, rtol=1e-5)
  assert found.features.shape == (5, 12)
  np.testing.assert_array_equal(found.labels, labels)


def test_of_maps_they_are_of_pixels_at_the_same_places(images):
  """Of features, which are half as large, of the place that holds the pixel."""
  found = collect(Maps(), images)
  assert found.probabilities.shape == (5 * evidence.PIXELS, 2)
  again = collect(Maps(), images)
  np.testing.assert_array_equal(found.probabilities, again.probabilities)
  of_pixels = 1 / (1 + np.exp(-2 * images[..., 0]))
  for i, image in enumerate(of_pixels):
    own = found.probabilities[i * evidence.PIXELS :][: evidence.PIXELS, 0]
    near = np.abs(own[:, np.newaxis] - image.ravel()).min(axis=1)
    assert near.max() < 1e-6
  assert found.features.shape == (5 * evidence.PIXELS, 1)
  coarse = np.repeat(np.repeat(images[:, ::2, ::2], 2, axis=1), 2, axis=2)
  same = collect(Maps(), coarse)  # Each pixel is its place's.
  expected = 1 / (1 + np.exp(-2 * same.features))
  np.testing.assert_allclose(same.probabilities[:, :1], expected, rtol=1e-5)


def test_pixels_that_are_not_known_are_left_out(images):
  labels = np.zeros(images.shape, np.int32)
  labels[:, :, 3:] = 255
  found = collect(Maps(), images, labels)
  assert 0 < len(found.labels) < 5 * evidence.PIXELS
  assert len(found.probabilities) == len(found.features) == len(found.labels)
  assert set(found.labels) == {0}


@pytest.fixture
def candidates():
  """Evidence of three models."""
  random = np.random.default_rng(0)

  def answers(n):
    p = random.dirichlet(np.ones(3), n)
    return Answers(p, random.normal(size=(n, 4)), random.integers(3, size=n))

  return [
    Evidence(answers(30), answers(20), answers(10), 0.1 * i) for i in range(3)
  ]


def test_every_validator_scores_every_model(candidates):
  found = validators.score_all(candidates, validators.COMBINED)
  assert tuple(found) == validators.NAMES
  for scores in found.values():
    assert len(scores) == 3 and np.isfinite(scores).all()
  assert found['source_score'] == [0.0, 0.1, 0.2]


def test_labels_of_the_target_are_not_looked_at(candidates):
  wrong = [
    dataclasses.replace(e, target=dataclasses.replace(e.target, labels=None))
    for e in candidates
  ]
  by = validators.COMBINED
  assert validators.score_all(wrong, by) == validators.score_all(candidates, by)


def test_what_a_validator_lacks_is_told(candidates):
  without_source = [Evidence(e.target) for e in candidates]
  for name in ('source_score', 'reverse_validation', 'combined'):
    with pytest.raises(UserError, match=f'{name}: it needs labelled source'):
      validators.score_all(without_source, name)
  target = dataclasses.replace(candidates[0].target, features=None)
  without_features = [dataclasses.replace(candidates[0], target=target)]
  for name in ('class_ami', 'combined'):
    with pytest.raises(UserError, match=f"{name}: it needs features.*'feat"):
      validators.score_all(without_features, name)
  assert set(validators.score_all(without_features, 'entropy')) == {
    'source_score',
    'entropy',
    'information_maximization',
    'batch_nuclear_norm',
    'soft_neighborhood_density',
    'ensemble_agreement',
  }


@pytest.mark.parametrize('part', ['target', 'source_validation'])
def test_too_few_images_are_told(candidates, part):
  """Fewer than classes, which are three."""
  answers = getattr(candidates[0], part)
  few = Answers(answers.probabilities[:2], answers.features[:2], [0, 1])
  evidence = [dataclasses.replace(candidates[0], **{part: few})]
  with pytest.raises(UserError, match='it needs 3 images .*, there are 2'):
    validators.score_all(evidence, 'deep_embedded_validation')


def test_answers_that_are_no_numbers_are_seen(candidates):
  good = candidates[0].target
  assert good.are_finite
  for name in ('probabilities', 'features'):
    bad = getattr(good, name).copy()
    bad[3, 1] = np.nan
    assert not dataclasses.replace(good, **{name: bad}).are_finite
