"""Starts a command twice at once, again and again, where both write the same.

PYTHONPATH=.:tests/helpers python tests/faults/two_writers.py train --times=20

The second one starts at a random moment of the first one's work. It has to tell
in one line who writes there, or to wait and then end as it does alone. What is
there in the end is what one process writes that is left alone, to the bit.
"""

import argparse
import pathlib
import random
import tempfile
import time

from commands import (
  KINDS,
  compare,
  finish,
  left_alone,
  mistake,
  new,
  start,
  work,
)


def main() -> None:
  """Starts both, compares, prints how often one of them was refused."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('kind', choices=KINDS)
  parser.add_argument('--times', type=int, default=20)
  parser.add_argument('--seed', type=int, default=0)
  options = parser.parse_args()
  kind, moments = KINDS[options.kind], random.Random(options.seed)
  with tempfile.TemporaryDirectory() as folder:
    inputs, outputs = pathlib.Path(folder, 'in'), pathlib.Path(folder, 'out')
    told = [pathlib.Path(folder, name) for name in ('first', 'second')]
    inputs.mkdir()
    kind.inputs(inputs)
    expected, seconds = left_alone(kind, inputs, outputs, told[0])
    words = kind.command(inputs, outputs)
    refused = 0
    for _ in range(options.times):
      new(inputs, outputs)
      first = start(words, told[0])
      assert work(kind, first, outputs)
      time.sleep(moments.uniform(0, 0.8 * seconds))
      second = start(words, told[1])
      finish(first)
      second.join()
      if second.exitcode:
        refused += 1
        line = mistake(second.exitcode, told[1].read_text())
        if f'process {first.pid} on ' not in line:
          raise SystemExit(f'another mistake: {line}')
      compare(kind.content(outputs), expected)
    print(
      f'{options.kind}: {options.times} pairs of processes, {refused} of the '
      f'second ones refused, the same {len(expected)} parts, to the bit'
    )


if __name__ == '__main__':
  main()
