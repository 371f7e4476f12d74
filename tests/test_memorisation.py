import csv

import numpy as np
import pytest
from PIL import Image


@pytest.mark.slow
def test_distances_and_picture_of_a_run(run_command, tiny, tmp_path):
  rows = '--gin_param=Experiment.rows = [@pixelda/Row()]'
  run_dir = f'--run_dir={tmp_path}/run'
  trained = run_command('train', *tiny, rows, run_dir)
  assert trained.returncode == 0, trained.stderr
  done = run_command('memorisation', run_dir, '--count=20')
  assert done.returncode == 0, done.stderr
  with open(tmp_path / 'run/memorisation.csv') as file:
    table = list(csv.DictReader(file))
  for kind in ('translated', 'target_test'):
    distances = [
      float(row['rms_distance_to_nearest'])
      for row in table
      if row['image'] == kind
    ]
    assert len(distances) == 20
    assert min(distances) > 0 and max(distances) < 2
    assert f'median {np.median(distances):.4f}' in done.stdout
  # Three rows of twelve 16x16 images, gaps of 2, each pixel twice as wide.
  with Image.open(tmp_path / 'run/memorisation.png') as picture:
    assert picture.size == (2 * (12 * 18 - 2), 2 * (3 * 18 - 2))


def test_a_run_is_needed(in_process):
  in_process('memorisation').assert_mistake('--run_dir is needed')
