"""The plots of an analysis, on models and data made by hand."""

import types

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.evaluation import figures, pictures, plots, spread, tsne
from pixelda_tf.evaluation.adaptation import Adaptation, Model
from pixelda_tf.evaluation.examples import UNKNOWN, Examples
from pixelda_tf.problems import Classification

SIZE = (8, 8)
NAMES = ('cat', 'dog', 'cow')


class Method:
  """Negates images there, halves them back; answers by the first pixel."""

  def __init__(self, channels=3, back=True, with_features=True, scale=1.0):
    self.image_shape = (*SIZE, channels)
    self.translates_back = back
    self.with_features = with_features
    self.scale = scale

  def noise(self, count, seed):
    del count, seed

  def translate(self, images, noise):
    del noise
    return -images

  def translate_back(self, images, noise):
    del noise
    return images / 2

  def predictions(self, images, size):
    del size
    first = tf.cast(images[:, 0, 0, 0] > 0, tf.int32)
    return {'probabilities': tf.one_hot(first, 3)}

  def __call__(self, images):
    outputs = {'logits': tf.zeros((len(images), 3))}
    if self.with_features:
      flat = tf.reshape(images, (len(images), -1))[:, :5]
      outputs['features'] = self.scale * flat
    return outputs


def images(n, channels, seed):
  shape = (n, *SIZE, channels)
  return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


class Pair:
  """A target of 40 random training and ten test images."""

  class_names, n_classes = NAMES, 3
  problem = Classification()

  def __init__(self, channels, has_labels):
    self.source = types.SimpleNamespace(name='drawn', n_classes=3)
    self.target = types.SimpleNamespace(
      name='seen', n_classes=3 if has_labels else None, test='test'
    )
    self.channels = channels

  def image_batches(self, domain, limit):
    assert (domain, limit) == ('target', 10_000)
    yield from np.split(images(40, self.channels, seed=5), [16, 32])

  def test_batches(self):
    """Of ten images, the first six are bright; the labels are 1, 0, ..."""
    if self.target.n_classes is None:
      return None
    shown = np.ones((10, *SIZE, self.channels), np.float32)
    shown[6:] = -1
    columns = {'image': shown, 'label': np.array([1, 0] * 5, np.int32)}
    return tf.data.Dataset.from_tensor_slices(columns).batch(4)


def found(channels=3, has_labels=True, back=True, **changes):
  source, target = images(14, channels, 0), images(11, channels, 1)
  labels = np.arange(11) % 3 if has_labels else np.full(11, UNKNOWN)
  method = Method(channels, back)
  return Adaptation(
    pair=Pair(channels, has_labels),
    before=Model('plain', method, 100),
    after=Model('adapted', method, 2000),
    translator=Model('translator', method, 30),
    source=Examples(source, np.arange(14) % 3, 'train'),
    target=Examples(target, labels, 'test'),
    translated=-source,
    seed=0,
  )._replace(**changes)


@pytest.fixture
def rows(monkeypatch):
  """Images by the label beside them, of the last picture of rows."""
  drawn = {}
  picture = pictures.labelled

  def note(blocks, title):
    drawn.clear()
    drawn['title'] = title
    drawn.update(row for block in blocks for row in block)
    return picture(blocks, title)

  monkeypatch.setattr(pictures, 'labelled', note)
  return drawn


@pytest.fixture
def panels(monkeypatch):
  """What the last figure was of: 'title' and panels by title."""
  drawn = {}
  clouds = figures.clouds

  def note(panels, names, title, **options):
    drawn.clear()
    drawn.update(options, title=title, panels=dict(panels))
    return clouds(panels, names, title, **options)

  monkeypatch.setattr(figures, 'clouds', note)
  return drawn


