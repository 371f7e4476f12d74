from pixelda_tf.datasets.segmentation import classes


def test_cityscapes_has_the_published_train_ids():
  """labelId to trainId, as the data set's `labels.py` has them."""
  ids = [7, 8, 11, 12, 13, 17, *range(19, 29), 31, 32, 33]
  assert list(classes.CITYSCAPES_IDS) == ids
  assert classes.CITYSCAPES[0] == 'road'
  assert classes.CITYSCAPES[18] == 'bicycle'
  assert len(set(classes.CITYSCAPES)) == 19


def test_synthia_has_16_of_cityscapes_in_its_order():
  """SYNTHIA id to trainId, as everyone trains on it."""
  train_ids = {
    **{3: 0, 4: 1, 2: 2, 21: 3, 5: 4, 7: 5, 15: 6, 9: 7, 6: 8, 1: 10, 10: 11},
    **{17: 12, 8: 13, 19: 15, 12: 17, 11: 18},
  }
  assert {
    synthia_id: classes.CITYSCAPES.index(name)
    for synthia_id, name in classes.SYNTHIA_IDS.items()
  } == train_ids
  assert list(classes.SYNTHIA_IDS) == list(train_ids)
  assert list(train_ids.values()) == sorted(train_ids.values())


def test_camvids_32_colours_are_its_11_classes_and_void():
  names = list(dict.fromkeys(classes.CAMVID_COLOURS.values()))
  assert names == [*classes.CAMVID, '']
  assert len(classes.CAMVID_COLOURS) == 32
