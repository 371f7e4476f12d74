"""The networks and steps in PyTorch are ours."""

import importlib
import importlib.util
import inspect

import numpy as np
import pytest
import tensorflow as tf
from torch_weights import copy_weights, n_trainable

from pixelda_tf import methods, networks
from pixelda_tf.measuring.torch_benchmark import against
from pixelda_tf.networks.layers import instance_normalization
from pixelda_tf.runs.optimizers import adam

pytestmark = [
  pytest.mark.slow,
  pytest.mark.filterwarnings("ignore:Using padding='same'"),
]


# Builder, image shape, the number after it, options, and whether PyTorch's is
# the mirror image. Sides of 28 are halved to an odd 7 on the pyramid.
QUIET = {'dropout_rate': 0.0, 'noise_stddev': 0.0}
NETWORKS = {
  'pixelda_generator': ('residual_generator', (28, 28, 3), [10], {}, False),
  'pixelda_discriminator': (
    'pyramid_discriminator',
    (28, 28, 3),
    [],
    QUIET,
    True,
  ),
  'pixelda_task': ('mnist_classifier', (28, 28, 3), [10], {}, False),
  'cyclegan_generator': (
    'unet_generator',
    (32, 32, 3),
    [],
    {'filters': 32},
    True,
  ),
  'cyclegan_discriminator': (
    'patch_discriminator',
    (32, 32, 3),
    [],
    {
      'filters': 32,
      'kernel_size': 3,
      'strides': (2, 2, 1),
      'normalization': instance_normalization,
    },
    True,
  ),
  'residual_cyclegan_generator': (
    'downsampling_residual_generator',
    (28, 28, 1),
    [],
    {'filters': 32},
    True,
  ),
  'residual_cyclegan_discriminator': (
    'patch_discriminator',
    (28, 28, 1),
    [],
    {
      'filters': 32,
      'head_kernel_size': 4,
      'max_multiple': 4,
      'strides': (2, 2, 1, 1, 1),
      'normalization': instance_normalization,
    },
    False,
  ),
}


# Methods small and without stride 2: there nothing is mirrored.
PATCH = {'filters': 4, 'kernel_size': 3, 'strides': (1, 1)}
GENERATOR = (
  'downsampling_residual_generator',
  {'filters': 4, 'levels': 0, 'blocks': 1},
)


METHODS = {
  'PixelDA': (
    (4, 4, 3),
    {
      'generator': ('residual_generator', {'filters': 4, 'blocks': 1}),
      'discriminator': ('pyramid_discriminator', {'filters': 4, **QUIET}),
      'task': ('mnist_classifier', {}),
      'domain_weight': 0.7,
      'task_weight': 1.3,
    },
  ),
  'CycleGAN': (
    (4, 4, 3),
    {
      'generator': GENERATOR,
      'discriminator': ('patch_discriminator', PATCH),
    },
  ),
}


@pytest.fixture
def torch():
  return pytest.importorskip('torch')


def twin(name):
  """Returns the PyTorch side's module; it is there where PyTorch is."""
  return importlib.import_module(f'{against.__package__}.{name}')


def torch_options(options, side):
  return {
    name: getattr(side, value.__name__) if callable(value) else value
    for name, value in options.items()
  }


