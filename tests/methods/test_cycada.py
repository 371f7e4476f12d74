import numpy as np
import pytest
import tensorflow as tf
from cycada_networks import NETWORKS

from pixelda_tf.methods import CyCADA
from pixelda_tf.methods.feature_alignment import scores

KEYS = {
  'generators/target_domain',
  'generators/source_domain',
  'generators/source_cycle',
  'generators/target_cycle',
  'generators/translated_class',
  'generators/source_semantic',
  'generators/target_semantic',
  'generators/gradient_norm',
  'discriminators/target_domain',
  'discriminators/target_accuracy_real',
  'discriminators/target_accuracy_fake',
  'discriminators/source_domain',
  'discriminators/source_accuracy_real',
  'discriminators/source_accuracy_fake',
  'discriminators/gradient_norm',
  'task/translated_class',
  'task/gradient_norm',
}


SEMANTIC = {'generators/source_semantic', 'generators/target_semantic'}
CYCLE = {'generators/source_cycle', 'generators/target_cycle'}
IDENTITY = {'generators/source_identity', 'generators/target_identity'}
ALIGNMENT = {
  'feature_discriminator/domain',
  'feature_discriminator/accuracy',
  'feature_discriminator/gradient_norm',
  'alignment/domain',
  'alignment/gate_open',
  'alignment/gradient_norm',
}


# Options, keys that are gone, keys that come.
VARIANTS = {
  'paper': ({}, set(), set()),
  'no semantic loss': ({'semantic_weight': 0.0}, SEMANTIC, set()),
  'no cycle': ({'cycle_weight': 0.0}, CYCLE, set()),
  'neither': (
    {'semantic_weight': 0.0, 'cycle_weight': 0.0},
    SEMANTIC | CYCLE,
    set(),
  ),
  'identity': ({'identity_weight': 0.1}, set(), IDENTITY),
  'G without the task': (
    {'generator_task_weight': 0.0},
    {'generators/translated_class'},
    set(),
  ),
  'no task': ({'task_weight': 0.0}, {'generators/translated_class'}, set()),
  'joint classifier': (
    {'joint_classifier': True},
    set(),
    {'source_task/class', 'source_task/gradient_norm'},
  ),
  'features': ({'align_features': True}, set(), ALIGNMENT),
}


def apply(network, images):
  """A generator's images, without the library's own helper."""
  images = tf.constant(images)
  return network([images, tf.zeros([len(images), 0])], training=True)


def teach(method, offset, scale=4.0):
  """f_S with larger weights and `offset` on the first class."""
  last = method.source_task.get_layer('classes')
  last.kernel.assign(scale * last.kernel)
  last.bias.assign([offset, 0.0, 0.0])


@pytest.mark.parametrize('name', VARIANTS)
def test_the_keys_of_a_step(name, build_method, build_batch, no_rate):
  options, gone, come = VARIANTS[name]
  method = build_method(CyCADA, **options)
  method.compile(no_rate)
  logs = method.train_step(build_batch())
  assert set(logs) == (KEYS - gone) | come
  for key, value in logs.items():
    assert value.shape == () and value.dtype == tf.float32, key
    assert np.isfinite(value), key


def test_what_each_term_has_a_gradient_for(build_method, build_batch, reached):
  """G learns from f_T and, by f_S, from Eq. 4; f_T and D teach no one."""
  method = build_method(CyCADA, align_features=True, joint_classifier=True)
  teach(method, 0.0)
  batch = build_batch()
  logits = method.source_task(batch['source']['image'])['logits']
  batch['source']['label'] = tf.argmax(logits, -1, tf.int32)
  g, f, d_y, d_x, f_t, f_s = NETWORKS
  assert reached(method, batch) == {
    'generators/target_domain': {g, d_y},
    'generators/source_domain': {f, d_x},
    'generators/source_cycle': {g, f},
    'generators/target_cycle': {g, f},
    'generators/translated_class': {g, f_t},
    'generators/source_semantic': {g, f_s},
    'generators/target_semantic': {f, f_s},
    'discriminators/target_domain': {d_y},
    'discriminators/source_domain': {d_x},
    'task/translated_class': {f_t},
    'source_task/class': {f_s},
    'feature_discriminator/domain': {'feature_discriminator'},
    'alignment/domain': {'feature_discriminator', f_t},
  }


