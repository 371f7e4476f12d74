"""A model of label maps on a domain that it never saw, of other classes."""

import types

import coloured_maps
import numpy as np
import pytest
from PIL import Image

from pixelda_tf import config, serving
from pixelda_tf.data import Domain
from pixelda_tf.runs import experiment

pytestmark = pytest.mark.slow

STEPS = 10
# Of the third domain: what is not in the map is left out.
CLASSES = ('lamp', 'car', 'sky', 'road')
RENAMED = {'car': 'vehicle', 'sky': 'above'}
COMMON = "CommonClasses.classes = {'car': 'vehicle', 'above': 'sky'}\n"


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  """A run of sky, road and car, with a third domain beside its data."""
  folder = tmp_path_factory.mktemp('unseen')
  data_dir = folder / 'data'
  options = {'size': (8, 12), 'block': 2, 'counts': (24, 5)}
  for name in ('drawn', 'seen'):
    coloured_maps.store(data_dir, name, **options)
  coloured_maps.store(
    data_dir,
    'third',
    class_names=CLASSES,
    renamed=RENAMED,
    **options | {'size': (16, 20)},
  )
  coloured_maps.store(data_dir, 'same', **options)
  config.parse(
    ['tests/runs/segmentation.gin'],
    [
      f'source_only/Row.steps = {STEPS}',
      'Experiment.rows = [@source_only/Row()]',
    ]
    + [f'Experiment.{kind}_every = {STEPS}' for kind in _EVERY],
  )
  opened = experiment.Experiment(str(folder / 'run'), str(data_dir))
  opened.directory.claim(config.text(), config.operative('Experiment'))
  opened.train()
  (folder / 'common.gin').write_text(COMMON)
  return types.SimpleNamespace(
    path=folder / 'run', data=data_dir, common=folder / 'common.gin'
  )


_EVERY = ('log', 'picture', 'checkpoint')


@pytest.fixture
def evaluate(in_process, run):
  def evaluate(*flags, common=None, of=None):
    of = of or f'--run_dir={run.path}'
    flags = [of, f'--data_dir={run.data}', *flags]
    return in_process(
      'evaluate', *flags, f'--common_classes={common or run.common}'
    )

  return evaluate


def looped(run):
  """IoU of vehicles and of the sky, and counts, pixel by pixel."""
  predict = serving.load(str(run.path / 'export'))['predict']
  counts = dict.fromkeys(['road', 'ignored', 'counted', 'other'], 0)
  both, either = {'vehicle': 0, 'sky': 0}, {'vehicle': 0, 'sky': 0}
  common = {
    'above': 'sky',
    'sky': 'sky',
    'car': 'vehicle',
    'vehicle': 'vehicle',
  }
  names = [RENAMED.get(name, name) for name in CLASSES]
  for example in Domain(name='third').open(str(run.data)).stored('test'):
    labels = predict(images=example['image'][None])['labels'].numpy()
    maps = example['segmentation'].numpy()
    for true, said in zip(maps.ravel(), labels.ravel(), strict=True):
      true = 'ignored' if true == 255 else names[true]
      said = common.get(coloured_maps.NAMES[said])
      if true in counts:
        counts[true] += 1
        continue
      counts['counted'] += 1
      counts['other'] += said is None
      for name in both:
        both[name] += common[true] == name == said
        either[name] += name in (common[true], said)
  return {name: both[name] / either[name] for name in both}, counts


def test_the_command_scores_what_both_have(run, evaluate):
  """By a run and by its export, in the third domain's own size."""
  done = evaluate('--dataset=third')
  assert done.returncode == 0, done.stderr
  title, overall, metrics, _, *classes, left_out, other, worst = (
    done.stdout.splitlines()
  )
  iou, counts = looped(run)
  assert counts['ignored'] == 5 * 20 and counts['road'] > 300
  assert title == "row 'source_only' on third test, common classes"
  assert overall == f'5 images, {counts["counted"]:,} pixels that count'
  assert metrics.startswith(f'mIoU {np.mean(list(iou.values())):.1%}, ')
  assert [line.split()[:2] for line in classes[:2]] == [
    [name, f'{iou[name]:.1%}'] for name in ('vehicle', 'sky')
  ]
  assert classes[2].startswith('none of these')
  assert f'lamp 0, road {counts["road"]:,}. Ignored' in left_out
  assert left_out.endswith('Ignored, without one: 100')
  share = counts['other'] / counts['counted']
  assert f'(by the model road): {share:.2%} of the pixels' in other
  picture = run.path / 'source_only/worst_cases_third_test_common_classes.png'
  assert worst == f'worst cases: {picture}'
  with Image.open(picture) as image:
    assert image.width > 700
  of = f'--export_dir={run.path}/export'
  exported = evaluate('--dataset=third', of=of).stdout.splitlines()
  assert exported[0] == 'third test, common classes'
  assert exported[1:] == [overall, metrics, _, *classes, left_out, other]


def test_a_map_of_no_use_is_told(run, evaluate, tmp_path):
  evaluate('--dataset=seen').assert_mistake(
    'neither has a class above: the model has sky, road, car; seen has sky'
  )
  evaluate().assert_mistake('--common_classes needs --dataset')
  for text in ('', f'{COMMON}Segmentation.scored = ["sky"]\n'):
    (tmp_path / 'wrong.gin').write_text(text)
    done = evaluate('--dataset=third', common=tmp_path / 'wrong.gin')
    done.assert_mistake('wrong.gin: CommonClasses.classes, and nothing else')
  evaluate('--dataset=third', common='no.gin').assert_mistake("'no.gin'")


def test_without_a_map_other_classes_are_refused_and_the_flag_named(
  run, in_process
):
  flags = f'--run_dir={run.path}', f'--data_dir={run.data}'
  done = in_process('evaluate', *flags, '--dataset=third')
  done.assert_mistake('are not those of the model', '--common_classes names')


def test_other_problems_have_no_common_classes(
  run, tiny_run, data_dir, in_process
):
  in_process(
    'evaluate',
    f'--run_dir={tiny_run}',
    f'--data_dir={data_dir}',
    '--dataset=digits',
    f'--common_classes={run.common}',
  ).assert_mistake('--common_classes is for label maps')
