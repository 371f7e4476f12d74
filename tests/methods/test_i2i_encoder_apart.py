"""I2I Adapt whose encoder has an optimizer of its own."""

import numpy as np
import pytest
import tensorflow as tf
from i2i_parts import OPTIONS, build, logs_of

from pixelda_tf.methods import I2IAdapt, I2ITranslation


@pytest.mark.parametrize('kind', [I2IAdapt, I2ITranslation])
def test_f_apart_moves_by_a_tenth_of_the_same_gradient(kind, build_batch):
  """With SGD, from one state: f a tenth of the way, all else all of it."""
  terms = tuple(OPTIONS) if kind is I2IAdapt else ('z', 'tr', 'cyc')
  sgd, batch, moved = tf.keras.optimizers.SGD, build_batch(), []
  for apart in (False, True):
    method = build(*terms, kind=kind, encoder_apart=apart)
    slow = {'encoder': sgd(0.01)} if apart else {}
    method.compile({'critics': sgd(0.1), 'model': sgd(0.1)} | slow)
    networks = [
      *(method.task.get_layer(index=2), method.source_decoder),
      *(method.target_decoder, method.target_critic),
    ]
    if kind is I2IAdapt:
      networks.append(method.task.get_layer('classes'))
    before = [network.get_weights() for network in networks]
    logs = method.train_step(batch)
    assert set(logs) == logs_of(terms)
    moved.append(
      [
        [new - old for new, old in zip(network.get_weights(), was, strict=True)]
        for network, was in zip(networks, before, strict=True)
      ]
    )
  for number, (together, apart) in enumerate(zip(*moved, strict=True)):
    for whole, part in zip(together, apart, strict=True):
      share = 1.0 if number else 0.1
      np.testing.assert_allclose(part, share * whole, atol=1e-6)
      assert np.any(whole) or number == 3  # A critic's last offset cancels.


def test_f_apart_goes_on_from_a_checkpoint(tmp_path, build_batch):
  """The same bits after two steps, with a checkpoint in between or not."""

  def start():
    adam = tf.keras.optimizers.Adam
    method = build(*OPTIONS, encoder_apart=True)
    method.compile(
      {'critics': adam(2e-4), 'model': adam(2e-4), 'encoder': adam(2e-5)}
    )
    return method

  whole = start()
  whole.train_step(build_batch(0))
  path = tf.train.Checkpoint(method=whole).write(str(tmp_path / 'c'))
  whole.train_step(build_batch(1))
  resumed = start()
  tf.train.Checkpoint(method=resumed).read(path).assert_consumed()
  assert int(resumed.player_optimizers['encoder'].iterations) == 1
  resumed.train_step(build_batch(1))
  for ours, theirs in zip(resumed.weights, whole.weights, strict=True):
    np.testing.assert_array_equal(ours, theirs)
