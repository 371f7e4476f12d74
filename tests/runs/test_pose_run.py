"""A run of class and pose on tiny stored sets, from config to picture."""

import json

import numpy as np
import pytest
from PIL import Image

from pixelda_tf import config, serving
from pixelda_tf.datasets import base, preparing
from pixelda_tf.runs import experiment

CONFIG = """
include 'gin/base.gin'
include 'gin/methods/pixelda.gin'

source/Domain.name = 'drawn'
target/Domain.name = 'seen'
labelled/Domain.name = 'seen'
labelled/Domain.train = 'train[:6]'
Pair.labelled_target = @labelled/Domain()
Pair.batch_size = 4
Pair.source_augmentation = @Move()

Experiment.rows = [@source_only/Row(), @pixelda/Row(), @semi_supervised/Row()]
Experiment.log_every = 2
Experiment.checkpoint_every = 2
source_only/Row.steps = 2
pixelda/Row.steps = 2
semi_supervised/Row.method = @semi_supervised/PixelDA
semi_supervised/Row.optimizer = @pixelda/adam()
semi_supervised/Row.steps = 2
semi_supervised/PixelDA.semi_supervised = True
adam.learning_rate = 1e-3

Experiment.problem = @ClassAndPose()
ClassAndPose.pose_weight = 1.0
SourceOnly.task = @pose_estimator
PixelDA.task = @pose_estimator
PixelDA.content_weight = 1.0
pose_estimator.filters = 2
pose_estimator.dense = 8
residual_generator.filters = 2
residual_generator.blocks = 1
pyramid_discriminator.filters = 2
"""
ROWS = ('source_only', 'pixelda', 'semi_supervised')


class Poses(base.ImageBuilder):
  """Random pictures with class, mask and pose."""

  name = 'poses'

  def __init__(self, *, data_dir, name, counts, seed):
    self.name = name
    self._counts = counts
    self._seed = seed
    super().__init__(data_dir=data_dir)

  def _info(self):
    return self.image_info(
      shape=(8, 8, 3),
      class_names=('ape', 'cat'),
      description=self.name,
      fields=('label', 'mask', 'pose'),
    )

  def _split_generators(self, dl_manager):
    return {
      split: self._generate_examples(split, list(self._examples(count)))
      for split, count in self._counts.items()
    }

  def _examples(self, count):
    random = np.random.default_rng(self._seed)
    for number in range(count):
      pose = random.normal(size=4)
      pose *= np.sign(pose[0]) / np.linalg.norm(pose)
      image = random.integers(1, 256, (8, 8, 3), np.uint8)
      yield {
        'image': image,
        'label': number % 2,
        'mask': np.full((8, 8, 1), 255, np.uint8),
        'pose': pose.astype(np.float32),
      }


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  """(run directory, data directory, result) of a finished run."""
  data_dir = tmp_path_factory.mktemp('poses')
  for seed, name in enumerate(['drawn', 'seen']):
    preparing.build(
      lambda directory, name=name, seed=seed: Poses(
        data_dir=directory,
        name=name,
        counts={'train': 8, 'test': 5},
        seed=seed,
      ),
      name=name,
      data_dir=data_dir,
    )
  run_dir = tmp_path_factory.mktemp('run')
  path = run_dir / 'pose.gin'
  path.write_text(CONFIG)
  config.parse([str(path)])
  (run_dir / 'config.gin').write_text(config.text())
  result = experiment.Experiment(str(run_dir), str(data_dir)).train()
  return run_dir, data_dir, result


def test_every_row_tells_its_angle_errors(run):
  run_dir, _, result = run
  assert json.loads((run_dir / 'result.json').read_text()) == result
  assert tuple(row['method'] for row in result['rows']) == ROWS
  for row in result['rows']:
    test = row['target_test']
    assert test['count'] == 5
    for name in ('mean_angle_error', 'median_angle_error'):
      assert 0 < test[name] <= 180
      assert len(test[f'per_class_{name}']) == 2
    ape, cat = test['per_class_mean_angle_error']
    np.testing.assert_allclose(
      test['mean_angle_error'], (3 * ape + 2 * cat) / 5
    )


def test_the_terms_of_each_row_are_logged(run):
  terms = {
    'source_only': {'class', 'pose'},
    'pixelda': {
      f'{domain}_{term}'
      for domain in ('source', 'translated')
      for term in ('class', 'pose')
    },
  }
  terms['semi_supervised'] = terms['pixelda'] | {'target_class', 'target_pose'}
  for row, expected in terms.items():
    line = json.loads((run[0] / row / 'metrics.jsonl').read_text())
    found = {name for name in line if name.startswith('task/')}
    others = {'task/gradient_norm', 'task/learning_rate'}
    assert found - others == {f'task/{term}' for term in expected}


def test_the_export_answers_poses(run):
  predict = serving.load(str(run[0] / 'export'))['predict']
  answer = predict(images=np.zeros((3, 8, 8, 3), np.uint8))
  assert answer['pose'].shape == (3, 4)


def test_the_command_prints_angles_and_draws_the_worst_answers(run, in_process):
  """Five cases, a row of the picture, of the run's last row that adapts."""
  run_dir, data_dir, result = run
  done = in_process(
    'evaluate', f'--run_dir={run_dir}', f'--data_dir={data_dir}'
  )
  assert done.returncode == 0, done.stderr
  title, overall, *classes, worst = done.stdout.splitlines()
  picture = run_dir / 'semi_supervised' / 'worst_cases.png'
  assert title == "row 'semi_supervised' on seen test"
  test = result['rows'][-1]['target_test']
  assert overall.startswith(f'{test["correct"]} of 5')
  assert f'mean {test["mean_angle_error"]:6.2f} deg' in overall
  assert f'median {test["median_angle_error"]:6.2f} deg' in overall
  assert [line.split()[0] for line in classes] == ['ape', 'cat']
  assert worst == f'worst cases: {picture}'
  with Image.open(picture) as image:
    assert image.size == (6 * 132, 174)


def test_an_analysis_retrieves_across_domains(run, in_process):
  """Of eight training images four of each domain are in the pool."""
  run_dir, data_dir, _ = run
  done = in_process(
    'analyze',
    f'--run_dir={run_dir}',
    f'--data_dir={data_dir}',
    '--row=pixelda',
  )
  assert done.returncode == 0, done.stderr
  found = json.loads((run_dir / 'analysis/analysis.json').read_text())
  assert found['retrieval']['images'] == 4
  assert found['retrieval']['k'] == [1, 2, 5]
  lines = [
    line for line in done.stdout.splitlines() if line.startswith('retrieval, ')
  ]
  assert [line.split(',')[1] for line in lines] == [
    *[' before: source_only'] * 2,
    *[' after: pixelda'] * 2,
  ]
