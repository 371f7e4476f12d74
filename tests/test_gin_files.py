"""Every config that a user runs: it parses, builds and takes a step."""

import pathlib

import i2i_configs
import pytest
import random_sets
from one_step import shapes_of, take_a_step, what_steps

from pixelda_tf import config, datasets
from pixelda_tf.runs import experiment

GIN = pathlib.Path(__file__).resolve().parents[1] / 'gin'

SMALL = (
  'Pair.batch_size = 4',
  'residual_generator.filters = 4',
  'residual_generator.blocks = 1',
  'pyramid_discriminator.filters = 2',
)
POSES = (
  *SMALL,
  'pose_estimator.filters = 2',
  'Pair.image_size = (16, 16)',
)
CYCLES = (
  *SMALL,
  'unet_generator.filters = 2',
  'downsampling_residual_generator.filters = 2',
  'patch_discriminator.filters = 2',
)
MAPS = (
  *CYCLES,
  'Pair.image_size = (32, 48)',
  'unet_segmenter.filters = 2',
  'feature_map_discriminator.filters = 16',
)
CROPS = (
  *MAPS,
  'Row.crop = (24, 32)',
  'Row.batch_size = 4',
  'cycada_translate/Row.image_size = (24, 32)',
  'cycada_translate/Row.crop = (16, 16)',
  'fcn8s_segmenter.filters = 2',
  'fcn8s_segmenter.fc_filters = 8',
  'drn26_segmenter.filters = 2',
)
LARGER_CROPS = (
  *CROPS,
  'cycada/Row.crop = (28, 32)',
  'cycada_feature/Row.crop = (28, 32)',
)
EMBEDDINGS = (
  *MAPS,
  'embedding_generator.filters = (2, 2, 2, 2)',
  'residual_discriminator.filters = 2',
)
FCN8S_EMBEDDINGS = (
  *MAPS,
  'fcn8s_segmenter.filters = 2',
  'fcn8s_segmenter.fc_filters = 8',
  'embedding_generator.filters = (2, 2, 2, 2, 2)',
  'residual_discriminator.filters = 2',
)
LABELLED = (*POSES, "labelled/Domain.train = 'train[:8]'")
THREE_ROWS = ['source_only', 'pixelda', 'target_only']
CYCADA_ROWS = [
  'source_only',
  'cycada_translate',
  'cycada_pixel',
  'cycada',
  'target_only',
]
BASELINE_ROWS = [
  'source_only',
  *('dan', 'deep_coral', 'dann', 'cdan', 'mcd', 'adda'),
  'target_only',
]
LSD_SEG_ROWS = ['source_only', 'lsd_seg', 'target_only']
PIXEL_ROWS = [row for row in CYCADA_ROWS if row != 'cycada']
CYCLEGAN_UDA_ROWS = [
  'source_only',
  'cyclegan',
  'cyclegan_uda',
  'cyclegan_uda_offline',
  'cyclegan_uda_two_way',
  'target_only',
]
CYCADA_SEGMENTATION_ROWS = ['source_only', 'cycada_feature', *CYCADA_ROWS[1:]]
# Files, each on top of the ones before it, to the bindings that make them
# small, and the rows.
FILES = {
  ('quickstart.gin',): (SMALL, ['source_only', 'pixelda']),
  ('mnist_to_mnistm.gin',): (SMALL, THREE_ROWS),
  ('mnist_to_usps.gin',): (SMALL, THREE_ROWS),
  ('linemod.gin',): (POSES, THREE_ROWS),
  ('linemod.gin', 'datasets/linemod_cropped.gin'): (POSES, THREE_ROWS),
  ('linemod_paper.gin',): (POSES, THREE_ROWS),
  ('linemod_cropped.gin',): (
    LABELLED,
    [
      'source_only',
      'pixelda_no_content',
      'pixelda_semi_supervised',
      'pixelda',
      'target_only',
    ],
  ),
  ('linemod.gin', 'studies/photo_backgrounds.gin'): (POSES, THREE_ROWS),
  ('linemod.gin', 'studies/semi_supervised.gin'): (
    LABELLED,
    ['labelled_only', 'source_and_labelled', 'pixelda'],
  ),
  ('linemod.gin', 'studies/stability.gin'): (
    POSES,
    [
      'no_task_no_source_no_content',
      'no_source_no_content',
      'no_content',
      'pixelda',
    ],
  ),
  ('cycada_mnist_to_usps.gin',): (CYCLES, CYCADA_ROWS),
  ('cycada_usps_to_mnist.gin',): (CYCLES, CYCADA_ROWS),
  ('cycada_mnist_to_mnistm.gin',): (CYCLES, CYCADA_ROWS),
  **{
    ('cycada_mnist_to_usps.gin', f'studies/cycada_{study}.gin'): (CYCLES, rows)
    for study, rows in {
      'pixel_only': PIXEL_ROWS,
      'feature_only': ['source_only', 'cycada', 'target_only'],
      'joint': ['source_only', 'cycada_joint', 'target_only'],
      'joint_classifier': CYCADA_ROWS,
      'no_cycle': CYCADA_ROWS,
      'no_semantic': CYCADA_ROWS,
    }.items()
  },
  ('mnist_to_usps.gin', 'studies/baselines.gin'): (SMALL, BASELINE_ROWS),
  ('linemod.gin', 'studies/baselines.gin'): (
    (*POSES, 'BASELINE_TASK = @pose_estimator'),
    BASELINE_ROWS,
  ),
  ('quickstart.gin', 'studies/self_training.gin'): (
    SMALL,
    ['source_only', 'pixelda', 'self_training_without', 'self_training'],
  ),
  ('cycada_gta5_to_cityscapes.gin',): (LARGER_CROPS, CYCADA_SEGMENTATION_ROWS),
  ('cycada_gta5_to_cityscapes_drn26.gin',): (
    LARGER_CROPS,
    CYCADA_SEGMENTATION_ROWS,
  ),
  ('cycada_synthia_fall_to_winter.gin',): (CROPS, PIXEL_ROWS),
  ('streets_to_camvid.gin',): (
    (*MAPS, 'cycada_translate/Row.crop = (16, 16)'),
    [
      'source_only',
      'adabn',
      *CYCADA_SEGMENTATION_ROWS[1:4],
      'pixel_adabn',
      *CYCADA_SEGMENTATION_ROWS[4:],
    ],
  ),
  ('lsd_streets_to_camvid.gin',): (
    EMBEDDINGS,
    [
      'source_only',
      'source_only_longer',
      'lsd_seg',
      'lsd_seg_no_auxiliary',
      'lsd_seg_features',
      'target_only',
    ],
  ),
  ('lsd_streets_to_camvid.gin', 'studies/lsd_seg_ablation.gin'): (
    EMBEDDINGS,
    [
      'source_only',
      'lsd_seg_features',
      'lsd_seg_no_patches',
      'lsd_seg_no_auxiliary',
      'lsd_seg',
    ],
  ),
  ('lsd_streets_to_camvid.gin', 'studies/lsd_seg_cyclegan.gin'): (
    (*EMBEDDINGS, 'cyclegan/Row.crop = (16, 16)'),
    ['source_only', 'cyclegan', 'cyclegan_augmentation', 'lsd_seg'],
  ),
  ('lsd_gta5_to_cityscapes.gin',): (FCN8S_EMBEDDINGS, LSD_SEG_ROWS),
  ('lsd_synthia_to_cityscapes.gin',): (FCN8S_EMBEDDINGS, LSD_SEG_ROWS),
  ('streets.gin',): (
    (*MAPS, 'Pair.crop = (16, 16)'),
    ['source_only', 'adabn', 'cycada_feature', 'target_only'],
  ),
  ('cyclegan_uda_mnist_to_mnistm.gin',): (CYCLES, CYCLEGAN_UDA_ROWS),
  ('cyclegan_uda_mnist_to_usps.gin',): (CYCLES, CYCLEGAN_UDA_ROWS),
  ('cyclegan_uda_usps_to_mnist.gin',): (CYCLES, CYCLEGAN_UDA_ROWS),
  ('cyclegan_uda_mnist_to_mnistm.gin', 'studies/cyclegan_residual.gin'): (
    (*CYCLES, 'downsampling_residual_generator.blocks = 1'),
    CYCLEGAN_UDA_ROWS,
  ),
  **i2i_configs.FILES,
}
NAMES = ['+'.join(files) for files in FILES]
# Of many large networks; what goes on top of another file is long.
SLOW = {
  ('cycada_gta5_to_cityscapes.gin',),
  ('cycada_gta5_to_cityscapes_drn26.gin',),
  ('cycada_synthia_fall_to_winter.gin',),
  ('streets_to_camvid.gin',),
  ('lsd_gta5_to_cityscapes.gin',),
  ('lsd_synthia_to_cityscapes.gin',),
  *i2i_configs.SLOW,
}
STEPPED = [
  pytest.param(
    files, marks=pytest.mark.long if len(files) > 1 else pytest.mark.slow
  )
  if files in SLOW or len(files) > 1
  else files
  for files in FILES
]
# What others include.
INCLUDED = {'base.gin', *i2i_configs.INCLUDED}


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
  directory = tmp_path_factory.mktemp('data')
  random_sets.store_all(directory)
  return str(directory)