@pytest.mark.parametrize('case', NETWORKS)
def test_networks_are_the_same(case, torch):
  """The same trainable weights; with the same values the same answers."""
  name, shape, numbers, options, mirrored = NETWORKS[case]
  ours = getattr(networks, name)(shape, *numbers, **options)
  side = twin('networks')
  theirs = getattr(side, name)(shape, *numbers, **torch_options(options, side))
  assert n_trainable(ours) == sum(
    weight.numel() for weight in theirs.parameters() if weight.requires_grad
  )

  random = np.random.default_rng(0)
  for variable in ours.trainable_variables:
    variable.assign(random.normal(0, 0.05, variable.shape))
  images = random.uniform(-1, 1, (2, *shape)).astype('float32')
  seen = images[:, ::-1, ::-1] if mirrored else images
  inputs = [torch.tensor(seen.transpose(0, 3, 1, 2).copy())]
  our_inputs = [images]
  if 'generator' in case:
    noise = random.uniform(-1, 1, (2, ours.inputs[1].shape[1]))
    our_inputs.append(noise.astype('float32'))
    if numbers:
      inputs.append(torch.tensor(our_inputs[1]))
  copy_weights(torch, ours, theirs, inputs, mirrored)

  expected = ours(our_inputs if len(our_inputs) > 1 else images, training=True)
  if isinstance(expected, dict):
    expected = expected.get('domain', expected.get('logits'))
  expected = expected.numpy()
  with torch.no_grad():
    found = theirs(*inputs).numpy()
  if found.ndim == 4:
    found = found.transpose(0, 2, 3, 1)
    found = found[:, ::-1, ::-1] if mirrored else found
  assert expected.std() > 1e-3
  np.testing.assert_allclose(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('name', METHODS)
def test_two_steps_have_the_same_losses(name, torch, monkeypatch):
  """And each network is called as often.

  Noise is 0 on both sides; PyTorch's is 2 * 0.5 - 1.
  """
  shape, options = METHODS[name]

  def build(method, side, **numbers):
    return method(
      **numbers,
      **{
        option: (
          lambda *args, value=value: getattr(side, value[0])(*args, **value[1])
        )
        if isinstance(value, tuple)
        else value
        for option, value in options.items()
      },
    )

  ours = build(
    getattr(methods, name), networks, image_shape=shape, n_classes=10
  )
  ours.compile(adam(learning_rate=2e-4, beta_1=0.5), run_eagerly=True)
  monkeypatch.setattr(
    type(ours), 'noise', lambda self, count: tf.zeros([count, 10])
  )
  monkeypatch.setattr(torch, 'rand', lambda *shape: torch.full(shape, 0.5))
  theirs = build(
    getattr(twin('methods'), name),
    twin('networks'),
    image_shape=shape,
    n_classes=10,
  )
  theirs.start(bfloat16=False)

  random = np.random.default_rng(0)
  images = random.uniform(-1, 1, (2, 8, *shape)).astype('float32')
  labels = random.integers(10, size=8)
  source, target = torch.tensor(images.transpose(0, 1, 4, 2, 3).copy())
  for key, network in theirs.networks.items():
    inputs = [source]
    if key == 'generator':
      inputs.append(torch.zeros(8, 10))
    copy_weights(torch, getattr(ours, key), network, inputs)
  calls = {key: [0, 0] for key in theirs.networks}
  for key, network in theirs.networks.items():
    network.register_forward_hook(lambda *_, key=key: count(calls, key, 1))
    model = getattr(ours, key)
    monkeypatch.setattr(
      model,
      'call',
      lambda *args, key=key, call=model.call, **kwargs: (
        count(calls, key, 0),
        call(*args, **kwargs),
      )[1],
    )

  batch = {
    'source': {'image': tf.constant(images[0]), 'label': tf.constant(labels)},
    'target': {'image': tf.constant(images[1])},
  }
  monitors = ('accuracy_real', 'accuracy_fake', 'gradient_norm')
  for _ in range(2):
    logs = ours.train_step(batch)
    expected = [
      sum(
        float(value)
        for key, value in logs.items()
        if key.startswith(player.name + '/') and not key.endswith(monitors)
      )
      for player in ours.players()
    ]
    found = theirs.step(source, torch.tensor(labels), target)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
  for first, second in calls.values():
    assert first == second > 0


def count(calls, key, side):
  calls[key][side] += 1


@pytest.mark.parametrize(
  'name', sorted({case[0] for case in NETWORKS.values()} | METHODS.keys())
)
def test_options_have_the_same_defaults(name, torch):
  """PyTorch's side is told only what is not at its default."""
  kinds = 'methods' if name in METHODS else 'networks'
  ours = getattr(methods if name in METHODS else networks, name)
  theirs = getattr(twin(kinds), name)
  defaults = against.defaults
  ours, theirs = (
    {
      option: getattr(value, '__name__', value)
      for option, value in defaults(function).items()
      if value is not inspect.Parameter.empty
    }
    for function in (ours, theirs)
  )
  shared = ours.keys() & theirs.keys()
  assert {option: ours[option] for option in shared} == theirs
  assert shared or name == 'mnist_classifier'
