"""The plots of an analysis, on models and data made by hand."""

import numpy as np
import pytest
from made_up_adaptation import Method, adaptation, images

from pixelda_tf.analysis import figures, plots, spread, tsne
from pixelda_tf.analysis.adaptation import Model
from pixelda_tf.evaluation import pictures


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


def test_translations_go_there_and_back(rows):
  """The target has eleven images: of the source as many are shown."""
  plot = plots.translations(adaptation())
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
  plot = plots.translations(adaptation(translator=one_way))
  assert list(rows) == ['title', 'source', 'translated']
  assert plot.missing == ['one translates one way: nothing is reconstructed']


def test_neighbours_are_the_nearest_of_all_training_images(rows):
  plot = plots.neighbours(adaptation())
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
  plot = plots.confusion(adaptation())
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


NO_TRANSLATOR = {'translator': None, 'translated': None}


def test_without_a_translator_there_is_no_picture_of_it(panels):
  without = adaptation(**NO_TRANSLATOR)
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
  without = adaptation(before=None)
  missing = ["'before' has no row: no source_only is trained beside it"]
  for plot in (tsne.task_features(without), plots.confusion(without)):
    assert plot.missing == missing
  assert list(panels['panels']) == ['after: adapted, 2,000 steps']


def test_without_any_answer_there_is_nothing_to_answer():
  for plot in (tsne.task_features, plots.confusion):
    with pytest.raises(plots.LeftOut, match='no trained row predicts'):
      plot(adaptation(before=None, after=None))


@pytest.mark.parametrize('channels', [1, 3, 4])
@pytest.mark.parametrize('has_labels', [True, False])
def test_all_kinds_of_images_with_target_labels_or_without(
  channels, has_labels, panels
):
  given = adaptation(channels, has_labels)
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
