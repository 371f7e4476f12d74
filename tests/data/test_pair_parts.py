"""What each host, or part, gets of a batch."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import movement
from pixelda_tf.errors import UserError

MOVE = movement.Move(shift=0.2, rotation=20.0)


def test_shards_are_spread_over_replicas(pair):
  options = pair().train_batches(0).options()
  assert options.deterministic
  assert (
    options.experimental_distribute.auto_shard_policy
    == tf.data.experimental.AutoShardPolicy.DATA
  )


@pytest.mark.slow
@pytest.mark.usefixtures('memory')
@pytest.mark.parametrize('role', ['unsupervised', 'semi_supervised'])
def test_one_host_gets_what_hosts_get_together(pair, role, first, assert_equal):
  """Four parts on one, two and four hosts; augmentation and all."""
  options = {
    'parts': 4,
    'batch_size': 8,
    'labelled_target': {},
    'source_augmentation': MOVE,
  }
  (together, *others) = (
    [
      first(
        pair(**options).train_batches(3, 5, role, host=host, hosts=hosts), 4
      )
      for host in range(hosts)
    ]
    for hosts in (1, 2, 4)
  )
  for of_hosts in others:
    joined = [
      tf.nest.map_structure(lambda *parts: np.concatenate(parts), *batches)
      for batches in zip(*of_hosts, strict=True)
    ]
    assert_equal(joined, together[0])


def test_each_part_has_its_own_order_and_examples(pair, first):
  """A pass over each half of 20 examples: its own ones, once."""
  source = {'train': 20}
  opened = pair(source=source, batch_size=4)
  stored = [image.tobytes() for image in opened.images('source')]
  assert len(set(stored)) == 20
  orders = []
  for host in range(2):
    batches = first(opened.train_batches(0, host=host, hosts=2), 5)
    found = [
      image.tobytes() for batch in batches for image in batch['source']['image']
    ]
    half = stored[10 * host : 10 * host + 10]
    assert sorted(found) == sorted(half) and found != half
    orders.append([half.index(image) for image in found])
  assert orders[0] != orders[1]


def test_augmentations_do_not_draw_from_the_orders_streams(pair, first):
  """A step's seed is none of those of an epoch's order, whatever the role."""
  fold_in = tf.random.experimental.stateless_fold_in
  opened = pair(source_augmentation=lambda batch, seed: {**batch, 'seed': seed})
  for step, batch in enumerate(first(opened.train_batches(5), 3)):
    for order in range(3):
      taken = fold_in(fold_in((5, order), tf.constant(step, tf.int64)), 0)
      assert (batch['source']['seed'] != taken.numpy()).any()


def test_one_part_is_what_it_was_without_parts(pair, first, assert_equal):
  assert_equal(
    first(pair(parts=1).train_batches(0), 3), first(pair().train_batches(0), 3)
  )


@pytest.mark.parametrize(
  ('options', 'hosts', 'expected'),
  [
    ({'parts': 3}, 2, r'Pair.parts is 3: a multiple of the .* hosts \(2\)'),
    ({'parts': 0}, 1, 'Pair.parts is 0'),
    ({'parts': 3}, 1, r'Pair.batch_size is 4: a multiple of .* parts \(3\)'),
    (
      {'batch_size': 12, 'parts': 12},
      1,
      "two: part 1 of 12 of split 'train' holds no examples",
    ),
    (
      {'batch_size': 12},
      2,
      "two: part 1 of 2 of split 'train' has 5 examples, fewer than the 6",
    ),
  ],
)
def test_parts_that_cannot_be_are_told(pair, options, hosts, expected):
  with pytest.raises(UserError, match=expected):
    pair(**options).train_batches(0, hosts=hosts)
