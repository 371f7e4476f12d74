import weakref

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import (
  CycleGANUDA,
  SourceOnly,
  TranslatedTask,
  TwoWayCycleGANUDA,
)
from pixelda_tf.methods.cyclegan_uda import mutual_information


def apply(network, images):
  """A generator's images, without the library's own helper."""
  return network([images, tf.zeros([len(images), 0])])


def softmax(outputs):
  exponents = np.exp(outputs['logits'].numpy().astype(np.float64))
  return exponents / exponents.sum(-1, keepdims=True)


def sure(method, scale=20.0):
  """Both task networks with larger weights: answers that differ."""
  for task in (method.task, method.source_task):
    task.get_layer('classes').kernel.assign(
      scale * task.get_layer('classes').kernel
    )
  return method


def test_two_steps_equal_an_update_by_hand(
  step_of, build_method, build_batch, cross_entropy
):
  """T learns source labels of translated images, which are as in inference."""
  method, twin = build_method(CycleGANUDA), build_method(CycleGANUDA)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  step = step_of(method)
  adam = tf.keras.optimizers.Adam(1e-2)
  for number in range(2):
    source = build_batch(number)['source']
    fake = apply(twin.source_to_target, source['image'])
    expected = cross_entropy(source['label'], twin.task(fake)['logits'])
    logs = step(build_batch(number))
    assert set(logs) == {'task/class', 'task/gradient_norm'}
    np.testing.assert_allclose(logs['task/class'], expected, rtol=1e-4)
    with tf.GradientTape() as tape:
      loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
        source['label'], twin.task(fake)['logits']
      )
    gradients = tape.gradient(loss, twin.task.trainable_variables)
    adam.apply_gradients(zip(gradients, twin.task.variables, strict=True))
  for ours, theirs in zip(method.weights, twin.weights, strict=True):
    if ours.dtype == tf.float32:
      np.testing.assert_allclose(ours, theirs, atol=1e-5, err_msg=ours.name)


@pytest.mark.parametrize(
  'kind, player, expected',
  [
    (CycleGANUDA, 'task', {'task': 1.0}),
    (TwoWayCycleGANUDA, 'task', {'task': 1.0}),
    (TwoWayCycleGANUDA, 'source_task', {'source_task': 1.0}),
  ],
)
def test_generators_do_not_move(
  kind, player, expected, build_method, build_batch, changed_by
):
  assert changed_by(build_method(kind), build_batch(), player) == expected


def test_no_term_has_a_gradient_for_a_generator(
  build_method, build_batch, reached
):
  assert reached(build_method(TwoWayCycleGANUDA), build_batch()) == {
    'task/class': {'task'},
    'source_task/class': {'source_task'},
  }


@pytest.mark.parametrize('kind', [CycleGANUDA, TwoWayCycleGANUDA])
def test_target_images_are_not_trained_on(kind, build_method, build_batch):
  found = []
  for seed in (0, 1):
    batch = build_batch()
    batch['target'] = build_batch(seed)['target']
    method = build_method(kind)
    method.compile(tf.keras.optimizers.SGD(0.1))
    found.append([float(v) for v in method.train_step(batch).values()])
  assert found[0] == found[1]


def test_what_it_answers_and_translates(build_method, build_batch):
  method = build_method(CycleGANUDA)
  assert method.predicts and method.translates and not method.translates_back
  images = build_batch()['target']['image']
  np.testing.assert_array_equal(
    method(images)['logits'], method.task(images)['logits']
  )
  np.testing.assert_array_equal(
    method.translate(images), apply(method.source_to_target, images)
  )
  with pytest.raises(NotImplementedError, match='does not translate back'):
    method.translate_back(images)
  assert method.select_without_labels(lambda count: [images]) == {}


def test_the_source_task_learns_source_images_as_they_are(
  build_method, build_batch, no_rate, cross_entropy
):
  method = build_method(TwoWayCycleGANUDA)
  method.compile(no_rate)
  source = build_batch()['source']
  logs = method.train_step(build_batch())
  assert set(logs) == {
    f'{player}/{term}'
    for player in ('task', 'source_task')
    for term in ('class', 'gradient_norm')
  }
  np.testing.assert_allclose(
    logs['source_task/class'],
    cross_entropy(
      source['label'], method.source_task(source['image'])['logits']
    ),
    rtol=1e-5,
  )


@pytest.mark.parametrize('weight', [0.0, 0.3, 1.0])
def test_the_two_way_answer_is_the_papers_formula(
  weight, build_method, build_batch
):
  """w softmax(T(x)) + (1 - w) softmax(T_s(F(x))), which sums to 1."""
  method = sure(build_method(TwoWayCycleGANUDA))
  assert float(method.combination_weight) == 0.5
  method.combination_weight.assign(weight)
  assert method.translates_back
  images = build_batch()['target']['image']
  back = apply(method.target_to_source, images)
  np.testing.assert_array_equal(method.translate_back(images), back)
  forward, backward = (
    softmax(method.task(images)),
    softmax(method.source_task(back)),
  )
  assert np.abs(forward - backward).max() > 0.05
  expected = weight * forward + (1 - weight) * backward
  found = method.predictions(images)['probabilities']
  np.testing.assert_allclose(found, expected, atol=1e-6)
  np.testing.assert_allclose(
    np.exp(method(images)['logits']), expected, atol=1e-6
  )


def test_a_two_way_answer_of_probability_0_stays_finite(
  build_method, build_batch
):
  method = build_method(TwoWayCycleGANUDA)
  for task in (method.task, method.source_task):
    task.get_layer('classes').bias.assign([0.0, 500.0, 0.0])
  images = build_batch()['target']['image']
  assert np.all(np.isfinite(method(images)['logits']))
  np.testing.assert_allclose(
    method.predictions(images)['probabilities'], [[0, 1, 0]] * 4, atol=1e-20
  )