@pytest.mark.parametrize(
  'player, options, expected',
  [
    ('generators', {}, dict.fromkeys(NETWORKS[:2], 1.0)),
    ('discriminators', {}, dict.fromkeys(NETWORKS[2:4], 1.0)),
    ('task', {}, {'task': 1.0}),
    ('source_task', {'joint_classifier': True}, {'source_task': 1.0}),
    (
      'feature_discriminator',
      {'align_features': True},
      {'feature_discriminator': 1.0},
    ),
    # Not the last layer, which is behind the features.
    ('alignment', {'align_features': True, 'threshold': -1.0}, {'task': 0.5}),
    (
      'alignment',
      {'align_features': True, 'threshold': -1.0, 'representation': scores},
      {'task': 1.0},
    ),
    ('alignment', {'align_features': True, 'threshold': 2.0}, {}),
  ],
)
def test_what_a_player_moves(
  player, options, expected, build_method, build_batch, changed_by
):
  method = build_method(CyCADA, **options)
  assert changed_by(method, build_batch(), player) == expected


@pytest.mark.parametrize('joint', [False, True])
def test_f_s_moves_only_where_it_is_trained_meanwhile(
  joint, build_method, build_batch
):
  method = build_method(
    CyCADA, joint_classifier=joint, align_features=True, threshold=-1.0
  )
  before = method.source_task.get_weights()
  method.compile(tf.keras.optimizers.Adam(1e-2))
  method.train_step(build_batch())
  for old, new in zip(before, method.source_task.get_weights(), strict=True):
    assert np.any(old != new) == joint


def test_a_semantic_loss_that_is_left_out_teaches_no_generator(
  build_method, build_batch, reached
):
  method = build_method(CyCADA, joint_classifier=True)
  teach(method, -4.0)
  batch = build_batch()
  batch['source']['label'] = tf.zeros([4], tf.int32)
  found = reached(method, batch)
  assert found['generators/source_semantic'] == set()
  assert found['generators/target_semantic'] == set()


def test_d_feat_sees_translated_and_target_images_under_f_t(
  build_method, build_batch, no_rate
):
  method = build_method(CyCADA, align_features=True, window=2, threshold=0.2)
  method.compile(no_rate)
  batch = build_batch()
  fake = apply(method.source_to_target, batch['source']['image'])
  d_feat = method.alignment.discriminator
  source, target = (
    d_feat(method.task(images)['features'])['domain'].numpy()
    for images in (fake, batch['target']['image'])
  )
  accuracy = np.mean([*(source[:, 0] > 0), *(target[:, 0] <= 0)])
  expected = {
    'feature_discriminator/domain': np.log1p(np.exp(-source)).mean()
    + np.log1p(np.exp(target)).mean(),
    'feature_discriminator/accuracy': accuracy,
    'alignment/domain': np.log1p(np.exp(-target)).mean(),
    'alignment/gate_open': accuracy / 2 > 0.2,
  }
  logs = method.train_step(batch)
  for name, value in expected.items():
    np.testing.assert_allclose(logs[name], value, rtol=1e-4, err_msg=name)
  assert method.stopped() is None


def test_the_targets_labels_are_not_looked_at(build_method, build_batch):
  found = []
  for label in (None, 1):
    batch = build_batch()
    if label:
      batch['target']['label'] = tf.fill([4], label)
    method = build_method(CyCADA, align_features=True)
    method.compile(tf.keras.optimizers.Adam(1e-2))
    method.train_step(batch)
    found.append(method.get_weights())
  for a, b in zip(*found, strict=True):
    np.testing.assert_array_equal(a, b)


def test_f_t_answers(build_method, build_batch):
  method = build_method(CyCADA)
  assert method.predicts and method.translates and method.translates_back
  images = build_batch()['target']['image']
  np.testing.assert_array_equal(
    method(images)['logits'], method.task(images)['logits']
  )
  assert np.any(
    method(images)['logits'] != method.source_task(images)['logits']
  )


def test_the_papers_networks_and_weights_are_the_defaults():
  """Sect. 6.1: all losses weigh the same; no identity loss."""
  method = CyCADA(image_shape=(16, 16, 1), n_classes=10)
  assert (method.cycle_weight, method.identity_weight) == (1.0, 0.0)
  assert (method.semantic_weight, method.task_weight) == (1.0, 1.0)
  assert method.generator_task_weight == 1.0
  assert method.alignment is None and not method.joint_classifier
  outputs = method(tf.zeros([2, 16, 16, 1]))
  assert outputs['features'].shape == (2, 500)
