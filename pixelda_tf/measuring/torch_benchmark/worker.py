"""Takes train steps in PyTorch on random images, as many as it is asked for.

python -m pixelda_tf.measuring.torch_benchmark.worker --method=CycleGAN \
  --image_shape=32,32,3 \
  --settings='{"CycleGAN": {"identity_weight": 0}, "unet_generator": {}}'

It prints {network: trainable weights} when it is ready. For every line of
standard input, a number of steps, it prints the list of their seconds.
"""

import argparse
import functools
import inspect
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from pixelda_tf.measuring.torch_benchmark import methods, networks

_WARM_UP = 3


def main() -> None:
  """Answers until standard input ends."""
  parser = argparse.ArgumentParser()
  parser.add_argument('--method', required=True)
  parser.add_argument('--image_shape', required=True)
  parser.add_argument('--batch', type=int, default=32)
  parser.add_argument('--classes', type=int, default=10)
  parser.add_argument(
    '--precision', choices=['float32', 'bfloat16'], default='float32'
  )
  parser.add_argument('--settings', type=json.loads, default={})
  args = parser.parse_args()

  height, width, channels = map(int, args.image_shape.split(','))
  image_shape = height, width, channels
  method = configured(args.method, args.settings)(image_shape, args.classes)
  method.start(args.precision == 'bfloat16')
  batch = random_batch(args.batch, image_shape, args.classes)
  for _ in range(_WARM_UP):
    method.step(*batch)
  counts = {
    name: sum(weight.numel() for weight in method.trainable(name))
    for name in method.networks
  }
  print(json.dumps(counts), flush=True)
  for line in sys.stdin:
    seconds = [timed(method, batch) for _ in range(int(line))]
    print(json.dumps(seconds), flush=True)


def configured(
  name: str, settings: Mapping[str, Mapping[str, Any]]
) -> Callable:
  """Returns a function of `methods` or `networks` with its options set.

  Args:
    name: of the function.
    settings: options by function; an option that is text names a function.
  """
  function = getattr(methods, name, None) or getattr(networks, name, None)
  if function is None:
    sys.exit(f'PyTorch has no {name}: measure without --against')
  options = settings.get(name, {})
  for option in options.keys() - inspect.signature(function).parameters.keys():
    sys.exit(
      f'PyTorch has no {name}.{option}: leave it at its default, or measure '
      'without --against'
    )
  return functools.partial(
    function,
    **{
      option: configured(value, settings) if isinstance(value, str) else value
      for option, value in options.items()
    },
  )


def random_batch(
  count: int, image_shape: tuple[int, int, int], n_classes: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
  """Returns source images, their labels and target images."""
  height, width, channels = image_shape
  source, target = (
    (2 * torch.rand(count, channels, height, width) - 1).to(
      memory_format=torch.channels_last
    )
    for _ in range(2)
  )
  return source, torch.randint(n_classes, (count,)), target


def timed(method: methods.Method, batch: Sequence[torch.Tensor]) -> float:
  """Returns the seconds of a step."""
  start = time.perf_counter()
  method.step(*batch)
  return time.perf_counter() - start


if __name__ == '__main__':
  main()
