import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.runs import precision


@pytest.fixture
def machine(monkeypatch, tmp_path):
  """Function that pretends a processor's flags and GPUs' capabilities."""

  def pretend(flags='', gpus=()):
    info = tmp_path / 'cpuinfo'
    info.write_text(f'processor\t: 0\nflags\t\t: fpu sse {flags}\nbugs\t: \n')
    monkeypatch.setattr(precision, '_CPU_INFO', info)
    monkeypatch.setattr(
      tf.config, 'list_physical_devices', lambda kind: list(gpus)
    )
    monkeypatch.setattr(
      tf.config.experimental,
      'get_device_details',
      lambda gpu: {'device_name': 'a GPU', 'compute_capability': gpu},
    )

  return pretend


@pytest.mark.parametrize(
  ('flags', 'gpus', 'expected'),
  [
    ('avx2', (), 'float32'),
    ('avx2 avx512_bf16', (), 'mixed_bfloat16'),
    ('avx512f amx_bf16 amx_int8', (), 'mixed_bfloat16'),
    ('amx_bf16_not', (), 'float32'),
    ('amx_bf16', [(7, 5)], 'float32'),
    ('', [(8, 0), (9, 0)], 'mixed_bfloat16'),
    ('', [(9, 0), (7, 0)], 'float32'),
  ],
)
def test_auto_takes_bfloat16_where_all_have_it(machine, flags, gpus, expected):
  machine(flags, gpus)
  assert precision.policy('auto')[0] == expected


def test_the_reason_says_what_has_it(machine):
  machine('amx_bf16')
  assert precision.policy('auto')[1] == 'as the processor has it (amx_bf16)'
  machine()
  assert precision.policy('auto')[1] == 'as nothing here has bfloat16'
  machine(gpus=[(8, 6)])
  assert precision.policy('auto')[1] == 'as a GPU has it'


def test_without_linux_auto_is_float32(machine, monkeypatch, tmp_path):
  machine('amx_bf16')
  monkeypatch.setattr(precision, '_CPU_INFO', tmp_path / 'none')
  assert precision.policy('auto')[0] == 'float32'


@pytest.mark.parametrize('name', ['float32', 'mixed_bfloat16'])
def test_a_named_precision_is_that(machine, name):
  machine()
  assert precision.policy(name) == (name, 'as asked for')


def test_another_precision_is_told():
  with pytest.raises(UserError, match="is 'float16': one of 'auto', 'float32'"):
    precision.policy('float16')


def test_a_scope_is_left_as_it_was_entered():
  policy = tf.keras.mixed_precision.global_policy
  with precision.scope('mixed_bfloat16'):
    layer = tf.keras.layers.Dense(1)
    with pytest.raises(ValueError), precision.scope('float32'):
      assert policy().name == 'float32'
      raise ValueError
    assert policy().name == 'mixed_bfloat16'
  assert policy().name == 'float32'
  assert layer.dtype_policy.name == 'mixed_bfloat16'
