"""CyCADA's step against one that is written out, and its terms in NumPy."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from cycada_networks import NETWORKS

from pixelda_tf.methods import CyCADA


def apply(network, images):
  """A generator's images, without the library's own helper."""
  images = tf.constant(images)
  return network([images, tf.zeros([len(images), 0])], training=True)


def networks(method):
  return {name: getattr(method, name) for name in NETWORKS}


def teach(method, offset, scale=4.0):
  """f_S with larger weights and `offset` on the first class."""
  last = method.source_task.get_layer('classes')
  last.kernel.assign(scale * last.kernel)
  last.bias.assign([offset, 0.0, 0.0])


def test_eq_4_equals_numpys(build_method, build_batch, no_rate, cross_entropy):
  """Labels are f_S's own, not the true ones; each direction's its domain's."""
  method = build_method(CyCADA, semantic_weight=0.7)
  teach(method, 0.0)
  method.compile(no_rate)
  batch = build_batch()
  f_s = method.source_task
  logs = method.train_step(batch)
  for domain, other, there in (
    ('source', 'target', method.source_to_target),
    ('target', 'source', method.target_to_source),
  ):
    images = batch[domain]['image']
    labels = f_s(images)['logits'].numpy().argmax(-1)
    if domain == 'source':
      assert np.any(labels != batch['source']['label'])
    logits = f_s(apply(there, images))['logits']
    np.testing.assert_allclose(
      logs[f'generators/{domain}_semantic'],
      0.7 * cross_entropy(labels, logits),
      rtol=1e-4,
      err_msg=other,
    )


@pytest.mark.parametrize(
  'offset, learnt', [(2.0, True), (-4.0, False)], ids=['below 1', 'above 1']
)
def test_the_released_semantic_loss_equals_numpys(
  offset, learnt, build_method, build_batch, no_rate, cross_entropy
):
  """True source labels; both are left out while f_S's own loss is above 1.

  With 2 on class 0 and little else: (4 log(1 + 2 exp(-2)) + 2) / 4 = 0.74 where
  one of four labels is another.
  """
  method = build_method(CyCADA, semantic_weight=0.7, joint_classifier=True)
  teach(method, offset, scale=0.5)
  method.compile(no_rate)
  batch = build_batch()
  source, target = batch['source'], batch['target']
  source['label'] = tf.constant([0, 0, 0, 1] if learnt else [0] * 4)
  f_s = method.source_task
  own = cross_entropy(source['label'], f_s(source['image'])['logits'])
  assert (own < 1) == learnt
  pseudo = f_s(target['image'])['logits'].numpy().argmax(-1)
  translated = f_s(apply(method.source_to_target, source['image']))['logits']
  back = f_s(apply(method.target_to_source, target['image']))['logits']
  logs = method.train_step(batch)
  weight = 0.7 if learnt else 0.0
  for name, value in {
    'generators/source_semantic': weight
    * cross_entropy(source['label'], translated),
    'generators/target_semantic': weight * cross_entropy(pseudo, back),
    'source_task/class': own,
  }.items():
    np.testing.assert_allclose(logs[name], value, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize(
  'options, weights',
  [
    ({'task_weight': 0.3}, (0.3, 0.3)),
    ({'task_weight': 0.3, 'generator_task_weight': 2.0}, (0.3, 2.0)),
    ({'task_weight': 0.3, 'generator_task_weight': 0.0}, (0.3, None)),
  ],
)
def test_l_task_weighs_for_f_t_and_for_g_what_it_should(
  options, weights, build_method, build_batch, no_rate, cross_entropy
):
  method = build_method(CyCADA, **options)
  method.compile(no_rate)
  batch = build_batch()
  fake = apply(method.source_to_target, batch['source']['image'])
  expected = cross_entropy(
    batch['source']['label'], method.task(fake)['logits']
  )
  logs = method.train_step(batch)
  for player, weight in zip(('task', 'generators'), weights, strict=True):
    key = f'{player}/translated_class'
    assert (key in logs) == (weight is not None)
    if weight is not None:
      np.testing.assert_allclose(logs[key], weight * expected, rtol=1e-4)


class ByHand:
  """CyCADA's step written out: G and F, D_T and D_S, f_T, f_S."""

  def __init__(self, nets, joint):
    self.nets, self.joint = nets, joint
    self.adam = [tf.keras.optimizers.Adam(1e-2) for _ in range(4)]

  def step(self, batch):
    x, y = batch['source']['image'], batch['target']['image']
    label = batch['source']['label']
    g, f, d_t, d_s, f_t, f_s = self.nets.values()
    fake_t, fake_s = apply(g, x), apply(f, y)
    source_label = label if self.joint else tf.argmax(f_s(x)['logits'], -1)
    target_label = tf.argmax(f_s(y)['logits'], -1)
    on = 0.7
    if self.joint:
      on *= float(self.cross_entropy(label, f_s(x)) <= 1.0)

    def generators():
      to_t, to_s = apply(g, x), apply(f, y)
      return (
        tf.reduce_mean((d_t(to_t)['domain'] - 1.0) ** 2)
        + tf.reduce_mean((d_s(to_s)['domain'] - 1.0) ** 2)
        + 2.0 * tf.reduce_mean(tf.abs(apply(f, to_t) - x))
        + 2.0 * tf.reduce_mean(tf.abs(apply(g, to_s) - y))
        + 0.3 * self.cross_entropy(label, f_t(to_t))
        + on * self.cross_entropy(source_label, f_s(to_t))
        + on * self.cross_entropy(target_label, f_s(to_s))
      )

    def discriminators():
      return 0.5 * (
        tf.reduce_mean((d_t(y)['domain'] - 1.0) ** 2)
        + tf.reduce_mean(d_t(fake_t)['domain'] ** 2)
        + tf.reduce_mean((d_s(x)['domain'] - 1.0) ** 2)
        + tf.reduce_mean(d_s(fake_s)['domain'] ** 2)
      )

    self.move(0, generators, g, f)
    self.move(1, discriminators, d_t, d_s)
    self.move(2, lambda: 0.9 * self.cross_entropy(label, f_t(fake_t)), f_t)
    if self.joint:
      self.move(3, lambda: self.cross_entropy(label, f_s(x)), f_s)

  def move(self, player, loss, *networks):
    variables = [v for net in networks for v in net.trainable_variables]
    with tf.GradientTape() as tape:
      value = loss()
    gradients = tape.gradient(value, variables)
    self.adam[player].apply_gradients(zip(gradients, variables, strict=True))

  @staticmethod
  def cross_entropy(label, outputs):
    losses = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return losses(label, outputs['logits'])


@pytest.mark.parametrize('joint', [False, True])
def test_two_steps_equal_an_update_by_hand(
  step_of, joint, build_method, build_batch, assert_equal_weights
):
  build = functools.partial(
    build_method,
    CyCADA,
    joint_classifier=joint,
    cycle_weight=2.0,
    semantic_weight=0.7,
    task_weight=0.9,
    generator_task_weight=0.3,
  )
  method, reference = build(), ByHand(networks(build()), joint)
  for nets in (networks(method), reference.nets):
    nets['source_task'].get_layer('classes').bias.assign([1.0, 0.0, 0.0])
  method.compile(tf.keras.optimizers.Adam(1e-2))
  step = step_of(method)
  for number in range(2):
    step(build_batch(number))
    reference.step(build_batch(number))
  assert_equal_weights(networks(method), reference.nets, atol=1e-5)
