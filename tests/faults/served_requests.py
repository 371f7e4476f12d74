"""Asks an export a great many questions at once, and watches its memory.

  python tests/faults/served_requests.py --export_dir=runs/quickstart/export

Threads send batches of random counts and sizes. Each answer has to be the one
that the same images get alone, and memory may not grow once it has settled.
"""

import argparse
import concurrent.futures
import pathlib
import sys
import threading

import numpy as np

# What requests may differ by: sums of a batch are added in another order.
TOLERANCE = 1e-4
MOST_LABELS = 0.99
# A part of all requests, before which memory may grow.
SETTLED = 0.2
# Allocators keep some of what is freed.
MOST_GROWTH = 64 << 20


def main() -> None:
  """Reads the flags, asks, prints, and exits by what it saw."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--export_dir', required=True)
  parser.add_argument('--count', type=int, default=100_000)
  parser.add_argument('--threads', type=int, default=8)
  parser.add_argument('--largest', type=int, default=64, help='side, pixels')
  options = parser.parse_args()
  import tensorflow as tf

  predict = tf.saved_model.load(options.export_dir).signatures['predict']
  wrong, settled, end = ask(
    predict, options.count, options.threads, options.largest
  )
  print(
    f'{options.count} requests by {options.threads} threads: {wrong} wrong '
    f'answers, memory {settled / 1e6:.0f} MB after a fifth of them, '
    f'{end / 1e6:.0f} MB at the end'
  )
  sys.exit(bool(wrong) or end - settled > MOST_GROWTH)


def ask(
  predict, count: int, threads: int, largest: int, seed: int = 0
) -> tuple[int, int, int]:
  """Sends requests; returns what came of them.

  Args:
    predict: signature of an export.
    count: of requests.
    threads: that send them.
    largest: side of an image, in pixels.
    seed: decides counts, sizes and pixels.

  Returns:
    How many answers were wrong, and the bytes that were resident after
    `SETTLED` of the requests and at the end.
  """
  questions = _questions(predict, largest, seed)
  done, wrong, settled = 0, 0, 0
  lock = threading.Lock()

  def send(number):
    nonlocal done, wrong, settled
    images, expected = questions[number % len(questions)]
    answers = predict(images=images)
    good = all(_agree(answers[name], expected[name]) for name in expected)
    with lock:
      done += 1
      wrong += not good
      if done == int(SETTLED * count):
        settled = _resident()

  with concurrent.futures.ThreadPoolExecutor(threads) as pool:
    for start in range(0, count, 1000):  # Else all wait in memory.
      list(pool.map(send, range(start, min(start + 1000, count))))
  return wrong, settled, _resident()


def _questions(predict, largest, seed):
  """Returns batches, and the answers to their images one by one."""
  import tensorflow as tf

  random = np.random.default_rng(seed)
  questions = []
  for _ in range(100):
    height, width = random.integers(1, largest + 1, 2)
    shape = random.integers(0, 5), height, width, random.choice((1, 3))
    pixels = random.integers(0, 256, shape, np.uint8)
    images = tf.constant(pixels)
    expected = predict(images=images)
    alone = [predict(images=images[n : n + 1]) for n in range(len(pixels))]
    for name, values in expected.items() if alone else ():
      assert _agree(np.concatenate([one[name] for one in alone]), values)
    questions.append((images, {k: v.numpy() for k, v in expected.items()}))
  return questions


def _agree(values, expected):
  """Returns whether answers are equal but for rounding, and ties by it."""
  equal = np.isclose(values, expected, atol=TOLERANCE)
  is_label = np.asarray(expected).dtype.kind in 'iu'
  return equal.mean() > MOST_LABELS if is_label and equal.size else equal.all()


def _resident():
  """Returns the bytes of memory that this process has now."""
  pages = int(pathlib.Path('/proc/self/statm').read_text().split()[1])
  return pages * 4096


if __name__ == '__main__':
  main()
