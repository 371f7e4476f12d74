"""What else is in an export, and what cannot be one."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import serving
from pixelda_tf.errors import UserError
from pixelda_tf.fields.images import prepare_images
from pixelda_tf.methods import SourceOnly
from pixelda_tf.networks import (
  pose_estimator,
  unet_segmenter,
)
from pixelda_tf.problems import ClassAndPose, Segmentation


def test_poses_of_rgb_and_depth_are_served(tmp_path):
  method = SourceOnly(
    image_shape=(8, 8, 4),
    n_classes=3,
    problem=ClassAndPose(pose_weight=1.0),
    task=functools.partial(pose_estimator, filters=2, dense=8),
  )
  serving.export(method, str(tmp_path / 'export'))
  predict = serving.load(str(tmp_path / 'export'))['predict']
  for count, side in ((0, 8), (5, 8), (2, 13)):
    images = np.random.default_rng(0).integers(
      256, size=(count, side, side, 4), dtype=np.uint8
    )
    answer = predict(images=tf.constant(images))
    assert {name: value.shape for name, value in answer.items()} == {
      'probabilities': (count, 3),
      'pose': (count, 4),
    }
    if count:
      prepared = prepare_images(images, image_shape=(8, 8, 4))
      expected = method.predictions(prepared)
      for name, value in answer.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-5)
      assert np.all(answer['pose'][:, 0] >= 0)
      norms = np.linalg.norm(answer['pose'], axis=1)
      np.testing.assert_allclose(norms, 1, atol=1e-5)
  with pytest.raises(tf.errors.InvalidArgumentError, match='must have 4 chann'):
    predict(images=tf.zeros([1, 8, 8, 3], tf.uint8))


@pytest.mark.parametrize('scored', [None, ['road', 'car']])
def test_classes_that_count_are_named(scored, tmp_path):
  method = SourceOnly(
    image_shape=(8, 8, 3),
    n_classes=3,
    problem=Segmentation(scored=scored),
    task=functools.partial(unet_segmenter, filters=2, levels=1),
  )
  serving.export(method, str(tmp_path / 'export'), ('sky', 'road', 'car'))
  named = tmp_path / 'export' / serving.SCORED
  if scored is None:
    assert not named.exists()
  else:
    assert named.read_text('utf-8') == 'road\ncar\n'


def test_loading_what_is_no_export_is_a_mistake(tmp_path):
  with pytest.raises(UserError, match='no SavedModel here; export a run'):
    serving.load(str(tmp_path))


def test_a_directory_that_cannot_be_written_is_told(tmp_path):
  """A file stands where the export's parent directory would be."""
  (tmp_path / 'file').write_text('kept')
  method = SourceOnly(image_shape=(8, 8, 1), n_classes=3)
  with pytest.raises(UserError, match='file/export: the export could not'):
    serving.export(method, str(tmp_path / 'file/export'))
  assert (tmp_path / 'file').read_text() == 'kept'


def test_variables_are_stored_in_the_methods_order(tmp_path):
  """TensorFlow tells those of a graph in another order in each process."""
  method = SourceOnly(image_shape=(32, 32, 3), n_classes=3)
  serving.export(method, str(tmp_path / 'export'))
  path = tmp_path / 'export/variables/variables'
  reader = tf.train.load_checkpoint(str(path))
  key = 'variables_used/{}/.ATTRIBUTES/VARIABLE_VALUE'.format
  places, number = [], 0
  while reader.has_tensor(key(number)):
    stored = reader.get_tensor(key(number))
    same = [
      place
      for place, variable in enumerate(method.variables)
      if np.array_equal(variable, stored) and place not in places
    ]
    places.append(same[0] if same else len(method.variables))
    number += 1
  assert number > 6 and places == sorted(places)
