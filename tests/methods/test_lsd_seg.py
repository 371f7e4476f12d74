"""LSD-seg: who moves, how far gradients reach, and what is left out when."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from lsd_seg_parts import N_CLASSES, NETWORKS, SIZE, batch, build

from pixelda_tf.methods import LSDSeg, LSDSegFeatures, SourceOnly
from pixelda_tf.methods.lsd_seg import of_sums
from pixelda_tf.networks import fcn8s_segmenter, unet_segmenter
from pixelda_tf.problems import Segmentation

small_unet = functools.partial(unet_segmenter, filters=2, levels=2)
small_fcn8s = functools.partial(
  fcn8s_segmenter, filters=2, fc_filters=4, fc_kernel_size=3, margin=False
)


def test_players_move_in_the_papers_order():
  assert [player.name for player in build().players()] == [
    'discriminator',
    'generator',
    'task',
  ]


def test_who_gets_a_gradient_of_what(reached):
  """D of its own losses; what G minimises reaches G through D.

  What F minimises runs through D and G, which that player does not move.
  """
  g_d, f_g_d = (
    {'generator', 'discriminator'},
    {
      'task',
      'generator',
      'discriminator',
    },
  )
  assert reached(build(generator_auxiliary_weight=1.0), batch()) == {
    'discriminator/source_real': {'discriminator'},
    'discriminator/source_fake': {'discriminator'},
    'discriminator/target_real': {'discriminator'},
    'discriminator/target_fake': {'discriminator'},
    'discriminator/class': {'discriminator'},
    # Images are made of F's embeddings, but F is another player's.
    'generator/source_fake': f_g_d,
    'generator/target_fake': f_g_d,
    'generator/class': f_g_d,
    'generator/source_reconstruction': {'task', 'generator'},
    'generator/target_reconstruction': {'task', 'generator'},
    'task/pixels': {'task'},
    'task/class': f_g_d,
    'task/source_fake': f_g_d,
    'task/target_fake': f_g_d,
  }
  assert g_d < f_g_d


@pytest.mark.parametrize('player', ['discriminator', 'generator', 'task'])
def test_a_player_moves_its_own_network_alone(player, changed_by):
  """All of it: D's class head, F and C."""
  assert changed_by(build(), batch(), player) == {player: 1.0}


def test_c_has_l_seg_of_source_images_alone():
  """What lies behind the embedding gets nothing of the other terms."""
  method = build()
  tape = tf.GradientTape(persistent=True)
  with tape:
    shared = method.shared(batch())
    terms, _ = method.task_losses(batch(), shared)
  classifier = method.task.get_layer('classes').trainable_variables
  for name, value in terms.items():
    gradients = tape.gradient(value, classifier)
    assert all((g is None) == (name != 'pixels') for g in gradients), name


def test_c_does_not_see_target_images():
  """C's averages of batch normalisation are of the source, F's of both."""
  averages = []
  for seed in (0, 1):
    method = build(task=small_unet, embedding=('down_1',))
    method.compile(tf.keras.optimizers.SGD(0.0))
    method.train_step(batch() | {'target': batch(seed)['target']})
    averages.append(
      [v.numpy() for v in method.task.variables if 'moving_mean' in v.name]
    )
  same = [np.array_equal(a, b) for a, b in zip(*averages, strict=True)]
  # Two of each level down, and three more that lead to C: the bottom's two are
  # not on the way to this embedding.
  assert same == [False] * 4 + [True] * 4


@pytest.mark.parametrize('kind', [LSDSeg, LSDSegFeatures])
def test_target_images_may_be_seen_as_when_f_answers(kind):
  """Then no average is of theirs, as SourceOnly's are not."""
  options = {'task': small_unet, 'embedding': ('down_2',)}
  if kind is LSDSeg:
    options['generator'] = functools.partial(
      NETWORKS['generator'], filters=(2, 2), kernel_sizes=(3, 3)
    )
  method = build(kind, target_as_answered=True, **options)
  twin = build(SourceOnly, task=small_unet)
  of_source = batch()['source']['image']
  method.shared(batch())
  twin.task(of_source, training=True)
  for ours, theirs in zip(
    method.task.variables, twin.task.variables, strict=True
  ):
    np.testing.assert_array_equal(ours, theirs)


def test_how_often_each_network_is_called(count_calls):
  """D judges four kinds of images for itself, two for G and two for F."""
  method = build()
  calls = count_calls(method)
  method.compile(tf.keras.optimizers.SGD(0.0))
  calls()
  method.train_step(batch())
  found = calls()
  assert found['generator'] == 2 and found['discriminator'] == 8


