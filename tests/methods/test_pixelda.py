import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.losses.adversarial import least_squares_loss
from pixelda_tf.losses.content import l1, masked_pairwise_mse, pairwise_mse
from pixelda_tf.methods import PixelDA
from pixelda_tf.networks import patch_discriminator

KEYS = {
  'discriminator/domain',
  'discriminator/accuracy_real',
  'discriminator/accuracy_fake',
  'discriminator/gradient_norm',
  'task/source_class',
  'task/translated_class',
  'task/gradient_norm',
  'generator/domain',
  'generator/translated_class',
  'generator/gradient_norm',
}
patches = functools.partial(patch_discriminator, filters=2, strides=(2,))

VARIANTS = {
  'paper digits': ({}, KEYS),
  'content loss': ({'content_weight': 0.1}, KEYS | {'generator/content'}),
  'no task in G': ({'task_weight': 0.0}, KEYS - {'generator/translated_class'}),
  'patches': ({'discriminator': patches}, KEYS),
  'class head': (
    {'discriminator': patches, 'class_head_weight': 0.5},
    KEYS | {'discriminator/class_head', 'generator/class_head'},
  ),
  'private layers': ({'private_task_layers': True}, KEYS),
  'no source in T': (
    {'source_task_weight': 0.0},
    KEYS - {'task/source_class'},
  ),
  'no source in T of private layers': (
    {'source_task_weight': 0.0, 'private_task_layers': True},
    KEYS - {'task/source_class'},
  ),
  'G without T': (
    {'generator_task_weight': 0.0},
    KEYS - {'generator/translated_class'},
  ),
  'semi-supervised': (
    {'semi_supervised': True},
    KEYS | {'task/target_class'},
  ),
  'T three times': ({'task_repeats': 3}, KEYS),
  'least squares': ({'adversarial_loss': least_squares_loss}, KEYS),
}


class Counted(tf.keras.Model):
  """A network that counts its calls."""

  def __init__(self, network):
    super().__init__()
    self.network = network
    self.calls = 0

  def call(self, inputs, training=False):
    self.calls += 1
    return self.network(inputs, training=training)


def values(networks):
  return [v.numpy() for net in networks for v in net.trainable_variables]


def softplus(x):
  return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def cross_entropy(labels, logits):
  logits = np.asarray(logits, np.float64)
  chosen = logits[np.arange(len(labels)), labels]
  return (np.log(np.exp(logits).sum(-1)) - chosen).mean()


@pytest.mark.parametrize('name', VARIANTS)
def test_the_keys_of_a_steps_logs(name, build_pixelda, build_batch):
  kwargs, keys = VARIANTS[name]
  method = build_pixelda(**kwargs)
  method.compile(tf.keras.optimizers.Adam(1e-3))
  batch = build_batch(mask=True)
  if method.role == 'semi_supervised':
    batch['labelled_target'] = build_batch(1)['source']
  logs = method.train_step(batch)
  assert set(logs) == keys
  for name, value in logs.items():
    assert value.shape == () and value.dtype == tf.float32, name
    assert np.isfinite(value), name


@pytest.mark.parametrize('name', ['class head', 'private layers'])
@pytest.mark.parametrize('player', ['discriminator', 'task', 'generator'])
def test_a_player_moves_all_of_its_own_variables_and_no_others(
  player, name, build_pixelda, build_batch, no_rate
):
  method = build_pixelda(content_weight=1.0, **VARIANTS[name][0])
  networks = {
    'discriminator': [method.discriminator],
    'task': [n for n in (method.task, method.private_task) if n],
    'generator': [method.generator],
  }
  before = {key: values(value) for key, value in networks.items()}
  optimizers = dict.fromkeys(networks, no_rate)
  method.compile(optimizers | {player: tf.keras.optimizers.Adam(0.1)})
  method.train_step(build_batch(mask=True))
  for key, value in networks.items():
    for old, new in zip(before[key], values(value), strict=True):
      assert np.any(old != new) == (key == player), (key, old.shape)