def test_translations_go_there_and_back(rows):
  """The target has eleven images: of the source as many are shown."""
  plot = plots.translations(found())
  places = [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12]
  source, target = images(14, 3, 0)[places], images(11, 3, 1)
  title = 'drawn → seen, translated by translator, 30 steps'
  assert rows.pop('title') == title
  np.testing.assert_array_equal(rows['target'], target)
  np.testing.assert_array_equal(rows['translated to source'], target / 2)
  np.testing.assert_array_equal(rows['reconstructed target'], -target / 2)
  np.testing.assert_array_equal(rows['source'], source)
  np.testing.assert_array_equal(rows['translated'], -source)
  np.testing.assert_array_equal(rows['reconstructed source'], -source / 2)
  assert plot.missing == ()
  assert plot.summary['colour_spread'] == {
    'source': spread.of_colours(images(14, 3, 0)),
    'translated': spread.of_colours(-images(14, 3, 0)),
    'target': spread.of_colours(images(11, 3, 1)),
  }


def test_one_way_gives_nothing_to_reconstruct(rows):
  method = Method(back=False)
  one_way = Model('one', method, 3)
  plot = plots.translations(found(translator=one_way))
  assert list(rows) == ['title', 'source', 'translated']
  assert plot.missing == ['one translates one way: nothing is reconstructed']


def test_neighbours_are_the_nearest_of_all_training_images(rows):
  plot = plots.neighbours(found())
  candidates = images(40, 3, 5)
  distances = np.sqrt(
    ((rows['translated'][:, None] - candidates[None]) ** 2).mean((2, 3, 4))
  )
  nearest = candidates[distances.argmin(1)]
  np.testing.assert_array_equal(rows['nearest real target'], nearest)
  every = -images(14, 3, 0)
  every = np.sqrt(((every[:, None] - candidates) ** 2).mean((2, 3, 4))).min(1)
  summary = plot.summary['nearest_target_rms']
  assert summary == {
    'median': pytest.approx(np.median(every), rel=1e-5),
    'least': pytest.approx(every.min(), rel=1e-5),
    'translated': 14,
    'among': 40,
  }
  assert plot.lines == [
    'RMS distance to the nearest target image, of a range of 2: median '
    f'{summary["median"]:.4f}, least {summary["least"]:.4f}'
  ]


def test_confusion_counts_the_whole_test_split(monkeypatch):
  """Six are taken for dogs, three rightly; four for cats, two rightly."""
  drawn = {}
  monkeypatch.setattr(
    figures, 'confusion', lambda panels, *_: drawn.update(panels)
  )
  plot = plots.confusion(found())
  accuracy = {'accuracy': 0.5, 'correct': 5, 'count': 10}
  assert plot.summary == {
    'target_test': {'before': accuracy, 'after': accuracy}
  }
  assert plot.lines == [
    'before: plain, 100 steps: accuracy 50.00%, right / count 5 / 10',
    'after: adapted, 2,000 steps: accuracy 50.00%, right / count 5 / 10',
  ]
  assert list(drawn) == [
    'before: plain, 100 steps\naccuracy 50.00%, right / count 5 / 10',
    'after: adapted, 2,000 steps\naccuracy 50.00%, right / count 5 / 10',
  ]
  for matrix in drawn.values():
    np.testing.assert_array_equal(matrix, [[2, 3, 0], [2, 3, 0], [0, 0, 0]])


def test_pixels_are_one_embedding(panels):
  plot = tsne.pixels(found())
  assert panels['one_embedding']
  before, after = panels['panels'].values()
  assert [cloud.domain for cloud in before] == ['source', 'target']
  assert [cloud.domain for cloud in after] == ['translated', 'target']
  np.testing.assert_array_equal(before[1].points, after[1].points)
  assert [len(cloud.points) for cloud in before + after] == [14, 11, 14, 11]
  ((name, embedding),) = plot.embeddings.items()
  assert name == 'pixels'
  assert (
    embedding.domains == ['source'] * 14 + ['target'] * 11 + ['translated'] * 14
  )
  assert embedding.points.shape == (39, 39)
  expected = np.concatenate([images(14, 3, 0), images(11, 3, 1)])
  np.testing.assert_array_equal(embedding.images[:25], expected)
  np.testing.assert_array_equal(embedding.images[25:], -expected[:14])
  assert embedding.labels[:4] == ['cat', 'dog', 'cow', 'cat']


