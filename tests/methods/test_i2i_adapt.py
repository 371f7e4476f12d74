"""I2I Adapt: who moves, how far gradients reach, what is left out when."""

import logging

import numpy as np
import pytest
import tensorflow as tf
from i2i_parts import CRITIC_TERMS, NETWORKS, OPTIONS, TERMS, build, logs_of

from pixelda_tf.methods import I2IAdapt, I2ITranslation, SourceOnly
from pixelda_tf.methods.critic import normalized

ALL = tuple(OPTIONS)
# Each term alone, but for what it cannot be without: networks that the model
# moves, and the critics.
ALONE = {
  'c': ({'task'}, set()),
  'z': ({'task'}, {'feature_critic'}),
  'tr': (
    {'task', 'source_decoder', 'target_decoder'},
    {'source_critic', 'target_critic'},
  ),
  'id_x': ({'task', 'source_decoder'}, set()),
  'id_y': ({'task', 'target_decoder'}, set()),
  'cyc': ({'task', 'source_decoder', 'target_decoder'}, set()),
  'trc': ({'task', 'target_decoder'}, set()),  # with id_y
}


def alone(term):
  kind = I2IAdapt if term in ('c', 'trc') else I2ITranslation
  terms = ('trc', 'id_y') if term == 'trc' else (term,)
  return build(*terms, kind=kind)


@pytest.mark.parametrize('term', ALONE)
def test_who_moves_for_a_term_alone(term, build_batch, changed_by):
  """Networks that it does not need are not there."""
  model, critics = ALONE[term]
  assert changed_by(alone(term), build_batch(), 'model').keys() == model
  if critics:
    assert changed_by(alone(term), build_batch(), 'critics').keys() == critics
  names = {
    name
    for name, value in vars(alone(term)).items()
    if isinstance(value, tf.keras.Model)
  }
  assert names == model | critics


def test_without_classes_there_is_no_h():
  """f is 64 * 4 + 4 weights, and h 4 * 3 + 3 more."""
  assert alone('z').task.count_params() == 260
  assert alone('c').task.count_params() == 275
  assert not I2ITranslation.predicts and I2IAdapt.predicts


def test_who_gets_a_gradient_of_what(reached, build_batch):
  """Critics of their own terms alone; Q_trc does not reach g_y."""
  f, g_x, g_y = 'task', 'source_decoder', 'target_decoder'
  assert reached(build(*ALL), build_batch()) == {
    'model/class': {f},
    'model/feature_domain': {f, 'feature_critic'},
    'model/target_domain': {f, g_y, 'target_critic'},
    'model/source_domain': {f, g_x, 'source_critic'},
    'model/source_identity': {f, g_x},
    'model/target_identity': {f, g_y},
    'model/source_cycle': {f, g_x, g_y},
    'model/target_cycle': {f, g_x, g_y},
    'model/translated_class': {f},
    'critics/feature_domain': {'feature_critic'},
    'critics/feature_penalty': {'feature_critic'},
    'critics/target_domain': {'target_critic'},
    'critics/target_penalty': {'target_critic'},
    'critics/source_domain': {'source_critic'},
    'critics/source_penalty': {'source_critic'},
  }


def test_h_learns_of_class_terms_alone(build_batch):
  method, batch = build(*ALL), build_batch()
  with tf.GradientTape(persistent=True) as tape:
    terms, _ = method.model_losses(batch, method.shared(batch))
  h = method.task.get_layer('classes').trainable_variables
  for name, value in terms.items():
    gradients = tape.gradient(value, h)
    assert all((g is None) == ('class' not in name) for g in gradients), name


def gradient_of(method, batch, term):
  """f's and h's gradient of a term, flat."""
  variables = method.task.trainable_variables
  with tf.GradientTape() as tape:
    terms, _ = method.model_losses(batch, method.shared(batch))
    value = terms[term]
  found = tape.gradient(value, variables, unconnected_gradients='zero')
  return np.concatenate([np.ravel(gradient) for gradient in found])


