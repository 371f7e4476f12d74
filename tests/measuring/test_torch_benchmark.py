"""Whether PyTorch is measured on the same networks, losses and order."""

import importlib
import importlib.util
import re

import gin
import pytest

from pixelda_tf import config, methods, networks
from pixelda_tf.errors import UserError
from pixelda_tf.measuring.torch_benchmark import against

pytestmark = [
  pytest.mark.slow,
  pytest.mark.filterwarnings("ignore:Using padding='same'"),
]


@pytest.fixture
def torch():
  return pytest.importorskip('torch')


@pytest.mark.parametrize(
  'gin_file, method, expected',
  [
    (
      'mnist_to_mnistm',
      'PixelDA',
      {
        'PixelDA': {
          'generator': 'residual_generator',
          'discriminator': 'pyramid_discriminator',
          'task': 'mnist_classifier',
          'task_repeats': 3,
        },
        'residual_generator': {},
        'pyramid_discriminator': {},
        'mnist_classifier': {},
      },
    ),
    (
      'cyclegan_uda_mnist_to_mnistm',
      'CycleGAN',
      {
        'CycleGAN': {
          'generator': 'unet_generator',
          'discriminator': 'patch_discriminator',
        },
        'unet_generator': {'filters': 32},
        'patch_discriminator': {
          'filters': 32,
          'kernel_size': 3,
          'strides': (2, 2, 1),
          'normalization': 'instance_normalization',
        },
      },
    ),
  ],
)
def test_settings_are_the_configs(gin_file, method, expected):
  """Only what differs from the defaults, and which networks."""
  config.parse([f'gin/{gin_file}.gin'])
  assert against.settings(getattr(methods, method)) == expected


def test_pytorch_is_an_extra(monkeypatch):
  monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
  with pytest.raises(UserError, match=r"pip install 'pixelda_tf\[torch\]'"):
    against.TorchWorker(None, 4, 'float32')


TINY = (
  'residual_generator.filters = 4',
  'residual_generator.blocks = 1',
  'pyramid_discriminator.filters = 2',
)


def build_tiny(*bindings, **options):
  """Returns the PixelDA of a config; options take the config's place."""
  config.parse(['gin/mnist_to_mnistm.gin'], [*TINY, *bindings])
  build = gin.get_configurable(methods.PixelDA)
  return build(image_shape=(8, 8, 1), n_classes=3, **options)


@pytest.mark.parametrize('precision', ['float32', 'mixed_bfloat16'])
def test_a_worker_takes_steps(precision, torch):
  method = build_tiny()
  with against.TorchWorker(method, 4, precision) as worker:
    for count in (2, 1):
      seconds = worker.steps(count)
      assert len(seconds) == count
      assert min(seconds) > 0
    process = worker.process
  assert process.returncode == 0


@pytest.mark.parametrize(
  'binding, option',
  [
    ('PixelDA.semi_supervised = True', 'PixelDA.semi_supervised'),
    (
      'residual_generator.noise_stddev = 1.0',
      'residual_generator.noise_stddev',
    ),
  ],
)
def test_what_pytorch_does_not_have_is_told(binding, option, torch):
  with pytest.raises(UserError, match=f'^PyTorch has no {option}: leave it'):
    against.TorchWorker(build_tiny(binding), 4, 'float32')


def test_networks_of_other_sizes_are_not_compared(torch):
  """The method has 64 filters, the config 4."""
  method = build_tiny(generator=networks.residual_generator)
  with pytest.raises(RuntimeError, match='generator has .* weights here'):
    against.TorchWorker(method, 4, 'float32')


def test_a_rows_own_options_are_not_passed_over(torch):
  """The config's T has weight 1 outside of a scope, this one has 2."""
  message = r'in a scope: PixelDA\.task_weight is 2\.0 in this row, 1\.0 else'
  with pytest.raises(UserError, match=message):
    against.TorchWorker(build_tiny(task_weight=2.0), 4, 'float32')


def test_a_worker_that_died_is_told(torch):
  with against.TorchWorker(build_tiny(), 4, 'float32') as worker:
    worker.process.kill()
    worker.process.wait()
    with pytest.raises(UserError, match='ended without a word, status -9'):
      worker.steps(1)


def test_the_benchmark_prints_both_ratios(run_command, torch):
  bindings = [f'--gin_param={binding}' for binding in TINY]
  done = run_command(
    'benchmark',
    '--gin_file=gin/quickstart.gin',
    '--against=torch',
    '--steps=1',
    *bindings,
  )
  assert done.returncode == 0, done.stderr
  for precision in ('float32', 'mixed_bfloat16'):
    pattern = (
      rf'^PyTorch, {precision}: [\d.]+ ms, [\d.]+ times as long as ours$'
    )
    assert re.search(pattern, done.stdout, re.MULTILINE)
