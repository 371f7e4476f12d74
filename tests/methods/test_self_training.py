"""Who labels whom, what is learnt of it, and what moves."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.methods import SelfTraining, SourceOnly
from pixelda_tf.networks import residual_generator
from pixelda_tf.problems import Segmentation

IMAGE_SHAPE = (8, 8, 1)
N_CLASSES = 3
RATE = 0.5


@pytest.fixture
def build(build_networks):
  """Function of options to a method, with equal weights each time."""

  def build(kind=SelfTraining, **options):
    networks = [build_networks()[2] for _ in range(2)]
    options = {'task': lambda *_: networks.pop()} | options
    method = kind(image_shape=IMAGE_SHAPE, n_classes=N_CLASSES, **options)
    method.compile(tf.keras.optimizers.SGD(RATE))
    return method

  return build


@pytest.fixture
def batch_of(build_batch):
  """Function of a seed to a batch with a strong view."""

  def batch_of(seed):
    batch = build_batch(seed)
    batch['target']['strong_image'] = -batch['target']['image'][:, ::-1]
    return batch

  return batch_of


def entropies(logits, labels):
  logs = tf.nn.log_softmax(logits)
  return -tf.gather(logs, labels, batch_dims=1)


def test_steps_equal_those_by_hand(build, batch_of):
  """L = CE(source) + 2 mean(sure CE(strong, teacher's)), SGD; the average.

  In the first step nobody is sure: the teacher is none yet.
  """
  method = build(threshold=0.4, target_weight=2.0, momentum=0.6)
  student, teacher = build().task, build().teacher
  sure_of_steps = []
  for number in range(3):
    batch = batch_of(number)
    logits = teacher(batch['target']['image'])['logits']
    shares = tf.nn.softmax(logits).numpy()
    sure = (shares.max(axis=1) > 0.4) & (number > 0)
    sure_of_steps.append(sure)
    with tf.GradientTape() as tape:
      outputs = student(batch['source']['image'], training=True)
      loss = tf.reduce_mean(
        entropies(outputs['logits'], batch['source']['label'])
      )
      outputs = student(batch['target']['strong_image'], training=True)
      learnt = entropies(outputs['logits'], shares.argmax(axis=1))
      loss += 2.0 * tf.reduce_mean(tf.cast(sure, tf.float32) * learnt)
    variables = student.trainable_variables
    for variable, gradient in zip(
      variables, tape.gradient(loss, variables), strict=True
    ):
      variable.assign_sub(RATE * gradient)
    momentum = min(0.6, 1 - 1 / (number + 1))
    for average, weight in zip(teacher.weights, student.weights, strict=True):
      average.assign(momentum * average + (1 - momentum) * weight)
    logs = method.train_step(batch)
    assert float(logs['task/sure']) == pytest.approx(sure.mean())
    for name, network in (('task', student), ('teacher', teacher)):
      found = getattr(method, name).weights
      for one, other in zip(found, network.weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
  assert 0 < np.mean(sure_of_steps[1:]) < 1


def test_a_teacher_that_is_never_sure_leaves_source_only(build, batch_of):
  method, bound = build(threshold=1.0), build(SourceOnly)
  for number in range(3):
    method.train_step(batch_of(number))
    bound.train_step(batch_of(number))
  for one, other in zip(method.task.weights, bound.task.weights, strict=True):
    np.testing.assert_array_equal(one, other)


def test_the_teacher_predicts_and_gets_no_gradient(build, batch_of):
  method = build(threshold=0.0, momentum=0.9)
  for number in range(3):
    method.train_step(batch_of(number))
  images = batch_of(5)['target']['image']
  expected = method.teacher(images)['logits']
  np.testing.assert_array_equal(method(images)['logits'], expected)
  assert np.any(expected != method.task(images)['logits'])
  (player,) = method.players()
  assert {v.ref() for v in player.variables()} == {
    v.ref() for v in method.task.trainable_variables
  }
  method.step.assign(3)
  batch = batch_of(6)
  with tf.GradientTape() as tape:
    tape.watch(method.teacher.weights)
    terms, _ = method.task_losses(batch, method.shared(batch))
    total = tf.add_n(list(terms.values()))
  assert set(tape.gradient(total, method.teacher.weights)) == {None}


@pytest.mark.parametrize('noise_size', [0, 2])
def test_source_images_are_translated_on_the_fly(build, batch_of, noise_size):
  """And the generator, which comes from another row, does not move."""
  generator = functools.partial(residual_generator, filters=3, blocks=1)
  method = build(generator=generator, noise_size=noise_size)
  assert method.translates and method.needs == ('generator',)
  before = [w.numpy() for w in method.generator.weights]
  batch = batch_of(0)
  logs = method.train_step(batch)
  assert {'task/class', 'task/translated_class'} <= set(logs)
  for old, new in zip(before, method.generator.weights, strict=True):
    np.testing.assert_array_equal(old, new)
  images = batch['source']['image']
  fixed = method.translate(images, method.noise(4, seed=1))
  again = method.translate(images, method.noise(4, seed=1))
  np.testing.assert_array_equal(fixed, again)
  assert fixed.shape == images.shape
  assert not build().translates and build().needs == ()


def test_blocks_of_target_images_are_hidden(build, batch_of):
  method = build(mask_weight=0.5, mask_block=4, mask_ratio=0.25, threshold=0.0)
  images = tf.ones([500, 10, 8, 1])
  seen = method._masked(images).numpy()[..., 0]
  assert set(np.unique(seen)) == {0.0, 1.0}
  blocks = seen[:, ::4, ::4]
  np.testing.assert_array_equal(
    seen, blocks.repeat(4, axis=1).repeat(4, axis=2)[:, :10]
  )
  assert blocks.mean() == pytest.approx(0.75, abs=0.03)
  batch = batch_of(0)
  method.train_step(batch)
  logs = method.train_step(batch)
  assert float(logs['task/masked_class']) > 0
  assert 'task/masked_class' not in build(threshold=0.0).train_step(batch)


def test_answers_are_aligned_with_the_shares_of_the_source(build, batch_of):
  method = build(distribution_alignment=True, threshold=0.0)
  method.step.assign(1)
  batch = batch_of(0)
  labels = batch['source']['label'].numpy()
  shares = tf.nn.softmax(method.teacher(batch['target']['image'])['logits'])
  found = np.bincount(labels, minlength=N_CLASSES) / len(labels)
  of_source = 0.99 / 3 + 0.01 * found
  of_target = 0.99 / 3 + 0.01 * shares.numpy().mean(axis=0)
  weighted = shares * (of_source + 1e-6) / (of_target + 1e-6)
  expected = weighted / tf.reduce_sum(weighted, axis=1, keepdims=True)
  aligned = method.shares.align(shares, batch['source']['label'])
  np.testing.assert_allclose(aligned, expected, rtol=1e-5)
  np.testing.assert_allclose(method.shares.of_source, of_source, rtol=1e-5)
  ignored = tf.constant([0, IGNORE, 0, IGNORE])
  before = method.shares.of_source.numpy()
  method.shares.align(shares, ignored)
  np.testing.assert_allclose(
    method.shares.of_source, 0.99 * before + [0.01, 0, 0], rtol=1e-5
  )


def test_pixels_of_which_nobody_is_sure_are_ignored(batch_of):
  """The loss is the mean over all pixels of those that are sure."""

  def task(image_shape, n_classes):
    images = tf.keras.Input(image_shape)
    logits = tf.keras.layers.Conv2D(n_classes, 3, padding='same')(images)
    return tf.keras.Model(images, {'logits': logits})

  tf.keras.utils.set_random_seed(1)
  method = SelfTraining(
    image_shape=IMAGE_SHAPE,
    n_classes=N_CLASSES,
    problem=Segmentation(),
    task=task,
    threshold=0.5,
  )
  method.step.assign(1)
  batch = batch_of(0)
  labels = tf.zeros([4, 8, 8, 1], tf.int32)
  batch['source'] = {'image': batch['source']['image'], 'segmentation': labels}
  shared = method.shared(batch)
  shares = tf.nn.softmax(method.teacher(batch['target']['image'])['logits'])
  sure = shares.numpy().max(axis=-1) > 0.5
  assert 0.1 < sure.mean() < 0.9
  found = shared['segmentation'].numpy()[..., 0]
  np.testing.assert_array_equal(found[~sure], IGNORE)
  np.testing.assert_array_equal(
    found[sure], shares.numpy().argmax(axis=-1)[sure]
  )
  terms, monitors = method.task_losses(batch, shared)
  logits = method.task(batch['target']['strong_image'])['logits']
  logs = tf.nn.log_softmax(logits).numpy()
  chosen = np.take_along_axis(logs, np.where(sure, found, 0)[..., None], -1)
  expected = -(chosen[..., 0] * sure).mean()
  assert float(terms['target_pixels']) == pytest.approx(expected, rel=1e-5)
  assert float(monitors['sure']) == pytest.approx(sure.mean())


@pytest.mark.parametrize(
  'options', [{'threshold': 1.5}, {'momentum': -0.1}, {'mask_block': 0}]
)
def test_numbers_out_of_range_are_refused(build, options):
  (name,) = options
  with pytest.raises(ValueError, match=f'^SelfTraining.{name} is '):
    build(**options)


def test_the_teacher_follows_batch_normalisation(batch_of):
  """Without a memory it is the student, averages of batches as well."""

  def task(image_shape, n_classes):
    images = tf.keras.Input(image_shape)
    maps = tf.keras.layers.BatchNormalization()(images)
    features = tf.keras.layers.Flatten()(maps)
    outputs = {'logits': tf.keras.layers.Dense(n_classes)(features)}
    return tf.keras.Model(images, outputs)

  method = SelfTraining(
    image_shape=IMAGE_SHAPE, n_classes=N_CLASSES, task=task, momentum=0.0
  )
  method.compile(tf.keras.optimizers.SGD(RATE))
  mean = method.task.layers[1].moving_mean.numpy()
  for number in range(3):
    method.train_step(batch_of(number))
  assert np.any(method.task.layers[1].moving_mean.numpy() != mean)
  images = batch_of(5)['target']['image']
  np.testing.assert_array_equal(
    method.teacher(images)['logits'], method.task(images)['logits']
  )
