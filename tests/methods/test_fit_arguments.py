"""What Keras users write that a method cannot do, told in one line."""

import numpy as np
import pytest
import tensorflow as tf
from chase import Chase, batch_of

from pixelda_tf import data
from pixelda_tf.errors import UserError

IMAGES = np.zeros((40, 4, 4, 1), np.uint8)
LABELS = np.arange(40) % 2
EXAMPLES = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(8)


class Translates(Chase):
  predicts = False


def pairs():
  return data.pair((IMAGES, LABELS), IMAGES, batch_size=8)


def batches():
  return tf.data.Dataset.from_tensors(batch_of(1.0)).repeat()


def compiled(kind=Chase):
  method = kind()
  method.compile('sgd')
  return method


# Arguments of `fit`, and what is told of them.
REFUSED = {
  'arrays': (
    {'x': IMAGES, 'y': LABELS},
    r'no arrays: write model\.fit\(pair\(.*steps_per_epoch',
  ),
  'a tensor': ({'x': tf.zeros([4, 4, 4, 1])}, 'no arrays: write'),
  'a tuple': ({'x': (IMAGES, LABELS)}, 'no tuple: write'),
  'a list': ({'x': [IMAGES, LABELS]}, 'no list: write'),
  'batches of one domain': (
    {'x': EXAMPLES, 'steps_per_epoch': 1},
    r'fit takes batches of data\.pair\(source, target\)',
  ),
  'batches of dicts': (
    {'x': EXAMPLES.map(lambda x, y: {'image': x, 'label': y})},
    r'fit takes batches of data\.pair\(source, target\)',
  ),
  'labels apart': ({'x': pairs(), 'y': LABELS}, '^fit takes no y: labels come'),
  'class_weight': (
    {'x': pairs(), 'steps_per_epoch': 1, 'class_weight': {0: 1.0}},
    '^fit takes no class_weight: .*give pair.. more images',
  ),
  'sample_weight': (
    {'x': pairs(), 'steps_per_epoch': 1, 'sample_weight': np.ones(40)},
    '^fit takes no sample_weight: .*several times',
  ),
  'validation_split': (
    {'x': pairs(), 'steps_per_epoch': 1, 'validation_split': 0.2},
    r'^fit takes no validation_split: .*validation_data=\(images, labels\)',
  ),
  'batch_size': (
    {'x': pairs(), 'steps_per_epoch': 1, 'batch_size': 8},
    r'give pair\(\) batch_size',
  ),
  'no number of steps': ({'x': pairs()}, 'never end: give steps_per_epoch'),
  'validation by a pair': (
    {'x': pairs(), 'steps_per_epoch': 1, 'validation_data': pairs()},
    r'no labels of the target .*validation_data=\(images, labels\)',
  ),
  'validation without end': (
    {
      'x': pairs(),
      'steps_per_epoch': 1,
      'validation_data': EXAMPLES.repeat(),
    },
    '^validation_data: .*give validation_steps',
  ),
  'validation without labels': (
    {'x': pairs(), 'steps_per_epoch': 1, 'validation_data': IMAGES},
    '^validation_data has no labels',
  ),
}


@pytest.mark.parametrize('name', REFUSED)
def test_fit_says_what_to_write_instead(name):
  arguments, message = REFUSED[name]
  method = compiled()
  with pytest.raises(UserError, match=message) as error:
    method.fit(**arguments, verbose=0)
  assert '\n' not in str(error.value)
  assert int(method.step) == 0


def test_arguments_by_their_place_are_seen_too():
  with pytest.raises(UserError, match='no arrays'):
    compiled().fit(IMAGES, LABELS)


def test_an_iterator_of_other_batches_is_told_as_it_comes():
  """Out of a traced step, as it is."""
  other = iter([(np.zeros((2, 4, 4, 1), np.float32), np.zeros(2))])
  with pytest.raises(UserError, match='fit takes batches of data.pair'):
    compiled().fit(other, steps_per_epoch=1, verbose=0)


def test_what_is_right_is_not_refused():
  method = compiled()
  method.fit(batches(), steps_per_epoch=1, verbose=0, validation_split=0.0)
  method.fit(batches().take(2), verbose=0, callbacks=[])
  method.fit(iter([batch_of(1.0)] * 2), verbose=0)
  assert int(method.step) == 5


def test_a_mistake_within_a_step_comes_out_as_it_is():
  class Mistaken(Chase):
    def second(self, batch, shared):
      raise UserError('the mistake')

  with pytest.raises(UserError, match='^the mistake$'):
    compiled(Mistaken).fit(batches(), steps_per_epoch=1, verbose=0)


def test_a_mistake_within_a_call_comes_out_as_it_is():
  class Mistaken(Chase):
    def call(self, images, training=False):
      raise UserError('the mistake')

  with pytest.raises(UserError, match='^the mistake$'):
    compiled(Mistaken).evaluate(IMAGES[:, :1, :1], LABELS, verbose=0)


def test_who_predicts_nothing_says_so():
  method = compiled(Translates)
  images = np.zeros((2, 1, 1, 1))
  with pytest.raises(UserError, match='Translates only translates'):
    method.evaluate(images, LABELS[:2])
  with pytest.raises(UserError, match='Translates only translates'):
    method.predict(images)
  with pytest.raises(UserError, match='predicts nothing that could be valid'):
    method.fit(batches(), steps_per_epoch=1, validation_data=(images, [0, 1]))


def test_a_model_shows_its_layers_before_it_was_called(capsys):
  Chase().summary()
  assert 'Total params' in capsys.readouterr().out