def test_q_z_reaches_f_through_target_images_alone(build_batch):
  """Other source images do not change it, other target images do."""
  batch, other = build_batch(0), build_batch(1)
  found = gradient_of(build('c', 'z'), batch, 'feature_domain')
  same = gradient_of(
    build('c', 'z'), other | {'target': batch['target']}, 'feature_domain'
  )
  different = gradient_of(
    build('c', 'z'), batch | {'target': other['target']}, 'feature_domain'
  )
  np.testing.assert_array_equal(found, same)
  assert np.any(found != different)


def test_q_trc_reaches_f_by_the_second_pass_alone(build_batch, cross_entropy):
  """As if the translated images were a data set; its value in NumPy."""
  method, batch = build('c', 'id_y', 'trc'), build_batch()
  images = tf.constant(method.translate(batch['source']['image']).numpy())
  stored = {'source': batch['source'] | {'image': images}}
  with tf.GradientTape() as tape:
    logits = method.task(images, training=True)['logits']
    loss = 0.3 * tf.reduce_mean(
      tf.nn.sparse_softmax_cross_entropy_with_logits(
        batch['source']['label'], logits
      )
    )
  expected = np.concatenate(
    [
      np.ravel(gradient)
      for gradient in tape.gradient(loss, method.task.trainable_variables)
    ]
  )
  found = gradient_of(method, batch, 'translated_class')
  np.testing.assert_allclose(found, expected, atol=1e-6)
  value = cross_entropy(stored['source']['label'], logits)
  np.testing.assert_allclose(loss, 0.3 * value, rtol=1e-5)


def linear_critic(image_shape, n_classes):
  """A decision at each of 64 pixels: 24 times its value."""
  images = tf.keras.Input(image_shape)
  weight = tf.keras.initializers.Constant(24.0)
  scale = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer=weight)
  return tf.keras.Model(images, {'domain': scale(images)})


def test_the_penalty_of_a_linear_critic(build_batch):
  """D(x) = 24 times the mean of 64 pixels: the slope is 24/64 at each.

  Its length is 24 / 8 = 3, so 10 (3 - 1)^2 = 40, and D's loss is 24 times the
  difference of mean pixels.
  """
  method, batch = build(*ALL, critic=linear_critic), build_batch()
  shared = method.shared(batch)
  terms, _ = method.critic_losses(batch, shared)
  for name in ('target', 'source'):
    np.testing.assert_allclose(terms[f'{name}_penalty'], 40.0, rtol=1e-5)
    real, fake = batch[name]['image'], shared[f'fake_{name}']
    expected = 24.0 * (np.mean(fake) - np.mean(real))
    np.testing.assert_allclose(terms[f'{name}_domain'], expected, rtol=1e-4)


def test_a_longer_code_does_not_fool_its_critic(build_batch):
  """Else f would raise all of z, the source's as well, and without end."""
  method, batch = build('c', 'z'), build_batch()
  shared = method.shared(batch)
  longer = shared | {name: 7.0 * shared[name] for name in ('source', 'target')}
  for losses in (method.model_losses, method.critic_losses):
    (found, _), (expected, _) = losses(batch, longer), losses(batch, shared)
    np.testing.assert_allclose(
      found['feature_domain'], expected['feature_domain'], rtol=1e-4
    )


def test_target_features_are_moved_to_where_the_sources_are(build_batch):
  """A critic that learnt is higher on f(x), and f moves f(y) up."""
  method, batch = build('c', 'z'), build_batch()
  rate = tf.keras.optimizers.SGD
  method.compile({'critics': rate(0.05), 'model': rate(0.0)})
  for _ in range(20):
    method.train_step(batch)
  shared = method.shared(batch)
  terms, _ = method.critic_losses(batch, shared)
  assert terms['feature_domain'] < 0
  method.compile({'critics': rate(0.0), 'model': rate(0.1)})

  def of_targets():
    features = method.task(batch['target']['image'])['features']
    return np.mean(method.feature_critic(normalized(features))['domain'])

  before = of_targets()
  method.train_step(batch)
  assert of_targets() > before


@pytest.mark.parametrize('term', ALL)
def test_what_a_step_logs_without_a_term(term, build_batch, no_rate):
  terms = set(ALL) - {term}
  method = build(*terms)
  method.compile(no_rate)
  assert set(method.train_step(build_batch())) == logs_of(terms)