def test_what_each_network_is_called_for_in_a_step(build_pixelda, build_batch):
  """G translates once; D sees real, fake, and G's fake; T source and fake.

  T sees the translated images twice: once for its own move, once, after it,
  for G's.
  """
  method = build_pixelda(content_weight=1.0)
  for name in ('generator', 'discriminator', 'task'):
    setattr(method, name, Counted(getattr(method, name)))
  method.compile(tf.keras.optimizers.Adam(1e-3))
  for step in (1, 2):
    method.train_step(build_batch(mask=True))
    assert method.generator.calls == step
    assert method.discriminator.calls == 3 * step
    assert method.task.calls == 3 * step
    assert int(method.step) == step


def test_t_moves_again_on_what_g_translates_with_fresh_noise(
  build_pixelda, build_batch
):
  """G translates twice more; T sees source and fake thrice, then G's fake."""
  method = build_pixelda(task_repeats=3)
  for name in ('generator', 'discriminator', 'task'):
    setattr(method, name, Counted(getattr(method, name)))
  drawn, noise = [], method.noise
  method.noise = lambda count: drawn.append(noise(count)) or drawn[-1]
  method.compile(tf.keras.optimizers.Adam(1e-3))
  method.train_step(build_batch())
  assert method.generator.calls == 3
  assert method.discriminator.calls == 3
  assert method.task.calls == 3 * 2 + 1
  assert np.ptp(np.stack(drawn), axis=0).min() > 0
  assert int(method.player_optimizers['task'].iterations) == 3
  assert int(method.player_optimizers['generator'].iterations) == 1


class ByHand:
  """PixelDA's step written out, a tape a player, nothing shared.

  G translates again for its own tape, which draws no noise; the moving
  statistics that its second pass moves are put back.
  """

  def __init__(self, networks, seed, alpha, beta, gamma, learning_rate):
    self.generator, self.discriminator, self.task = networks
    self.private_task = None
    self.random = tf.random.Generator.from_seed(seed)
    self.weights = alpha, beta, gamma
    self.adam = [tf.keras.optimizers.Adam(learning_rate) for _ in range(3)]

  def step(self, batch, order='DTG'):
    source, label = batch['source']['image'], batch['source']['label']
    noise = self.random.uniform((len(source), 2), -1.0, 1.0)
    statistics = [v.numpy() for v in self.generator.non_trainable_variables]
    fake = self.generator([source, noise], training=True)
    moves = {
      'D': functools.partial(self.move_discriminator, batch, fake),
      'T': functools.partial(self.move_task, source, label, fake),
      'G': functools.partial(self.move_generator, batch, noise, statistics),
    }
    for player in order:
      moves[player]()

  def move_discriminator(self, batch, fake):
    with tf.GradientTape() as tape:
      real = self.discriminator(batch['target']['image'], training=True)
      fake = self.discriminator(fake, training=True)
      loss = self.weights[0] * tf.reduce_mean(
        -tf.math.log(tf.sigmoid(real['domain']))
        - tf.math.log(1.0 - tf.sigmoid(fake['domain']))
      )
    self.apply(0, tape, loss, self.discriminator.trainable_variables)

  def move_task(self, source, label, fake):
    variables = list(self.task.trainable_variables)
    source_task = self.task
    if self.private_task:
      source_task = self.private_task
      variables += [
        v for v in source_task.trainable_variables if 'private' in v.name
      ]
    with tf.GradientTape() as tape:
      loss = self.weights[1] * (
        self.cross_entropy(label, source_task(source))
        + self.cross_entropy(label, self.task(fake))
      )
    self.apply(1, tape, loss, variables)

  def move_generator(self, batch, noise, statistics):
    source, label = batch['source']['image'], batch['source']['label']
    alpha, beta, gamma = self.weights
    variables = self.generator.non_trainable_variables
    for variable, value in zip(variables, statistics, strict=True):
      variable.assign(value)
    with tf.GradientTape() as tape:
      fake = self.generator([source, noise], training=True)
      decisions = self.discriminator(fake, training=True)['domain']
      difference = (source - fake) * batch['source']['mask']
      content = tf.math.reduce_variance(difference, axis=[1, 2, 3])
      loss = (
        -alpha * tf.reduce_mean(tf.math.log(tf.sigmoid(decisions)))
        + beta * self.cross_entropy(label, self.task(fake))
        + gamma * tf.reduce_mean(content)
      )
    self.apply(2, tape, loss, self.generator.trainable_variables)

  def apply(self, player, tape, loss, variables):
    gradients = tape.gradient(loss, variables)
    self.adam[player].apply_gradients(zip(gradients, variables, strict=True))

  @staticmethod
  def cross_entropy(label, outputs):
    losses = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return losses(label, outputs['logits'])


