import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import CDAN, DANN

SIZES = {'image_shape': (8, 8, 1), 'n_classes': 3}
# Of five, p = 2/5: lambda is tanh(5 p).
STEPS = 5


def small_discriminator(size):
  inputs = tf.keras.Input([size])
  hidden = tf.keras.layers.Dense(4, activation='tanh')(inputs)
  logits = tf.keras.layers.Dense(1)(hidden)
  return tf.keras.Model(inputs, {'domain': logits})


def build(kind, task, **kwargs):
  tf.keras.utils.set_random_seed(3)
  return kind(
    task=lambda *_: task,
    feature_discriminator=small_discriminator,
    reversal_steps=STEPS,
    domain_weight=0.7,
    **SIZES,
    **kwargs,
  )


def cross_entropy(outputs, labels):
  logs = tf.nn.log_softmax(outputs['logits'])
  return -tf.reduce_mean(tf.gather(logs, labels, batch_dims=1))


def dann_domain(discriminator, outputs):
  """The mean cross entropy of each domain: source is 1, target 0."""
  loss = 0.0
  for name, label in (('source', 1.0), ('target', 0.0)):
    share = tf.sigmoid(discriminator(outputs[name]['features'])['domain'])
    right = share if label else 1.0 - share
    loss -= tf.reduce_mean(tf.math.log(right))
  return loss


def cdan_domain(discriminator, outputs):
  """The same of features by probabilities, weighed by the entropy."""
  loss = 0.0
  for name, label in (('source', 1.0), ('target', 0.0)):
    shares = tf.stop_gradient(tf.nn.softmax(outputs[name]['logits']))
    features = outputs[name]['features']
    joint = tf.einsum('nf,nc->nfc', features, shares)
    joint = tf.reshape(joint, [len(features), -1])
    share = tf.sigmoid(discriminator(joint)['domain'])[:, 0]
    right = share if label else 1.0 - share
    entropy = -np.sum(shares * np.log(shares + 1e-5), axis=1)
    weights = 1 + np.exp(-entropy)
    weights = weights / weights.mean()
    loss -= tf.reduce_mean(weights * tf.math.log(right))
  return loss


@pytest.mark.parametrize(
  'kind, domain_of', [(DANN, dann_domain), (CDAN, cdan_domain)]
)
def test_two_steps_equal_two_separate_gradients(
  kind, domain_of, build_networks, build_batch
):
  """T descends L_y - lambda L_d, D descends L_d, on the same outputs."""
  task, reference = build_networks()[2], build_networks()[2]
  method = build(kind, task)
  method.compile(tf.keras.optimizers.SGD(0.1))
  discriminator = tf.keras.models.clone_model(method.feature_discriminator)
  discriminator.set_weights(method.feature_discriminator.get_weights())
  for number in range(2):
    batch = build_batch(number)
    logs = method.train_step(batch)
    strength = np.tanh(5 * number / STEPS)
    with tf.GradientTape(persistent=True) as tape:
      outputs = {name: reference(each['image']) for name, each in batch.items()}
      loss = cross_entropy(outputs['source'], batch['source']['label'])
      domain = 0.7 * domain_of(discriminator, outputs)
      total = loss - strength * domain
    for network, value in ((reference, total), (discriminator, domain)):
      variables = network.trainable_variables
      for variable, gradient in zip(
        variables, tape.gradient(value, variables), strict=True
      ):
        variable.assign_sub(0.1 * gradient)
    assert set(logs) == {
      *('task/class', 'task/domain', 'task/gradient_norm'),
      *('task/strength', 'task/accuracy'),
    }
    np.testing.assert_allclose(logs['task/class'], loss, rtol=1e-5)
    np.testing.assert_allclose(logs['task/domain'], domain, rtol=1e-4)
    np.testing.assert_allclose(logs['task/strength'], strength, atol=1e-6)
  for ours, theirs in (
    (task, reference),
    (method.feature_discriminator, discriminator),
  ):
    for a, b in zip(ours.weights, theirs.weights, strict=True):
      np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize('kind', [DANN, CDAN])
def test_each_term_reaches_what_it_should(
  kind, build_networks, build_batch, reached
):
  """At lambda = 0 the domain term stops before T; D gets it whole."""
  method = build(kind, build_networks()[2])
  batch = build_batch()
  assert reached(method, batch) == {
    'task/class': {'task'},
    'task/domain': {'feature_discriminator'},
  }
  method.step.assign(3)
  found = reached(method, batch)
  assert found['task/domain'] == {'task', 'feature_discriminator'}


def test_without_entropy_all_examples_count_the_same(build_networks):
  method = build(CDAN, build_networks()[2], by_entropy=False)
  shares = tf.constant([[1.0, 0.0, 0.0], [0.4, 0.3, 0.3]])
  np.testing.assert_array_equal(method.example_weights(shares), [1.0, 1.0])
  method.by_entropy = True
  sure, unsure = method.example_weights(shares).numpy()
  assert sure > unsure
  np.testing.assert_allclose(sure + unsure, 2.0, rtol=1e-6)


def test_too_many_values_are_projected(build_networks, monkeypatch):
  """f by p of the two projections, over sqrt(d); the same for a seed."""
  monkeypatch.setattr(CDAN, 'largest', 10)
  methods = [
    build(CDAN, build_networks()[2], random_size=5, seed=seed)
    for seed in (1, 1, 2)
  ]
  random = np.random.default_rng(0)
  features = random.normal(size=(4, 72)).astype(np.float32)
  shares = random.uniform(size=(4, 3)).astype(np.float32)
  found = [method.joint(features, shares).numpy() for method in methods]
  of_features, of_classes = (p.numpy() for p in methods[0].projections)
  expected = (features @ of_features) * (shares @ of_classes) / np.sqrt(5)
  np.testing.assert_allclose(found[0], expected, rtol=1e-5)
  np.testing.assert_array_equal(found[0], found[1])
  assert np.any(found[0] != found[2])
  assert not {v.ref() for v in methods[0].projections} & {
    v.ref() for p in methods[0].players() for v in p.variables()
  }
