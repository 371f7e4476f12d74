"""Data sets prepared without Beam, and by its local runner."""

import tensorflow as tf

from pixelda_tf import datasets


def records(builder):
  """Returns the stored records of each split, in their order."""
  return {
    split: list(
      tf.data.TFRecordDataset(
        [str(path) for path in info.filepaths]
      ).as_numpy_iterator()
    )
    for split, info in builder.info.splits.items()
  }


def prepare_both(kind, tmp_path, **options):
  """Returns the builders of a data set prepared without and with Beam."""
  return [
    datasets.prepare(
      kind, data_dir=tmp_path / f'data{number}', beam=choice, **options
    )
    for number, choice in enumerate([None, []])
  ]


def assert_same(without, with_beam):
  assert with_beam.info.description == without.info.description
  assert with_beam.info.features.to_json() == without.info.features.to_json()
  assert records(with_beam) == records(without)