WEIGHTS = {'domain_weight': 0.7, 'task_weight': 1.3, 'content_weight': 0.4}


def by_hand(networks, learning_rate=1e-2):
  return ByHand(networks, 5, *WEIGHTS.values(), learning_rate)


def assert_equal_networks(method, reference, atol=1e-5):
  for name in ('generator', 'discriminator', 'task', 'private_task'):
    ours, theirs = getattr(method, name), getattr(reference, name)
    if ours is theirs is None:
      continue
    for a, b in zip(ours.variables, theirs.variables, strict=True):
      np.testing.assert_allclose(a, b, atol=atol, err_msg=f'{name} {b.name}')


def test_two_steps_equal_an_update_by_hand(
  step_of, build_pixelda, build_networks, build_batch
):
  """Dropout and noise of D on: equal seeds, calls in the same order."""
  method = build_pixelda(**WEIGHTS)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  reference = by_hand(build_networks())
  assert_equal_networks(method, reference, atol=0)
  step = step_of(method)
  for number in range(2):
    step(build_batch(number, mask=True))
    reference.step(build_batch(number, mask=True))
  assert_equal_networks(method, reference)


@pytest.mark.parametrize('order', ['GDT', 'DGT', 'TGD'])
def test_another_order_would_give_other_weights(
  order, build_pixelda, build_networks, build_batch
):
  """D and T before G: the update by hand tells the orders apart."""
  method = build_pixelda(**WEIGHTS)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  reference = by_hand(build_networks())
  method.train_step(build_batch(mask=True))
  reference.step(build_batch(mask=True), order)
  with pytest.raises(AssertionError):
    assert_equal_networks(method, reference)


def test_two_steps_with_private_layers_equal_an_update_by_hand(
  build_pixelda, build_networks, build_batch
):
  """T's shared layers move once a step, by both losses."""
  method = build_pixelda(private_task_layers=True, **WEIGHTS)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  networks = build_networks()
  reference = by_hand(networks)
  reference.private_task = PixelDA(
    image_shape=(8, 8, 1),
    n_classes=3,
    task=lambda *_: networks[2],
    private_task_layers=True,
  ).private_task
  own = 'private_convolution'
  reference.private_task.get_layer(own).set_weights(
    method.private_task.get_layer(own).get_weights()
  )
  assert_equal_networks(method, reference, atol=0)
  for number in range(2):
    method.train_step(build_batch(number, mask=True))
    reference.step(build_batch(number, mask=True))
  assert_equal_networks(method, reference)


def test_private_layers_serve_their_own_domain(build_pixelda, build_batch):
  """Target images go through the layers that translated images train."""
  method = build_pixelda(private_task_layers=True)
  own = method.private_task.get_layer('private_convolution')
  images = build_batch()['target']['image']
  before = method(images)['logits'].numpy()
  own.kernel.assign_add(tf.ones_like(own.kernel))
  np.testing.assert_array_equal(method(images)['logits'], before)
  assert build_pixelda().private_task is None


