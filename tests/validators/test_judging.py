"""How validators are judged: closed forms, and the command."""

import json

import numpy as np
import pytest

from pixelda_tf.validators import judging

METRICS = [50.0, 80.0, 60.0, 90.0]


@pytest.mark.parametrize(
  ('scores', 'correlation', 'regret'),
  [
    ([0.1, 0.3, 0.2, 0.4], 1.0, 0.0),
    ([0.4, 0.2, 0.3, 0.1], -1.0, 40.0),
    # Ranks 0, 3, 1, 2 against 0, 2, 1, 3: 1 - 6 * 2 / (4 * 15).
    ([0.1, 0.4, 0.2, 0.3], 0.8, 10.0),
    # Of equal ones it is the first.
    ([0.2, 0.2, 0.2, 0.2], np.nan, 40.0),
  ],
)
def test_a_validator_is_judged(scores, correlation, regret):
  found = judging.judge(scores, METRICS)
  np.testing.assert_allclose(found, (correlation, regret))


def test_means_are_of_what_all_cases_have():
  judged = judging.Judged
  found = judging.means(
    [
      {'a': judged(1.0, 0.0), 'b': judged(0.5, 1.0)},
      {'a': judged(np.nan, 2.0)},
    ]
  )
  assert found == {'a': judged(1.0, 1.0)}


def result_of(**row):
  common = {'source': 'digits', 'target': 'digits_photo', 'seed': 3}
  return common | {'rows': [{'method': 'source_only'}, row]}


def test_the_command_prints_each_row_and_the_means(in_process, tmp_path):
  steps = ('2', '4', '6', '10')  # As numbers: 10 is the last.
  row = {
    'method': 'pixelda',
    'validators': {
      'entropy': dict(zip(steps, (0.1, 0.4, 0.2, 0.3), strict=True)),
    },
    'target_test_by_step_uses_labels': dict(
      zip(steps, (0.5, 0.8, 0.6, 0.9), strict=True)
    ),
  }
  path = tmp_path / 'result.json'
  path.write_text(json.dumps(result_of(**row)))
  done = in_process('judge_validators', str(path))
  title = f'digits to digits_photo, seed 3, pixelda ({path})'
  lines = f'{title}: rank correlation, regret\n  entropy    0.80   10.00\n'
  assert (done.returncode, done.stdout) == (0, lines)
  other = tmp_path / 'other.json'
  other.write_text(json.dumps(result_of(**row)))
  done = in_process('judge_validators', str(path), str(other))
  assert done.stdout.endswith(
    'mean of 2 rows: rank correlation, regret\n  entropy    0.80   10.00\n'
  )


@pytest.mark.parametrize(
  ('text', 'parts'),
  [
    (None, ['which results?', 'runs/*/result.json']),
    ('[]', ['result.json: not a run']),
    ('{"rows": 3}', ['result.json: not a run']),
    ('{', ['result.json: not a run']),
    (json.dumps(result_of(method='x')), ['no row that was', 'chosen_by']),
  ],
)
def test_a_mistake_is_one_line(in_process, tmp_path, text, parts):
  paths = []
  if text is not None:
    paths = [str(tmp_path / 'result.json')]
    (tmp_path / 'result.json').write_text(text)
  in_process('judge_validators', *paths).assert_mistake(*parts)
