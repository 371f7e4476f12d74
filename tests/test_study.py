import json

import numpy as np
import pytest


def study(run_command, name, run_dir, *arguments):
  done = run_command('study', name, f'--run_dir={run_dir}', *arguments)
  assert done.returncode == 0, done.stderr
  content = json.loads((run_dir / 'study.json').read_text())
  assert content['study'] == name
  return content['table'], done.stdout


@pytest.mark.slow
def test_backgrounds_are_two_runs_of_two_rows(run_command, tiny, tmp_path):
  table, printed = study(run_command, 'backgrounds', tmp_path / 'b', *tiny)
  assert set(table) == {'black', 'photo'}
  for rows in table.values():
    assert set(rows) == {'source_only', 'pixelda'}
    for metrics in rows.values():
      assert 0 <= metrics['accuracy'] <= 1
      assert 0 < metrics['mean_angle_error'] <= 180
  assert 'photo\n  source_only\n    accuracy: ' in printed
  for name, has_photos in (('black', False), ('photo', True)):
    text = (tmp_path / 'b' / name / 'config.gin').read_text()
    assert ('@PhotoBackground()' in text) == has_photos


@pytest.mark.slow
def test_stability_gives_means_and_deviations_over_seeds(
  run_command, tiny, tmp_path
):
  table, _ = study(run_command, 'stability', tmp_path / 's', *tiny, '--seeds=2')
  assert set(table) == {
    'no_task_no_source_no_content',
    'no_source_no_content',
    'no_content',
    'pixelda',
  }
  for metrics in table.values():
    for name, one in metrics.items():
      seeds = [
        json.loads((tmp_path / f's/seed_{seed}/result.json').read_text())
        for seed in (0, 1)
      ]
      assert [result['seed'] for result in seeds] == [0, 1]
      assert len(one['values']) == 2
      assert one['mean'] == pytest.approx(np.mean(one['values']))
      # Of two values x and y: |x - y| / sqrt(2).
      assert one['std'] == pytest.approx(
        abs(np.subtract(*one['values'])) / np.sqrt(2)
      ), name


@pytest.mark.slow
def test_unseen_classes_are_kept_from_g_and_tested(run_command, tiny, tmp_path):
  table, _ = study(run_command, 'unseen_classes', tmp_path / 'u', *tiny)
  seen, unseen = table['seen'].split(), table['unseen'].split()
  assert (len(seen), len(unseen)) == (6, 5)
  # 4 training and 2 test pictures of each.
  assert table['unseen_classes']['count'] == 6 * len(unseen)
  generator = json.loads((tmp_path / 'u/generator/result.json').read_text())
  assert generator['source_count'] == generator['target_count'] == 4 * len(seen)
  task = json.loads((tmp_path / 'u/task/result.json').read_text())
  assert task['source'] == 'u_translated'
  assert task['source_count'] == 4 * 11
  assert (
    table['full_test_set']['accuracy']
    == (task['rows'][0]['target_test']['accuracy'])
  )


@pytest.mark.parametrize(
  ('arguments', 'parts'),
  [
    (['colours'], ['backgrounds, stability, unseen_classes']),
    (['backgrounds'], ['--gin_file', '--run_dir']),
    (
      ['unseen_classes', '--seen=cow', '--gin_file=gin/linemod.gin'],
      ['--seen=cow: ', 'teapot'],
    ),
  ],
  ids=['no such study', 'no config', 'no such class'],
)
def test_mistakes_are_told_in_one_line(
  in_process, standin_dir, tmp_path, arguments, parts
):
  where = [f'--run_dir={tmp_path}/run'] if len(arguments) > 1 else []
  done = in_process('study', *arguments, *where, f'--data_dir={standin_dir}')
  done.assert_mistake(*parts)