def test_the_terms_equal_numpys(build_pixelda, build_batch, no_rate):
  method = build_pixelda(**WEIGHTS)
  method.compile(no_rate)
  batch = build_batch(mask=True)
  source, label = batch['source']['image'], batch['source']['label'].numpy()
  noise = tf.random.Generator.from_seed(5).uniform((4, 2), -1.0, 1.0)
  fake = method.generator([source, noise], training=True)
  target = batch['target']['image']

  twin = build_pixelda()
  real_logits = twin.discriminator(target, training=True)['domain'].numpy()
  fake_logits = twin.discriminator(fake, training=True)['domain'].numpy()
  third_logits = twin.discriminator(fake, training=True)['domain'].numpy()
  on_source = cross_entropy(label, twin.task(source)['logits'])
  on_fake = cross_entropy(label, twin.task(fake)['logits'])
  difference = (source - fake).numpy() * batch['source']['mask'].numpy()
  expected = {
    'discriminator/domain': 0.7
    * (softplus(-real_logits).mean() + softplus(fake_logits).mean()),
    'discriminator/accuracy_real': np.mean(real_logits > 0),
    'discriminator/accuracy_fake': np.mean(fake_logits <= 0),
    'task/source_class': 1.3 * on_source,
    'task/translated_class': 1.3 * on_fake,
    'generator/domain': 0.7 * softplus(-third_logits).mean(),
    'generator/translated_class': 1.3 * on_fake,
    'generator/content': 0.4 * difference.var(axis=(1, 2, 3)).mean(),
  }
  logs = method.train_step(batch)
  for name, value in expected.items():
    np.testing.assert_allclose(logs[name], value, rtol=1e-4, err_msg=name)


def test_the_class_heads_terms_equal_numpys(
  build_pixelda, build_batch, no_rate
):
  method = build_pixelda(**VARIANTS['class head'][0])
  method.compile(no_rate)
  batch = build_batch()
  source, label = batch['source']['image'], batch['source']['label'].numpy()
  noise = tf.random.Generator.from_seed(5).uniform((4, 2), -1.0, 1.0)
  fake = method.generator([source, noise], training=True)
  logits = method.discriminator(fake, training=True)['class'].numpy()
  rows, columns = logits.shape[1:3]
  expected = 0.5 * np.mean(
    [
      cross_entropy(label, logits[:, row, column])
      for row in range(rows)
      for column in range(columns)
    ]
  )
  logs = method.train_step(batch)
  for player in ('discriminator', 'generator'):
    np.testing.assert_allclose(
      logs[f'{player}/class_head'], expected, rtol=1e-4
    )


@pytest.mark.parametrize(
  'loss, threshold, expected',
  [(None, 0.0, (0.75, 0.5)), (least_squares_loss, 0.5, (0.5, 0.75))],
)
def test_the_discriminators_accuracy_by_hand(
  loss, threshold, expected, build_pixelda, build_batch, no_rate
):
  """D gives each image's first pixel, G the image as it is.

  Real pixels -0.2, 0.2, 0.6, 0.8: 3 of 4 above 0, 2 above 0.5. Fake pixels
  -0.8, -0.4, 0.3, 0.9: 2 of 4 not above 0, 3 not above 0.5.
  """

  def first_pixel(image_shape, n_classes):
    images = tf.keras.Input(image_shape)
    scale = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer='ones')
    return tf.keras.Model(images, {'domain': scale(images[:, 0, 0])})

  def same(image_shape, noise_size):
    images = tf.keras.Input(image_shape)
    noise = tf.keras.Input([noise_size])
    scale = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer='ones')
    return tf.keras.Model([images, noise], scale(images))

  kwargs = {'adversarial_loss': loss} if loss else {}
  method = build_pixelda(discriminator=first_pixel, generator=same, **kwargs)
  assert method.adversarial_loss.threshold == threshold
  method.compile(no_rate)
  batch = build_batch()
  for domain, pixels in {
    'target': [-0.2, 0.2, 0.6, 0.8],
    'source': [-0.8, -0.4, 0.3, 0.9],
  }.items():
    pixels = tf.reshape(tf.constant(pixels), [4, 1, 1, 1])
    batch[domain]['image'] = tf.tile(pixels, [1, 8, 8, 1])
  logs = method.train_step(batch)
  found = [float(logs[f'discriminator/accuracy_{k}']) for k in ('real', 'fake')]
  assert tuple(found) == expected