def information(probabilities):
  """KL divergence of each answer from the mean answer, averaged."""
  mean = probabilities.mean(0)
  return np.mean(np.sum(probabilities * np.log(probabilities / mean), -1))


@pytest.mark.parametrize('count', [4, 300])
def test_selection_weighs_by_mutual_information(
  count, build_method, build_batch
):
  """Over all images, in batches or not; recomputed as a KL divergence.

  No batch is kept when the next one comes.
  """
  method = sure(build_method(TwoWayCycleGANUDA))
  images = build_batch(count=count)['target']['image']
  asked, batches = [], []

  def target_images(n):
    asked.append(n)
    for start in range(0, count, 50):
      batch = np.array(images[start : start + 50])
      batches.append(weakref.ref(batch))
      yield batch
      assert sum(reference() is not None for reference in batches) <= 2

  found = method.select_without_labels(target_images)
  forward = softmax(method.task(images))
  backward = softmax(method.source_task(apply(method.target_to_source, images)))
  best = information(forward) / (information(forward) + information(backward))
  assert 0.05 < best < 0.95
  assert found == {'combination_weight': pytest.approx(best)}
  np.testing.assert_allclose(method.combination_weight, best, rtol=1e-6)
  assert len(batches) == 2 * -(-count // 50)
  assert len(asked) == 2 and asked[0] == asked[1] > 0


@pytest.mark.parametrize(
  'forward, backward, expected',
  [
    ('sure', 'constant', 1.0),
    ('constant', 'sure', 0.0),
    ('sure', 'sure', 0.5),
    ('constant', 'constant', 0.5),
  ],
)
def test_selection_prefers_the_network_that_tells_images_apart(
  forward, backward, expected, build_method
):
  """Images are -1 or 1 everywhere; a sure network's class is the sign."""

  def task(image_shape, n_classes):
    images = tf.keras.Input(image_shape)
    pixels = tf.keras.layers.Flatten()(images)[:, :1]
    dense = tf.keras.layers.Dense(n_classes, kernel_initializer='zeros')
    return tf.keras.Model(images, {'logits': dense(pixels)})

  def same(image_shape, noise_size):
    images = tf.keras.Input(image_shape)
    noise = tf.keras.Input([noise_size])
    return tf.keras.Model([images, noise], tf.keras.layers.ReLU()(images) - 0.5)

  method = build_method(TwoWayCycleGANUDA, task=task, generator=same)
  kernels = {'sure': [[-40.0, 40.0, -80.0]], 'constant': [[0.0] * 3]}
  method.task.layers[-1].kernel.assign(kernels[forward])
  method.source_task.layers[-1].kernel.assign(kernels[backward])
  images = np.ones([6, 8, 8, 1], np.float32)
  images[:3] = -1
  found = method.select_without_labels(lambda n: [images[:n]])
  assert found == {'combination_weight': pytest.approx(expected)}


@pytest.mark.parametrize(
  'probabilities, expected',
  [
    (np.eye(4), np.log(4)),
    (np.repeat(np.eye(3), 5, axis=0), np.log(3)),
    (np.full([6, 3], 1 / 3), 0.0),
    (np.tile([[0.2, 0.8]], [5, 1]), 0.0),
    (np.eye(3)[[1, 1, 1]], 0.0),
    # H(1/4, 3/4) of the mean: three of four sure answers are the same.
    (np.eye(2)[[0, 1, 1, 1]], np.log(4) - 0.75 * np.log(3)),
    # H(1/2) less H(1/4, 3/4).
    (
      [[0.25, 0.75], [0.75, 0.25]],
      np.log(2) - (np.log(4) - 0.75 * np.log(3)),
    ),
  ],
  ids=['one-hot', 'more', 'uniform', 'same', 'one', 'unequal', 'unsure'],
)
def test_mutual_information_in_closed_form(probabilities, expected):
  found = mutual_information(probabilities)
  assert isinstance(found, float)
  np.testing.assert_allclose(found, expected, atol=1e-12)


def test_mutual_information_is_the_mean_divergence_from_the_mean_answer():
  random = np.random.default_rng(0)
  probabilities = random.dirichlet([0.5] * 5, size=40) * 0.99 + 0.002
  np.testing.assert_allclose(
    mutual_information(probabilities), information(probabilities), rtol=1e-9
  )
  assert 0 < mutual_information(probabilities.astype(np.float32)) < np.log(5)


def test_mutual_information_of_maps_is_that_of_their_pixels():
  """Whatever they are batched by, and one batch at a time."""
  random = np.random.default_rng(0)
  maps = random.dirichlet([0.5] * 3, size=(7, 4, 5))
  batches = (part for part in (maps[:4], maps[4:]))
  np.testing.assert_allclose(
    mutual_information(batches), information(maps.reshape(-1, 3)), rtol=1e-9
  )


def test_a_checkpoint_holds_the_combination_weight(build_method, tmp_path):
  one, other = (build_method(TwoWayCycleGANUDA) for _ in '12')
  one.combination_weight.assign(0.85)
  path = tf.train.Checkpoint(method=one).write(str(tmp_path / 'c'))
  tf.train.Checkpoint(method=other).read(path).expect_partial()
  np.testing.assert_allclose(other.combination_weight, 0.85, rtol=1e-6)


def test_translated_task_is_source_only_that_adapts():
  assert issubclass(TranslatedTask, SourceOnly)
  assert TranslatedTask.adapts and not TranslatedTask.translates
  assert TranslatedTask.role == 'unsupervised'
  method = TranslatedTask(image_shape=(8, 8, 1), n_classes=3)
  assert [player.name for player in method.players()] == ['task']
