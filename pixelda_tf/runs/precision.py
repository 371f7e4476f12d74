"""In which precision a method trains."""

import contextlib
import pathlib
from collections.abc import Iterator

import tensorflow as tf

from pixelda_tf.errors import UserError

PRECISIONS = ('auto', 'float32', 'mixed_bfloat16')

_CPU_INFO = pathlib.Path('/proc/cpuinfo')
# Linux's names of what multiplies bfloat16, the fastest first.
_CPU_FLAGS = ('amx_bf16', 'avx512_bf16')
_GPU_CAPABILITY = (8, 0)  # Ampere


@contextlib.contextmanager
def scope(policy: str) -> Iterator[None]:
  """Has Keras build within it in a precision.

  Args:
    policy: name of a Keras policy, as `policy` returns it.
  """
  before = tf.keras.mixed_precision.global_policy()
  tf.keras.mixed_precision.set_global_policy(policy)
  try:
    yield
  finally:
    tf.keras.mixed_precision.set_global_policy(before)


def policy(precision: str) -> tuple[str, str]:
  """Returns the Keras policy that a precision means on this machine, and why.

  Args:
    precision: 'float32'; 'mixed_bfloat16', bfloat16 with float32 weights; or
      'auto', the latter where the processor, or every GPU, computes with
      bfloat16.

  Returns:
    The policy, 'float32' or 'mixed_bfloat16', and the reason in words.

  Raises:
    UserError: the precision is none of these.
  """
  if precision not in PRECISIONS:
    names = ', '.join(f"'{name}'" for name in PRECISIONS)
    raise UserError(f"Experiment.precision is '{precision}': one of {names}")
  if precision != 'auto':
    return precision, 'as asked for'
  reason = _bfloat16()
  if reason:
    return 'mixed_bfloat16', f'as {reason}'
  return 'float32', 'as nothing here has bfloat16'


def _bfloat16():
  """Returns what computes with bfloat16 here, or None."""
  gpus = tf.config.list_physical_devices('GPU')
  if gpus:
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    capable = all(
      gpu.get('compute_capability', (0, 0)) >= _GPU_CAPABILITY
      for gpu in details
    )
    return f'{details[0].get("device_name")} has it' if capable else None
  flags = set()
  if _CPU_INFO.exists():
    for line in _CPU_INFO.read_text().splitlines():
      if line.startswith('flags'):
        flags = set(line.split())
        break
  for flag in _CPU_FLAGS:
    if flag in flags:
      return f'the processor has it ({flag})'
  return None
