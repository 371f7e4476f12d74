import json

import coloured_maps
import numpy as np
import pytest

LSD_SEG = """
include 'gin/base.gin'
include 'gin/methods/lsd_seg.gin'
source/Domain.name = 'drawn'
target/Domain.name = 'seen'
Pair.batch_size = 4
Row.steps = 2
task/adam.learning_rate = 1e-3
TASK = @unet_segmenter
EMBEDDING = ('down_2', 'down_1')
unet_segmenter.filters = 2
unet_segmenter.levels = 2
embedding_generator.filters = (2, 2)
embedding_generator.kernel_sizes = (3, 3)
residual_discriminator.filters = 2
residual_discriminator.blocks = 1
"""


def study(run_command, name, run_dir, *arguments):
  done = run_command('study', name, f'--run_dir={run_dir}', *arguments)
  assert done.returncode == 0, done.stderr
  content = json.loads((run_dir / 'study.json').read_text())
  assert content['study'] == name
  return content['table'], done.stdout


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
def test_image_sizes_are_runs_with_seconds_an_image(in_process, tmp_path):
  for name in ('drawn', 'seen'):
    coloured_maps.store(
      tmp_path / 'data', name, size=(16, 24), block=4, counts=(12, 5)
    )
  (tmp_path / 'tiny.gin').write_text(LSD_SEG)
  done = in_process(
    'study',
    'image_sizes',
    f'--run_dir={tmp_path}/i',
    f'--gin_file={tmp_path}/tiny.gin',
    f'--data_dir={tmp_path}/data',
    '--sizes=24x16,12x8',
  )
  assert done.returncode == 0, done.stderr
  table = json.loads((tmp_path / 'i/study.json').read_text())['table']
  assert list(table) == ['24x16', '12x8']
  for size, rows in table.items():
    width, height = size.split('x')
    text = (tmp_path / 'i' / size / 'config.gin').read_text()
    assert f'Pair.image_size = ({height}, {width})' in text
    assert list(rows) == ['source_only', 'lsd_seg']
    result = json.loads((tmp_path / 'i' / size / 'result.json').read_text())
    for row in result['rows']:
      found = rows[row['method']]
      assert found['mean_iou'] == row['target_test']['mean_iou']
      # Two steps of four source images.
      assert found['train_seconds'] == row['wall_seconds'] / 8
      assert 0 < found['answer_seconds'] < 60
  assert '24x16\n  source_only\n    mean_iou: ' in done.stdout


@pytest.mark.parametrize(
  ('arguments', 'parts'),
  [
    (['colours'], ['backgrounds, stability, unseen_classes, image_sizes']),
    (
      ['image_sizes', '--sizes=640', '--gin_file=gin/linemod.gin'],
      ['--sizes=640: give WIDTHxHEIGHT, as 640x320'],
    ),
    (['backgrounds'], ['--gin_file', '--run_dir']),
    (
      ['unseen_classes', '--seen=cow', '--gin_file=gin/linemod.gin'],
      ['--seen=cow: ', 'teapot'],
    ),
  ],
  ids=['no such study', 'no size', 'no config', 'no such class'],
)
def test_mistakes_are_told_in_one_line(
  in_process, standin_dir, tmp_path, arguments, parts
):
  where = [f'--run_dir={tmp_path}/run'] if len(arguments) > 1 else []
  done = in_process('study', *arguments, *where, f'--data_dir={standin_dir}')
  done.assert_mistake(*parts)


@pytest.mark.long
def test_settings_are_ranked_without_labels(in_process, tmp_path):
  """By what each run ends with; a tenth of the source is held back in all."""
  flags = [
    f'--run_dir={tmp_path}/s',
    '--gin_file=tests/runs/tiny.gin',
    f'--data_dir={tmp_path}/data',
    '--gin_param=Experiment.rows = [@source_only/Row()]',
    '--setting=source_only/Row.steps = 2; source_only/adam.learning_rate = 0.0',
    '--setting=source_only/Row.steps = 60',
  ]
  done = in_process('study', 'search', *flags)
  assert done.returncode == 0, done.stderr
  table = json.loads((tmp_path / 's/study.json').read_text())['table']
  assert list(table) == ['setting_1', 'setting_0']
  best, worst = table.values()
  assert best['setting'] == 'source_only/Row.steps = 60'
  assert best['score'] > worst['score']
  assert best['scores']['source_score'] > worst['scores']['source_score']
  assert 'accuracy' in best['target_test_uses_labels']
  result = json.loads((tmp_path / 's/setting_0/result.json').read_text())
  assert result['source_validation_count'] == 70
  assert result['source_count'] == 630


@pytest.mark.parametrize(
  'flags, parts',
  [
    (['--setting=a.b = 1'], ['--setting=a.b = 1', 'nothing to compare']),
    (['--validator=luck'], ['--validator', "'luck'", 'combined']),
  ],
)
def test_a_search_of_nothing_is_told(in_process, tmp_path, flags, parts):
  done = in_process(
    'study',
    'search',
    '--gin_file=tests/runs/tiny.gin',
    f'--run_dir={tmp_path}/s',
    *flags,
  )
  done.assert_mistake(*parts)
