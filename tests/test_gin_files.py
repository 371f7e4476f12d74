"""Every config that a user runs: it parses, builds and takes a step."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from pixelda_tf import config, datasets
from pixelda_tf.datasets import base, preparing
from pixelda_tf.datasets.segmentation import classes
from pixelda_tf.evaluation import evaluate
from pixelda_tf.fields import label_maps
from pixelda_tf.problems import Segmentation
from pixelda_tf.runs import experiment, row_networks

GIN = pathlib.Path(__file__).resolve().parents[1] / 'gin'
DATA_SETS = ('digits', 'digits_photo', 'mnist', 'mnistm', 'usps')
COUNT = 12

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
LABELLED = (*POSES, "labelled/Domain.train = 'train[:8]'")
THREE_ROWS = ['source_only', 'pixelda', 'target_only']
CYCADA_ROWS = [
  'source_only',
  'cycada_translate',
  'cycada_pixel',
  'cycada',
  'target_only',
]
PIXEL_ROWS = [row for row in CYCADA_ROWS if row != 'cycada']
CYCLEGAN_UDA_ROWS = [
  'source_only',
  'cyclegan',
  'cyclegan_uda',
  'cyclegan_uda_offline',
  'cyclegan_uda_two_way',
  'target_only',
]
CYCADA_SEGMENTATION_ROWS = [
  'source_only',
  'cycada_feature',
  'cycada_translate',
  'cycada_pixel',
  'cycada',
  'target_only',
]
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
  ('cycada_mnist_to_usps.gin', 'studies/cycada_pixel_only.gin'): (
    CYCLES,
    PIXEL_ROWS,
  ),
  ('cycada_mnist_to_usps.gin', 'studies/cycada_feature_only.gin'): (
    CYCLES,
    ['source_only', 'cycada', 'target_only'],
  ),
  ('cycada_mnist_to_usps.gin', 'studies/cycada_joint.gin'): (
    CYCLES,
    ['source_only', 'cycada_joint', 'target_only'],
  ),
  ('cycada_mnist_to_usps.gin', 'studies/cycada_joint_classifier.gin'): (
    CYCLES,
    CYCADA_ROWS,
  ),
  ('cycada_mnist_to_usps.gin', 'studies/cycada_no_cycle.gin'): (
    CYCLES,
    CYCADA_ROWS,
  ),
  ('cycada_mnist_to_usps.gin', 'studies/cycada_no_semantic.gin'): (
    CYCLES,
    CYCADA_ROWS,
  ),
  ('cycada_gta5_to_cityscapes.gin',): (LARGER_CROPS, CYCADA_SEGMENTATION_ROWS),
  ('cycada_gta5_to_cityscapes_drn26.gin',): (
    LARGER_CROPS,
    CYCADA_SEGMENTATION_ROWS,
  ),
  ('cycada_synthia_fall_to_winter.gin',): (CROPS, PIXEL_ROWS),
  ('streets_to_camvid.gin',): (
    (*MAPS, 'cycada_translate/Row.crop = (16, 16)'),
    ['source_only', 'adabn', *CYCADA_SEGMENTATION_ROWS[1:]],
  ),
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
}
NAMES = ['+'.join(files) for files in FILES]
# Of many large networks.
SLOW = {
  ('cycada_gta5_to_cityscapes.gin',),
  ('cycada_gta5_to_cityscapes_drn26.gin',),
  ('cycada_synthia_fall_to_winter.gin',),
  ('streets_to_camvid.gin',),
}
STEPPED = [
  pytest.param(files, marks=pytest.mark.slow) if files in SLOW else files
  for files in FILES
]
# Every file there is, but those that others include.
INCLUDED = {
  'classes/cityscapes_to_camvid.gin',
  'classes/sequences_to_camvid.gin',
  'classes/synthia_to_camvid.gin',
  'base.gin',
  'methods/adabn.gin',
  'methods/pixelda.gin',
  'methods/cycada.gin',
  'methods/cycada_segmentation.gin',
  'methods/cyclegan.gin',
  'methods/cyclegan_uda.gin',
}
# Data sets with label maps, to their classes.
MAP_SETS = {
  'gta5': classes.CITYSCAPES,
  'cityscapes/extra': classes.CITYSCAPES,
  'synthia_sequences/fall': classes.CAMVID,
  'synthia_sequences/winter': classes.CAMVID,
  'camvid/segnet': classes.CAMVID,
  'streets/day': classes.CAMVID,
  'streets/camera': classes.CAMVID,
}
POSE_SETS = {
  'standin/rendered': 4,
  'standin/camera': 4,
  'linemod_cropped/synthetic': 3,
  'linemod_cropped/real': 3,
}


def of_random_images(builder):
  """Returns a builder of the same features that makes up its examples."""

  class Random(builder):
    name = builder.name
    _photo_files = ()

    def _split_generators(self, dl_manager):
      return {
        split: self._generate_examples(split, self._random_examples())
        for split in ('train', 'test')
      }

    def _random_examples(self):
      random = np.random.default_rng(0)
      shape = self.info.features['image'].shape
      for number in range(COUNT):
        image = random.integers(256, size=shape, dtype=np.uint8)
        yield {'image': image, 'label': number % 10}

  return Random


class RandomPoses(base.ImageBuilder):
  """Random images with everything that a pose data set has."""

  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name=name.split('/')[1]) for name in POSE_SETS
  ]

  def __init__(self, *, data_dir, name):
    self.name, config_name = name.split('/')
    self.channels = POSE_SETS[name]
    super().__init__(data_dir=data_dir, config=config_name)

  def _info(self):
    return self.image_info(
      shape=(64, 64, self.channels),
      class_names=['cube', 'duck'],
      description='random',
      fields=('label', 'mask', 'pose'),
    )

  def _split_generators(self, dl_manager):
    return {
      split: self._generate_examples(split, self._random_examples())
      for split in ('train', 'test')
    }

  def _random_examples(self):
    random = np.random.default_rng(0)
    shape = (64, 64, self.channels)
    for number in range(COUNT):
      yield {
        'image': random.integers(256, size=shape, dtype=np.uint8),
        'label': number % 2,
        'mask': 255 * random.integers(2, size=(64, 64, 1), dtype=np.uint8),
        'pose': np.array([0.6, 0.8, 0, 0], np.float32),
      }


class RandomMaps(base.ImageBuilder):
  """Random images of 24x32 pixels with random label maps."""

  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name=name.split('/')[1])
    for name in MAP_SETS
    if '/' in name
  ]

  def __init__(self, *, data_dir, name):
    self.name, _, config_name = name.partition('/')
    self.class_names = MAP_SETS[name]
    if not config_name:
      self.BUILDER_CONFIGS = []
    super().__init__(data_dir=data_dir, config=config_name or None)

  def _info(self):
    return self.image_info(
      shape=(24, 32, 3),
      class_names=self.class_names,
      description='random',
      fields=('segmentation',),
    )

  def _split_generators(self, dl_manager):
    return {
      split: self._generate_examples(split, self._random_examples())
      for split in ('train', 'train_extra', 'test')
    }

  def _random_examples(self):
    random = np.random.default_rng(0)
    for _ in range(COUNT):
      labels = random.integers(len(self.class_names), size=(24, 32, 1))
      labels[0] = label_maps.IGNORE
      yield {
        'image': random.integers(256, size=(24, 32, 3), dtype=np.uint8),
        'segmentation': labels.astype(np.uint8),
      }


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
  """A data directory with tiny data sets under the real ones' names."""
  directory = tmp_path_factory.mktemp('data')
  for name in DATA_SETS:
    make_builder = of_random_images(datasets.BUILDERS[name])
    preparing.build(
      lambda path, make=make_builder: make(data_dir=path),
      name=name,
      data_dir=directory,
    )
  for name in POSE_SETS:
    preparing.build(
      lambda path, name=name: RandomPoses(data_dir=path, name=name),
      name=name.split('/')[0],
      data_dir=directory,
    )
  for name in MAP_SETS:
    preparing.build(
      lambda path, name=name: RandomMaps(data_dir=path, name=name),
      name=name.split('/')[0],
      data_dir=directory,
    )
  return str(directory)