def test_features_are_those_of_translated_images_after(panels):
  plot = tsne.task_features(found())
  assert not panels['one_embedding']
  assert list(panels['panels']) == [
    'before: plain, 100 steps',
    'after: adapted, 2,000 steps',
  ]
  before, after = panels['panels'].values()
  assert [cloud.domain for cloud in before] == ['source', 'target']
  assert [cloud.domain for cloud in after] == ['translated', 'target']
  features = plot.embeddings['features']
  shown = np.concatenate([-images(14, 3, 0), images(11, 3, 1)])
  np.testing.assert_array_equal(features.points, shown.reshape(25, -1)[:, :5])
  np.testing.assert_array_equal(features.images, shown)


NO_TRANSLATOR = {'translator': None, 'translated': None}


def test_without_a_translator_there_is_no_picture_of_it(panels):
  without = found(**NO_TRANSLATOR)
  for plot in (plots.translations, plots.neighbours):
    with pytest.raises(plots.LeftOut, match='^no trained row translates$'):
      plot(without)
  plot = tsne.pixels(without)
  assert len(panels['panels']) == 1
  assert plot.missing == ["no trained row translates: there is no 'after'"]
  tsne.task_features(without)
  for shown in panels['panels'].values():
    assert [cloud.domain for cloud in shown] == ['source', 'target']


def test_without_a_row_before_it_is_left_out_and_said(panels):
  without = found(before=None)
  missing = ["'before' has no row: no source_only is trained beside it"]
  for plot in (tsne.task_features(without), plots.confusion(without)):
    assert plot.missing == missing
  assert list(panels['panels']) == ['after: adapted, 2,000 steps']


def test_without_any_answer_there_is_nothing_to_answer():
  for plot in (tsne.task_features, plots.confusion):
    with pytest.raises(plots.LeftOut, match='no trained row predicts'):
      plot(found(before=None, after=None))


FAULTS = {
  "gives no 'features': its task network has no output of that name": Method(
    with_features=False
  ),
  'gives features that are not finite: its training diverged': Method(
    scale=np.nan
  ),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_features_that_cannot_be_shown(fault, panels):
  broken = Model('broken', FAULTS[fault], 5)
  plot = tsne.task_features(found(after=broken))
  assert plot.missing == [f"after: row 'broken' {fault}"]
  assert list(panels['panels']) == ['before: plain, 100 steps']
  assert plot.embeddings == {}
  with pytest.raises(plots.LeftOut, match='^before.*; after: row'):
    tsne.task_features(found(before=broken, after=broken))


def test_features_that_are_all_the_same_are_one_point(panels):
  dead = Model('dead', Method(scale=0.0), 5)
  tsne.task_features(found(after=dead))
  for cloud in panels['panels']['after: dead, 5 steps']:
    assert (cloud.points == 0).all()


@pytest.mark.parametrize('channels', [1, 3, 4])
@pytest.mark.parametrize('has_labels', [True, False])
def test_all_kinds_of_images_with_target_labels_or_without(
  channels, has_labels, panels
):
  given = found(channels, has_labels)
  for draw in (
    plots.translations,
    plots.neighbours,
    tsne.pixels,
    tsne.task_features,
  ):
    plot = draw(given)
    assert plot.picture.dtype == np.uint8 and plot.picture.ndim == 3
    told = "the target's labels are used for colours only"
    assert (told in panels.get('title', told)) == (has_labels or not panels)
    for embedding in plot.embeddings.values():
      of_target = [
        label
        for label, domain in zip(
          embedding.labels, embedding.domains, strict=True
        )
        if domain == 'target'
      ]
      assert (of_target == ['?'] * 11) != has_labels
  if has_labels:
    assert plots.confusion(given).picture.size
  else:
    with pytest.raises(plots.LeftOut, match='^target seen has no labels$'):
      plots.confusion(given)