def paths(files):
  return [f'gin/{name}' for name in files]


def test_every_file_is_tested_here():
  there_are = {path.relative_to(GIN).as_posix() for path in GIN.rglob('*.gin')}
  included = {n for n in there_are if n.startswith(('classes/', 'methods/'))}
  assert there_are - included - INCLUDED == {
    name for files in FILES for name in files
  }


@pytest.mark.parametrize('files', FILES, ids=NAMES)
def test_a_file_parses_as_it_is_and_its_text_is_the_same_config(
  files, tmp_path
):
  config.parse(paths(files), root='Experiment')
  text = config.text()
  (tmp_path / 'again.gin').write_text(text)
  config.parse([str(tmp_path / 'again.gin')], allow_unused=True)
  assert config.text() == text
  assert text.count('Experiment.pair = ') == 1


@pytest.fixture(scope='module')
def stepped():
  """What has taken a step, by `what_steps`."""
  return set()


@pytest.mark.parametrize('files', STEPPED, ids=NAMES)
def test_every_row_of_a_file_takes_a_step(
  files, tmp_path, data_dir, monkeypatch, stepped
):
  """What differs from an earlier one in numbers alone takes no other step."""
  for builder in datasets.BUILDERS.values():
    few = dict.fromkeys(builder.NAMED_SPLITS, 'train[:8]')
    monkeypatch.setattr(builder, 'NAMED_SPLITS', few)
  params, rows = FILES[files]
  config.parse(paths(files), params)
  run = experiment.Experiment(str(tmp_path), data_dir)
  assert [row.name for row in run.rows] == rows
  weights, batches = {}, {}
  for row in run.rows:
    assert row.settings.steps > 100
    method = row.build()
    shapes = shapes_of(method)
    weights |= {f'{row.name}/{name}': of for name, of in shapes.items()}
    for name, origin in row.settings.initial_networks.items():
      assert shapes[name] == weights[origin], (row.name, name, origin)
    how = {'role': method.role, 'strong_view': method.strong_view}
    key = *how.values(), id(row.original)
    if key not in batches:
      found = row.original.train_batches(run.seed, **how)
      batches[key] = next(iter(found))
    batch = batches[key]
    if (what := what_steps(method, batch)) not in stepped:
      take_a_step(run, row.name, method, batch)
      stepped.add(what)
    assert method.dtype_policy.name == run.precision