@pytest.mark.parametrize(
  'loss, masked',
  [(masked_pairwise_mse, True), (l1, True), (l1, False), (pairwise_mse, False)],
)
def test_the_content_loss_takes_the_mask_where_there_is_one(
  loss, masked, build_pixelda, build_batch, no_rate
):
  method = build_pixelda(content_weight=2.0, content_loss=loss)
  method.compile(no_rate)
  noise = tf.random.Generator.from_seed(5).uniform((4, 2), -1.0, 1.0)
  batch = build_batch(mask=masked)
  source = batch['source']
  fake = method.generator([source['image'], noise], training=True)
  expected = 2.0 * np.mean(loss(source['image'], fake, source.get('mask')))
  np.testing.assert_allclose(
    method.train_step(batch)['generator/content'], expected, rtol=1e-5
  )


def test_a_loss_of_the_foreground_needs_masks(build_pixelda, build_batch):
  method = build_pixelda(content_weight=1.0)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  with pytest.raises(UserError, match='content_loss.*the source has no masks'):
    method.train_step(build_batch())


def gradients_of(method, batch):
  """Each player's gradients by variable, of what it minimises."""
  found = {}
  tape = tf.GradientTape(persistent=True)
  with tape:
    shared = method.shared(batch)
  for player in method.players():
    with tape:
      terms, _ = player.losses(batch, shared)
      loss = tf.add_n(list(terms.values()))
    found[player.name] = [
      np.zeros(variable.shape) if gradient is None else gradient.numpy()
      for variable, gradient in zip(
        player.variables(),
        tape.gradient(loss, player.variables()),
        strict=True,
      )
    ]
  return found


def differing(one, other):
  """Names of the players whose gradients are not the same."""
  return {
    name
    for name, values in one.items()
    if any(np.any(a != b) for a, b in zip(values, other[name], strict=True))
  }


def test_labelled_target_images_teach_t_and_no_one_else(
  build_pixelda, build_batch
):
  """Another label of the same images moves T alone; the term is numpy's."""
  found = []
  for shift in (0, 1):
    method = build_pixelda(semi_supervised=True, task_weight=1.3)
    assert method.role == 'semi_supervised'
    batch = build_batch()
    labelled = dict(build_batch(1)['source'])
    labelled['label'] = (labelled['label'] + shift) % 3
    batch['labelled_target'] = labelled
    terms, _ = method.task_losses(batch, method.shared(batch))
    logits = method.task(labelled['image'])['logits']
    np.testing.assert_allclose(
      terms['target_class'],
      1.3 * cross_entropy(labelled['label'].numpy(), logits),
      rtol=1e-5,
    )
    method = build_pixelda(semi_supervised=True)
    found.append(gradients_of(method, batch))
  assert differing(*found) == {'task'}


def test_what_is_not_semi_supervised_does_not_look_at_labelled_target_images(
  build_pixelda, build_batch
):
  found = []
  for seed in (1, 2):
    batch = build_batch()
    batch['labelled_target'] = build_batch(seed)['source']
    found.append(gradients_of(build_pixelda(), batch))
  assert build_pixelda().role == 'unsupervised'
  assert differing(*found) == set()


@pytest.mark.parametrize(
  'options, learns',
  [({}, True), ({'generator_task_weight': 0.0}, False)],
)
def test_g_learns_from_t_where_it_has_a_weight(
  options, learns, build_pixelda, build_batch
):
  """Another T's weights change G's gradient, or do not."""
  found = []
  for shift in (0.0, 1.0):
    method = build_pixelda(**options)
    bias = method.task.get_layer('classes').bias
    bias.assign_add([shift, 0.0, 0.0])
    found.append(gradients_of(method, build_batch()))
  assert differing(*found) == ({'task', 'generator'} if learns else {'task'})


