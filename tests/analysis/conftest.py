"""What figures are drawn of."""

import pytest

from pixelda_tf.analysis import figures


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
