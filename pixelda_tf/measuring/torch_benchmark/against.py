"""The benchmark's end of the PyTorch side."""

import contextlib
import importlib.util
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import gin

from pixelda_tf.errors import UserError
from pixelda_tf.methods import Method

_WORKER = 'pixelda_tf.measuring.torch_benchmark.worker'
_NETWORKS = ('generator', 'discriminator', 'task')


class TorchWorker:
  """A process that takes a method's train steps in PyTorch, on the CPU.

  It is a context manager: it ends with it. Between steps it waits and uses no
  processor time.
  """

  def __init__(self, method: Any, batch_size: int, precision: str):
    """Starts the process, and returns when it has warmed up.

    Args:
      method: a built method, PixelDA or CycleGAN; its sizes and weights are
        taken from the config that gin holds.
      batch_size: images of a domain.
      precision: 'float32' or 'mixed_bfloat16'.

    Raises:
      UserError: PyTorch is not installed, or its side does not have what the
        config asks for.
    """
    if importlib.util.find_spec('torch') is None:
      raise UserError(
        '--against=torch needs PyTorch, which is not installed: '
        "pip install 'pixelda_tf[torch]'"
      )
    name = type(method).__name__
    of_all = settings(type(method))
    _check_all_read(method, of_all[name])
    self.process = subprocess.Popen(
      [
        sys.executable,
        '-m',
        _WORKER,
        f'--method={name}',
        f'--image_shape={",".join(map(str, method.image_shape))}',
        f'--batch={batch_size}',
        f'--classes={method.n_classes}',
        f'--precision={precision.removeprefix("mixed_")}',
        f'--settings={json.dumps(of_all)}',
      ],
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      text=True,
    )
    try:
      _compare(method, self._answer())
    except RuntimeError:
      self.close()
      raise

  def steps(self, count: int) -> list[float]:
    """Returns the seconds of each of `count` train steps, taken now."""
    with contextlib.suppress(BrokenPipeError):  # Then there is no answer.
      print(count, file=self.process.stdin, flush=True)
    return self._answer()

  def close(self) -> None:
    """Ends the process."""
    self.process.communicate()

  def __enter__(self):
    """Returns itself."""
    return self

  def __exit__(self, *_):
    """Closes."""
    self.close()

  def _answer(self):
    assert self.process.stdout is not None
    line = self.process.stdout.readline()
    if not line:
      _, errors = self.process.communicate()
      silent = f'PyTorch ended without a word, status {self.process.returncode}'
      raise UserError((errors.splitlines() or [silent])[-1])
    return json.loads(line)


def settings(method: type[Method]) -> dict[str, dict[str, Any]]:
  """Returns what the config says of a method and its networks.

  Args:
    method: the class.

  Returns:
    Options that are not at their default, by name of method or network;
    functions by their names.
  """
  own = _bound(method)
  of_all = {method.__name__: own}
  networks = defaults(method) | gin.get_bindings(method.__name__)
  for option in _NETWORKS:
    if option == 'task' and not method.predicts:
      continue
    if function := networks.get(option):
      own[option] = function.__name__
      of_all[function.__name__] = _bound(function)
  return of_all


def _bound(function):
  usual = _named(defaults(function))
  bound = _named(gin.get_bindings(function.__name__))
  return {
    option: value for option, value in bound.items() if value != usual[option]
  }


def _named(options):
  return {
    option: getattr(value, '__name__', value)
    for option, value in options.items()
  }


def defaults(function: Callable) -> dict[str, Any]:
  """Returns the defaults of a function or class, by option."""
  parameters = inspect.signature(function).parameters.values()
  return {parameter.name: parameter.default for parameter in parameters}


def _check_all_read(method, options):
  """Checks that a method has the options that were read, and no others."""
  for option, default in defaults(type(method)).items():
    read = options.get(option, default)
    has = getattr(method, option, read)
    if isinstance(read, int | float) and has != read:
      raise UserError(
        f'--against=torch reads no options in a scope: '
        f'{type(method).__name__}.{option} is {has} in this row, {read} '
        'elsewhere; give it by --gin_param'
      )


def _compare(method, counts):
  for name, count in counts.items():
    weights = getattr(method, name).trainable_variables
    expected = sum(weight.shape.num_elements() for weight in weights)
    if count != expected:
      raise RuntimeError(
        f'{name} has {expected} weights here, {count} in PyTorch'
      )