def test_gs_weight_of_t_is_its_own(build_pixelda, build_batch, no_rate):
  options = {'task_weight': 0.5, 'source_task_weight': 3.0}
  logs = []
  for more in ({}, {'generator_task_weight': 2.0}):
    method = build_pixelda(**options, **more)
    method.compile(no_rate)
    logs.append(method.train_step(build_batch()))
  same, own = logs
  for name in ('task/source_class', 'task/translated_class'):
    np.testing.assert_array_equal(own[name], same[name])
  for log, weight in ((same, 0.5), (own, 2.0)):
    np.testing.assert_allclose(
      log['generator/translated_class'] / weight,
      log['task/translated_class'] / 0.5,
      rtol=1e-5,
    )
  source = build_batch()['source']
  logits = build_pixelda().task(source['image'])['logits']
  np.testing.assert_allclose(
    same['task/source_class'],
    1.5 * cross_entropy(source['label'].numpy(), logits),
    rtol=1e-5,
  )


def test_source_labels_reach_t_by_translated_images_where_the_weight_is_0(
  build_pixelda, build_batch
):
  """T's gradient is that of the translated images alone."""
  batch = build_batch()
  method = build_pixelda(source_task_weight=0.0)
  twin = build_pixelda()
  fake = twin.shared(batch)
  with tf.GradientTape() as tape:
    loss = tf.reduce_mean(
      twin.problem.losses(batch['source'], twin.task(fake))['class']
    )
  expected = tape.gradient(loss, twin.task.trainable_variables)
  found = gradients_of(method, batch)['task']
  for ours, theirs in zip(found, expected, strict=True):
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_the_targets_labels_are_not_looked_at(build_pixelda, build_batch):
  states = []
  for label in (None, 0, 1):
    batch = build_batch()
    if label is not None:
      batch['target']['label'] = tf.fill([4], label)
    method = build_pixelda()
    method.compile(tf.keras.optimizers.Adam(1e-2))
    method.train_step(batch)
    states.append(method.get_weights())
  for other in states[1:]:
    for a, b in zip(states[0], other, strict=True):
      np.testing.assert_array_equal(a, b)


def test_translate_draws_noise_or_takes_it(build_pixelda, build_batch):
  method = build_pixelda()
  images = build_batch()['source']['image']
  first = method.translate(images).numpy()
  assert first.shape == images.shape and np.abs(first).max() <= 1.0
  assert np.any(first != method.translate(images))
  noise = method.noise(4, seed=1)
  np.testing.assert_array_equal(noise, method.noise(4, seed=1))
  assert np.any(noise != method.noise(4, seed=2))
  np.testing.assert_array_equal(
    method.translate(images, noise), method.translate(images, noise)
  )


def test_noise_is_uniform_in_minus_one_to_one(build_pixelda):
  """Mean 0 and variance 1/3; 10,000 draws have standard errors of 0.006."""
  method = build_pixelda()
  for noise in (method.noise(5000), method.noise(5000, seed=3)):
    assert noise.shape == (5000, 2) and noise.dtype == tf.float32
    assert -1 <= np.min(noise) < -0.99 and 0.99 < np.max(noise) <= 1
    np.testing.assert_allclose(np.mean(noise), 0.0, atol=0.03)
    np.testing.assert_allclose(np.var(noise), 1 / 3, atol=0.03)


def test_noise_from_a_seed_leaves_the_methods_stream_alone(build_pixelda):
  one, other = build_pixelda(), build_pixelda()
  one.noise(3, seed=1)
  np.testing.assert_array_equal(one.noise(3), other.noise(3))


def test_the_papers_networks_are_the_defaults():
  method = PixelDA(image_shape=(28, 28, 3), n_classes=10)
  assert (method.noise_size, method.content_weight) == (10, 0.0)
  assert method.generator.count_params() > 400_000
  assert method.discriminator.count_params() > 1_000_000
  images = tf.zeros([2, 28, 28, 3])
  assert method(images)['logits'].shape == (2, 10)
  assert method.translate(images).shape == images.shape
