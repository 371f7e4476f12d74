import h5py
import numpy as np
import pytest

from pixelda_tf.errors import UserError


@pytest.mark.parametrize(
  'network, name',
  [
    ('resnet34', 'named.h5'),
    ('drn26', 'numbered.weights.h5'),
    ('drn26', 'model.h5'),
  ],
)
def test_a_network_takes_all_but_the_scores_of_another(
  network, name, small, shake, tmp_path, caplog
):
  """A whole model's file holds its layers in a group."""
  theirs = small(network, n_classes=7)
  shake(theirs)
  path = str(tmp_path / name)
  theirs.save_weights(path)
  if name == 'model.h5':
    with h5py.File(path, 'a') as file:
      group = file.create_group('model_weights')
      group.attrs['layer_names'] = file.attrs['layer_names']
      del file.attrs['layer_names']
      for key in set(file) - {'model_weights'}:
        file.move(key, f'model_weights/{key}')
  with caplog.at_level('INFO', 'absl'):
    ours = small(network, weights=path)
  assert f'{network}_segmenter: initial weights of {path}' in caplog.text
  fresh = small(network)
  for layer in ours.layers:
    expected = theirs.get_layer(layer.name) if 'conv' in layer.name else None
    if layer.name == 'scores':
      expected = fresh.get_layer('scores')
    if expected is not None:
      for a, b in zip(layer.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_missing_layer_is_named(small, tmp_path):
  path = str(tmp_path / 'part.h5')
  small('drn26').save_weights(path)
  with h5py.File(path, 'a') as file:
    names = [n for n in file.attrs['layer_names'] if 'conv4_block2_2' not in n]
    file.attrs['layer_names'] = names
  message = (
    r"part.h5: layer 'conv4_block2_2_conv' is not there, drn26_segmenter needs "
    r'\[\(3, 3, 8, 8\)\]: name a file'
  )
  with pytest.raises(UserError, match=message) as caught:
    small('drn26', weights=path)
  assert '\n' not in caught.value.message


def test_another_width_is_named(small, tmp_path):
  path = str(tmp_path / 'wide.weights.h5')
  small('drn26', filters=2).save_weights(path)
  message = r"layer 'conv2d' is \[\(7, 7, 3, 2\)\], drn26_segmenter needs \[\("
  with pytest.raises(UserError, match=message):
    small('drn26', weights=path)


@pytest.mark.parametrize(
  'content, message',
  [
    (None, 'no such file of initial weights; name one, or None'),
    (b'PK not one of ours', "not readable as Keras's h5 of weights"),
    ('empty', "no layers with weights as Keras's h5 has them"),
    ('cut', "not readable as Keras's h5 of weights"),
  ],
)
def test_what_is_no_file_of_weights_is_said(content, message, small, tmp_path):
  path = tmp_path / 'weights.h5'
  if isinstance(content, bytes):
    path.write_bytes(content)
  elif content == 'empty':
    h5py.File(path, 'w').close()
  elif content == 'cut':
    small('drn26').save_weights(str(path))
    path.write_bytes(path.read_bytes()[:5000])
  with pytest.raises(UserError, match=f'{path}: {message}') as caught:
    small('drn26', weights=str(path))
  assert '\n' not in caught.value.message
