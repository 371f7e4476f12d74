import os
import pathlib
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).resolve().parents[1]


def test_measures_a_config(tmp_path):
  """The task network's operations for 32 images of 16x16x3, by hand.

  A convolution or dense layer takes 2 * outputs * inputs of one output. Forward
  5x5 to 32 filters at 16x16, 5x5 to 48 at 8x8, then 768 to 100 to 100 to 10; as
  much again for the weights' gradients, and for the inputs' but the images'.
  """
  first = 2 * 32 * (16 * 16 * 32) * (5 * 5 * 3)
  second = 2 * 32 * (8 * 8 * 48) * (5 * 5 * 32)
  dense = 2 * 32 * (768 * 100 + 100 * 100 + 100 * 10)
  expected = 3 * (first + second + dense) - first
  done = subprocess.run(
    [
      *(sys.executable, '-m', 'pixelda_tf.benchmark'),
      '--gin_file=gin/quickstart.gin',
      '--row=source_only',
      '--steps=2',
    ],
    cwd=tmp_path,
    env=os.environ | {'PYTHONPATH': str(ROOT)},
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  lines = done.stdout.splitlines()
  assert lines[0] == 'source_only, batch 32, float32'
  assert f'floating-point operations a step: {expected / 1e9:.2f} G' in lines
  for pattern in (
    r'step on one repeated batch: [\d.]+ ms \(median\)',
    r'images a second: \d+ \(both domains\)',
    r'its 5 convolutions, each by itself: [\d.]+ ms; the step takes [\d.]+ '
    r'times as long',
    r'step fed by the pipeline: [\d.]+ ms, [+-][\d.]+%',
    r'pipeline alone: \d+ images a second, [\d.]+ times what the step takes',
    r'peak memory: [\d.]+ GiB',
  ):
    assert sum(bool(re.fullmatch(pattern, line)) for line in lines) == 1