def test_without_a_penalty_none_is_computed(build_batch, no_rate):
  method = build(*ALL, penalty_weight=0.0)
  method.compile(no_rate)
  logs = method.train_step(build_batch())
  assert not [name for name in logs if 'penalty' in name]
  assert set(logs) == {name for name in logs_of(ALL) if 'penalty' not in name}


def test_critics_move_as_often_as_asked(build_batch):
  method = build(*ALL, critic_steps=3)
  method.compile(tf.keras.optimizers.SGD(0.01))
  method.train_step(build_batch())
  moves = {
    name: int(optimizer.iterations.numpy())
    for name, optimizer in method.player_optimizers.items()
  }
  assert moves == {'critics': 3, 'model': 1}


def test_without_adapting_terms_it_is_source_only_bit_for_bit(
  build_batch, step_of, caplog
):
  """And says so, once, however often it is built."""
  found = []
  with caplog.at_level(logging.WARNING, logger='absl'):
    for kind, player in ((SourceOnly, 'task'), (I2IAdapt, 'model')):
      tf.keras.utils.set_random_seed(3)
      options = {'image_shape': (8, 8, 1), 'n_classes': 3, 'seed': 5}
      if kind is SourceOnly:
        method = SourceOnly(task=NETWORKS['task'], **options)
      else:
        method = build('c', class_weight=1.0)
        build('c')
      method.compile(tf.keras.optimizers.Adam(1e-2))
      step = step_of(method)
      for number in range(3):
        step(build_batch(number))
      optimizer = method.player_optimizers[player]
      values = (*method.task.variables, *optimizer.variables)
      found.append([value.numpy() for value in values])
  for ours, theirs in zip(*found, strict=True):
    np.testing.assert_array_equal(ours, theirs)
  said = [record for record in caplog.records if 'source-only' in record.msg]
  assert len(said) <= 1  # Other tests of this process may have been told.
  assert not build('c').translates


@pytest.mark.parametrize(
  ('terms', 'there', 'back'),
  [
    (('c', 'z'), False, False),
    (('c', 'id_x'), False, False),
    (('c', 'id_y'), True, False),
    (('c', 'id_x', 'id_y'), True, True),
    (('c', 'tr'), True, True),
    (('c', 'cyc'), True, True),
  ],
)
def test_which_way_it_translates(terms, there, back, build_batch):
  method, images = build(*terms), build_batch()['source']['image']
  assert (method.translates, method.translates_back) == (there, back)
  features = method.task(images)['features']
  if there:
    expected = method.target_decoder(features)
    np.testing.assert_array_equal(method.translate(images), expected)
  if back:
    expected = method.source_decoder(features)
    np.testing.assert_array_equal(method.translate_back(images), expected)


@pytest.mark.parametrize(
  ('terms', 'kind', 'part'),
  [
    (('c', 'z', 'trc'), I2IAdapt, 'nothing trains the decoder'),
    (('c', 'id_x', 'trc'), I2IAdapt, 'nothing trains the decoder'),
    (('tr', 'cyc'), I2IAdapt, 'I2ITranslation'),
    (('c', 'tr', 'cyc'), I2ITranslation, 'I2ITranslation has none'),
  ],
)
def test_weights_by_which_a_network_cannot_learn_are_told(terms, kind, part):
  with pytest.raises(ValueError, match=part):
    build(*terms, kind=kind)


def test_every_term_is_weighed(build_batch):
  """Twice the weight, twice the term."""
  batch = build_batch()
  once, twice = build(*ALL), build(*ALL)
  for name in OPTIONS.values():
    setattr(twice, name, 2.0 * getattr(twice, name))
  terms, _ = once.model_losses(batch, once.shared(batch))
  doubled, _ = twice.model_losses(batch, twice.shared(batch))
  for name, value in terms.items():
    assert value != 0
    np.testing.assert_allclose(doubled[name], 2.0 * value, rtol=1e-5)
  assert {f'model/{name}' for name in terms} == set().union(*TERMS.values())
  assert set(CRITIC_TERMS) == {'z', 'tr'}
