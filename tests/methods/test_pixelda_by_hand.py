"""PixelDA's step against one that is written out, and its terms in NumPy."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses.adversarial import least_squares_loss
from pixelda_tf.losses.content import l1, masked_pairwise_mse, pairwise_mse
from pixelda_tf.methods import PixelDA
from pixelda_tf.networks import patch_discriminator

patches = functools.partial(patch_discriminator, filters=2, strides=(2,))


def softplus(x):
  return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


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


def networks_of(method):
  names = ('generator', 'discriminator', 'task', 'private_task')
  networks = {name: getattr(method, name) for name in names}
  return {name: network for name, network in networks.items() if network}


def test_two_steps_equal_an_update_by_hand(
  step_of, build_pixelda, build_networks, build_batch, assert_equal_weights
):
  """Dropout and noise of D on: equal seeds, calls in the same order."""
  method = build_pixelda(**WEIGHTS)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  reference = by_hand(build_networks())
  assert_equal_weights(networks_of(method), networks_of(reference), atol=0)
  step = step_of(method)
  for number in range(2):
    step(build_batch(number, mask=True))
    reference.step(build_batch(number, mask=True))
  assert_equal_weights(networks_of(method), networks_of(reference), atol=1e-5)


@pytest.mark.parametrize('order', ['GDT', 'DGT', 'TGD'])
def test_another_order_would_give_other_weights(
  order, build_pixelda, build_networks, build_batch, assert_equal_weights
):
  """D and T before G: the update by hand tells the orders apart."""
  method = build_pixelda(**WEIGHTS)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  reference = by_hand(build_networks())
  method.train_step(build_batch(mask=True))
  reference.step(build_batch(mask=True), order)
  with pytest.raises(AssertionError):
    assert_equal_weights(networks_of(method), networks_of(reference), atol=1e-5)


def test_two_steps_with_private_layers_equal_an_update_by_hand(
  build_pixelda, build_networks, build_batch, assert_equal_weights
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
  assert_equal_weights(networks_of(method), networks_of(reference), atol=0)
  for number in range(2):
    method.train_step(build_batch(number, mask=True))
    reference.step(build_batch(number, mask=True))
  assert_equal_weights(networks_of(method), networks_of(reference), atol=1e-5)


def test_the_terms_equal_numpys(
  build_pixelda, build_batch, no_rate, cross_entropy
):
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
  build_pixelda, build_batch, no_rate, cross_entropy
):
  method = build_pixelda(discriminator=patches, class_head_weight=0.5)
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
  loss,
  threshold,
  expected,
  build_pixelda,
  build_batch,
  no_rate,
  first_pixels,
):
  """D gives each image's first pixel, G the image as it is.

  Real pixels -0.2, 0.2, 0.6, 0.8: 3 of 4 above 0, 2 above 0.5. Fake pixels
  -0.8, -0.4, 0.3, 0.9: 2 of 4 not above 0, 3 not above 0.5.
  """

  kwargs = {'adversarial_loss': loss} if loss else {}
  method = build_pixelda(**first_pixels, **kwargs)
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
