"""A row whose source has the classes' shares that another row answers."""

import coloured_maps
import numpy as np
import pytest

from pixelda_tf import config
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import priors
from pixelda_tf.runs import experiment

ROWS = (
  'Experiment.rows = [@source_only/Row(), @drawn/Row()]',
  'drawn/Row.method = @SourceOnly',
  'drawn/Row.optimizer = @source_only/adam()',
  'drawn/Row.steps = 2',
  'source_only/Row.steps = 60',
  'source_only/adam.learning_rate = 1e-2',
)
BY = "drawn/Row.counted_by = 'source_only'"


def test_the_source_is_drawn_by_the_estimated_shares(open_run, tmp_path):
  run = open_run(tmp_path / 'run', *ROWS, BY)
  run.train()
  answers = run.row('source_only').evidence().target.probabilities
  source = run.pair.source.shares('train')
  expected = priors.target_shares(answers, source)
  pair = run.row('drawn').pair()
  labels = [
    label
    for batch in pair.train_batches(0).take(300)
    for label in batch['source']['label'].numpy()
  ]
  found = np.bincount(labels, minlength=10) / len(labels)
  np.testing.assert_allclose(found, expected, atol=0.04)
  assert np.abs(expected - source).max() > 0.05
  assert run.pair.source.shares('train').tolist() == source.tolist()


MAPS = """
include 'gin/base.gin'
source/Domain.name = 'drawn'
target/Domain.name = 'seen'
Experiment.problem = @Segmentation()
Experiment.rows = [@source_only/Row(), @other/Row()]
Row.method = @SourceOnly
Row.optimizer = @adam()
Row.steps = 2
adam.learning_rate = 1e-3
SourceOnly.task = @unet_segmenter
other/Row.counted_by = 'source_only'
"""


def test_label_maps_have_no_such_shares_and_that_is_told_at_once(tmp_path):
  for name in ('drawn', 'seen'):
    coloured_maps.store(tmp_path, name, size=(16, 24), block=4, counts=(12, 5))
  (tmp_path / 'maps.gin').write_text(MAPS)
  config.parse([str(tmp_path / 'maps.gin')])
  expected = "^Row.counted_by of 'other': drawn: its images have no label"
  with pytest.raises(UserError, match=expected):
    experiment.Experiment(str(tmp_path / 'run'), str(tmp_path))


def test_a_row_that_answers_is_trained_first(open_run, tmp_path):
  run = open_run(tmp_path / 'run', *ROWS, BY)
  with pytest.raises(UserError, match="row 'source_only' is not finished"):
    run.train(['drawn'])
  with pytest.raises(UserError, match="counted_by of 'drawn' is 'nobody'"):
    open_run(tmp_path / 'b', *ROWS, "drawn/Row.counted_by = 'nobody'")
