"""A small BOP set of boxes."""

import shutil

import bop_boxes
import pytest


@pytest.fixture(scope='session')
def written_boxes(tmp_path_factory):
  folder = tmp_path_factory.mktemp('boxes')
  bop_boxes.write_set(folder, bop_boxes.FRAMES)
  return folder


@pytest.fixture
def boxes(tmp_path, written_boxes):
  """Folder of the set of boxes: five objects, of which one is hidden."""
  return shutil.copytree(written_boxes, tmp_path / 'boxes')
