import json

import pytest

from pixelda_tf.runs import monitoring

LINES = ''.join(
  json.dumps({'step': step, 'x': 0.5}) + '\n' for step in (2, 4, 6)
)


@pytest.mark.parametrize(
  'content, step, kept',
  [
    (LINES, 6, 3),
    (LINES, 5, 2),
    (LINES, 0, 0),
    (LINES + '{"step": 8, "x', 8, 3),
    ('', 4, 0),
  ],
)
def test_lines_that_a_resumed_run_writes_again_are_dropped(
  content, step, kept, tmp_path
):
  path = tmp_path / 'metrics.jsonl'
  path.write_text(content)
  monitoring._keep_lines(str(path), step)
  expected = LINES.splitlines(keepends=True)[:kept]
  assert path.read_text() == ''.join(expected)


def test_without_a_file_there_is_nothing_to_drop(tmp_path):
  monitoring._keep_lines(str(tmp_path / 'metrics.jsonl'), 4)
  assert list(tmp_path.iterdir()) == []