@pytest.mark.parametrize('task', [small_unet, small_fcn8s])
def test_with_alpha_and_beta_0_it_is_source_only_bit_for_bit(task, step_of):
  """Weights, averages, optimizer and dropout's streams, after three steps."""
  found = []
  for kind, options in (
    (SourceOnly, {}),
    (
      LSDSeg,
      NETWORKS | {'auxiliary_weight': 0.0, 'adversarial_weight': 0.0},
    ),
  ):
    tf.keras.utils.set_random_seed(3)
    method = kind(
      image_shape=(*SIZE, 3),
      n_classes=N_CLASSES,
      problem=Segmentation(class_weights='square_root'),
      task=task,
      seed=5,
      **options,
    )
    method.compile(tf.keras.optimizers.Adam(1e-2))
    step = step_of(method)
    logs = [step(batch(number)) for number in range(3)]
    state = tf.train.Checkpoint(method=method)
    assert {name.split('/')[0] for name in logs[0]} == {'task'}
    optimizer = method.player_optimizers['task']
    values = [*method.task.variables, *optimizer.variables]
    values += [
      layer.generator.state
      for layer in method.task.layers
      if hasattr(layer, 'generator')
    ]
    found.append([value.numpy() for value in values] + [logs[-1]])
    del state
  *ours, our_logs = found[1]
  *theirs, their_logs = found[0]
  for a, b in zip(ours, theirs, strict=True):
    np.testing.assert_array_equal(a, b)
  for name, value in their_logs.items():
    np.testing.assert_array_equal(our_logs[name], value)


def test_alpha_0_leaves_out_ds_class_head():
  method = build(auxiliary_weight=0.0)
  assert list(method.discriminator.output) == ['domain']
  shared = method.shared(batch())
  for player in method.players():
    terms, _ = player.losses(batch(), shared)
    assert 'class' not in terms


def test_beta_0_leaves_out_only_what_is_adversarial_in_fs_turn():
  method = build(adversarial_weight=0.0)
  shared = method.shared(batch())
  terms = {p.name: set(p.losses(batch(), shared)[0]) for p in method.players()}
  assert terms['task'] == {'pixels', 'class'}
  assert 'source_fake' in terms['generator']


@pytest.mark.parametrize('on_generated', [False, True])
def test_whose_classes_d_learns(on_generated):
  method = build(auxiliary_on_generated=on_generated)
  images = batch()['source']['image']
  if on_generated:
    images = method.translate(images)
  logits = method.discriminator(images)['class']
  expected = np.mean(method.problem.head_losses(batch()['source'], logits))
  terms, _ = method.discriminator_losses(batch(), method.shared(batch()))
  np.testing.assert_allclose(terms['class'], expected, rtol=1e-5)


def test_it_translates_by_g_of_f_without_dropout():
  """The same both ways, and for other sizes than those of training."""
  dropout = functools.partial(NETWORKS['generator'], dropout_rate=0.5)
  method = build(generator=dropout, train_shape=(4, 4, 3))
  images = batch()['source']['image']
  features = method.task(images)['features']
  expected = method.generator([features])
  assert expected.shape == images.shape
  for translate in (method.translate, method.translate_back):
    np.testing.assert_array_equal(translate(images), expected)
  trained = method.reconstruct([features], images, training=True)
  assert np.any(trained != expected)


def test_images_are_cut_to_size_where_poolings_round_up():
  """5 of 9 rows and 3 of 6 after two poolings are 3 and 2: 12x8 of 9x6."""
  method = LSDSeg(
    image_shape=(9, 6, 3),
    n_classes=N_CLASSES,
    problem=Segmentation(),
    task=small_unet,
    embedding=('down_2',),
    generator=functools.partial(
      NETWORKS['generator'], filters=(2, 2), kernel_sizes=(3, 3)
    ),
    discriminator=NETWORKS['discriminator'],
  )
  images = tf.random.uniform([1, 9, 6, 3], -1, 1)
  whole = method.generator(method.embedding.embed(images))
  assert whole.shape == (1, 12, 8, 3)
  np.testing.assert_array_equal(method.translate(images), whole[:, :9, :6])


@pytest.mark.parametrize(
  'options, message',
  [
    (
      {'embedding': ('fc7',)},
      "LSDSeg.embedding: the task network has no layer 'fc7' of maps: name "
      "F's last layer, such as 'features' of FCN8s or 'down_4' of the U-Net",
    ),
    (
      {
        'generator': functools.partial(
          NETWORKS['generator'], filters=(2, 2), kernel_sizes=(3, 3)
        )
      },
      "LSDSeg.embedding ('features',) of images of 6x8 has 3x4 places, of "
      'which LSDSeg.generator makes images of 12x16: name a layer and a '
      'generator (embedding_generator.filters) that fit each other',
    ),
  ],
)
def test_a_base_network_without_what_g_needs_is_told(options, message):
  with pytest.raises(ValueError) as error:
    build(**options)
  assert str(error.value) == message


def test_weights_of_sums_as_the_released_code_has_them():
  """0.1 of a sum over HW/64 decisions beside a sum over HW pixels.

  Divided by HW, that is 0.1 / 64 of a mean beside a mean.
  """
  assert of_sums(0.1) == of_sums(0.1, 64) == 0.1 / 64
