"""Whose labels reach which network of PixelDA."""

import numpy as np
import pytest
import tensorflow as tf


def values(networks):
  return [v.numpy() for net in networks for v in net.trainable_variables]


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
  build_pixelda, build_batch, cross_entropy
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


def test_gs_weight_of_t_is_its_own(
  build_pixelda, build_batch, no_rate, cross_entropy
):
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