def paths(files):
  return [f'gin/{name}' for name in files]


def test_every_file_is_tested_here():
  there_are = {path.relative_to(GIN).as_posix() for path in GIN.rglob('*.gin')}
  assert there_are - INCLUDED == {name for files in FILES for name in files}


@pytest.mark.parametrize('files', FILES, ids=NAMES)
def test_a_file_parses_as_it_is_and_its_text_is_the_same_config(
  files, tmp_path
):
  config.parse(paths(files))
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
  """Each is built; what differs from an earlier one in numbers alone does not
  take another step.
  """
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
    key = method.role, id(row.original)
    if key not in batches:
      found = row.original.train_batches(run.seed, role=method.role)
      batches[key] = next(iter(found))
    batch = batches[key]
    if (what := what_steps(method, batch)) not in stepped:
      take_a_step(run, row.name, method, batch)
      stepped.add(what)
    assert method.dtype_policy.name == run.precision


def shapes_of(method):
  """Returns the shapes of the weights of every network."""
  return {
    name: [tuple(weight.shape) for weight in network.weights]
    for name, network in row_networks.networks_of(method).items()
  }


def what_steps(method, batch):
  """Returns what a step depends on but for numbers: of them, which are 0."""
  settings = {
    name: value if isinstance(value, str) else bool(value)
    for name, value in vars(method).items()
    if not name.startswith('_')
    and isinstance(value, (str, bool, int, float, type(None)))
  }
  layers = {
    name: [type(layer).__name__ for layer in network.layers]
    for name, network in row_networks.networks_of(method).items()
  }
  return repr(
    (
      type(method).__name__,
      method.dtype_policy.name,
      layers,
      shapes_of(method),
      sorted(settings.items()),
      tf.nest.map_structure(lambda tensor: tensor.shape, batch),
    )
  )


def take_a_step(run, name, method, batch):
  """Checks that a step moves what it has to, and that the method answers."""
  moving = must_move(method)
  before = [v.numpy() for v in moving]
  logs = method.train_step(batch)
  assert all(np.isfinite(value) for value in logs.values()), name
  for old, new in zip(before, moving, strict=True):
    assert np.any(old != new), (name, new.name)
  if method.predicts:
    predict = evaluate.compiled_predictions(method)
    scorer = run.pair.problem.scorer(run.pair.class_names)
    scores = evaluate.score(predict, run.pair.test_batches(), scorer).result()
    assert scores['count'] == COUNT


def must_move(method):
  """Variables of every player that always moves, and that its loss reaches.

  A task network's in full; of others the kernels: at an early stage a scale or
  an offset may be stuck. So may what lies below FCN8s's scores, which start at
  0; its kernels decay.
  """
  found = []
  for player in method.players():
    if player.when is None:
      task = player.name in ('task', 'source_task')
      task &= not isinstance(method.problem, Segmentation)
      found += [v for v in player.variables() if task or 'kernel' in v.name]
  return found
