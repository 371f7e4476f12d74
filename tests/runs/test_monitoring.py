import json

import pytest

from pixelda_tf.errors import UserError
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


@pytest.mark.parametrize(
  'content', [b'\xff{}\n', b'{"step": 1, "x\n', b'{"x": 1}\n', b'[1]\n']
)
def test_damaged_lines_are_told_and_kept(content, tmp_path):
  path = tmp_path / 'metrics.jsonl'
  path.write_bytes(LINES.encode() + content)
  with pytest.raises(UserError, match=r'^.*metrics.jsonl: damaged \('):
    monitoring._keep_lines(str(path), 4)
  assert path.read_bytes() == LINES.encode() + content


def test_without_a_file_there_is_nothing_to_drop(tmp_path):
  monitoring._keep_lines(str(tmp_path / 'metrics.jsonl'), 4)
  assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told(tmp_path, open_run):
  run = open_run(tmp_path)
  row = run.rows[0]
  method = row.build()
  monitor = monitoring.Monitor(
    row.directory,
    method,
    method.player_optimizers,
    run.pair,
    None,
    picture_every=3,
    config='',
  )
  monitor.metrics = '/dev/full'
  message = '/dev/full: the metrics could not be .* No space left .*: make room'
  with pytest.raises(UserError, match=message):
    monitor(1, {'loss': 1.0})
