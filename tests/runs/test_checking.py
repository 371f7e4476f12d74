"""What would end a run later is told before it begins, of every row."""

import os

import coloured_maps
import pytest

from pixelda_tf.errors import UserError
from pixelda_tf.runs import row_networks

MAPS = """
include 'gin/base.gin'
include 'gin/methods/cycada_segmentation.gin'
source/Domain.name = 'drawn'
target/Domain.name = 'seen'
Experiment.rows = [
  @source_only/Row(), @cycada_translate/Row(), @target_only/Row()
]
Experiment.log_every = 2
Experiment.checkpoint_every = 2
Row.steps = 2
Pair.batch_size = 2
Pair.crop = (8, 8)
SourceOnly.task = @unet_segmenter
TargetOnly.task = @fcn8s_segmenter
unet_segmenter.filters = 2
unet_segmenter.levels = 1
fcn8s_segmenter.filters = 2
fcn8s_segmenter.fc_filters = 2
fcn8s_segmenter.fc_kernel_size = 3
downsampling_residual_generator.filters = 2
downsampling_residual_generator.blocks = 1
patch_discriminator.filters = 2
patch_discriminator.strides = (2,)
"""
# Binding, and what is told, of a row that is not the first.
LATER = {
  'a file of weights that is not there': (
    "fcn8s_segmenter.weights = 'vgg16.h5'",
    'vgg16.h5: no such file of initial weights',
  ),
  'a generator that changes the size of whole images': (
    'cycada_translate/Row.image_size = (14, 22)',
    "row 'cycada_translate' cannot be built: its generator cannot give images "
    'of 14x22',
  ),
  'a wrong option of a builder': (
    'fcn8s_segmenter.fc_kernel_size = 4',
    "row 'target_only' cannot be built: fcn8s_segmenter",
  ),
  'optimizers of other players': (
    "target_only/Row.optimizer = {'tusk': @sgd()}",
    "Row.optimizer of 'target_only': compile: optimizers for ['tusk']",
  ),
}


@pytest.mark.parametrize('name', LATER)
def test_a_mistake_in_a_later_row_leaves_no_directory(
  name, tmp_path, in_process
):
  param, message = LATER[name]
  for domain in coloured_maps.COLOURS:
    coloured_maps.store(
      tmp_path / 'data', domain, size=(16, 24), block=2, counts=(4, 2)
    )
  (tmp_path / 'maps.gin').write_text(MAPS)
  done = in_process(
    'train',
    f'--gin_file={tmp_path}/maps.gin',
    f'--gin_param={param}',
    f'--run_dir={tmp_path}/run',
    f'--data_dir={tmp_path}/data',
  )
  done.assert_mistake(message)
  assert not (tmp_path / 'run').exists()


# Bindings of cycada.gin, and what is told of one of its rows.
STARTS = {
  'a network that no row will have': (
    "cycada/Row.initial_networks = {'task': 'cycada_translate/tusk'}",
    "Row.initial_networks: CyCADAFeatures needs a trained 'source_to_target'",
  ),
  'a network that a row will not have': (
    "cycada_translate/Row.initial_networks = {'source_task': 'source_only/T'}",
    "Row.initial_networks: row 'source_only' has no network 'T', it has task",
  ),
  'a network of another form': (
    'CyCADA.task = @mnist_classifier',
    'source_only/networks/task.weights.h5: the weights of another network than',
  ),
  'a network of another run that is not there': (
    "cycada_translate/Row.initial_networks = {'source_task': 'a/b/task'}",
    'a/b/networks/task.weights.h5: not there',
  ),
}


@pytest.mark.parametrize('name', STARTS)
def test_what_a_later_row_cannot_start_from_is_told(
  name, tmp_path, open_stages
):
  param, message = STARTS[name]
  params = param, 'cycada_translate/Row.optimizer = @adversarial/adam()'
  run = open_stages('cycada', tmp_path, *params)
  with pytest.raises(UserError) as error:
    run.check()
  assert message in error.value.message


def test_rows_alone_start_from_what_is_there(tmp_path, open_stages):
  run = open_stages('cycada', tmp_path)
  with pytest.raises(UserError, match=r"task.weights.h5: not there; row 'sour"):
    run.check(['cycada_translate'])


def test_a_row_that_is_not_to_be_trained_cannot_translate(
  tmp_path, open_stages
):
  run = open_stages('cyclegan_uda', tmp_path)
  with pytest.raises(UserError, match='cyclegan/result.json: not there; train'):
    run.check(['cyclegan_uda_offline'])


def test_a_row_that_will_not_translate_is_told(tmp_path, open_stages, builds):
  """Asked of the one method that was built."""
  run = open_stages(
    'cycada',
    tmp_path,
    'CyCADAFeatures.generator = None',
    "cycada/Row.initial_networks = {'task': 'source_only/task', "
    "'reference_task': 'source_only/task'}",
    'target_only/Row.method = @TranslatedTask',
    "target_only/Row.translated_by = 'cycada'",
  )
  with pytest.raises(UserError, match="'target_only': row 'cycada' does not"):
    run.check()
  assert builds == ['source_only', 'cycada_translate', 'cycada']


# Bindings of cycada.gin, and what is told of the data.
DATA = {
  'training split': ("source/Domain.train = 'x'", "digits has no split 'x'"),
  'test split': ("target/Domain.test = 'x'", "digits_photo has no split 'x'"),
  'validation split': (
    "target/Domain.validation = 'x'",
    "digits_photo has no split 'x'",
  ),
  'split to choose by': (
    "source/Domain.validation = 'x'\n"
    "source_only/Row.chosen_by = 'source_score'",
    "digits has no split 'x'",
  ),
  'no test image of a class of the source': (
    "target/Domain.test = 'test[:1]'\n"
    "source/Domain.classes = {'0': '0', '8': '8'}\n"
    'Pair.allow_class_mismatch = True',
    "target digits_photo: split 'test[:1]' has no example of a class of source",
  ),
  'too few images': (
    "target/Domain.train = 'train[:3]'",
    "split 'train[:3]' has 3 examples, fewer than the 8",
  ),
  'parts that do not divide a batch': (
    'Pair.parts = 3',
    'Pair.batch_size is 8: a multiple of the number of parts (3)',
  ),
}


@pytest.mark.parametrize('name', DATA)
def test_data_that_are_not_there_are_told(name, tmp_path, open_stages):
  """To `train` of Python, too, which the commands call."""
  params, message = DATA[name]
  run = open_stages('cycada', tmp_path, *params.splitlines())
  with pytest.raises(UserError) as error:
    run.train(['source_only'])
  assert message in error.value.message
  assert os.listdir(tmp_path) == ['config.gin']


def test_each_row_is_built_once_but_those_that_are_finished(
  tmp_path, open_stages, builds
):
  """What a finished row has left is read, and stays."""
  run = open_stages('cycada', tmp_path)
  run.check()
  assert builds == ['source_only', 'cycada_translate', 'cycada', 'target_only']
  first = run.row('source_only')
  names = run.pair.class_names
  row_networks.save(first.build(), names, first.directory.networks)
  (tmp_path / 'source_only/result.json').write_text('{"steps": 6}')
  builds.clear()
  run.check()
  assert builds == ['cycada_translate', 'cycada', 'target_only']
  os.remove(tmp_path / 'source_only/networks/task.weights.h5')
  with pytest.raises(UserError, match="task.weights.h5: not there; row 'sourc"):
    run.check()
