from PIL import Image

from pixelda_tf.measuring import cost_table


def cell(devices, size, batch, **measured):
  place = {'image_size': size, 'batch_size': batch, 'devices': devices}
  return place | measured


CELLS = [
  cell(1, 16, 8, milliseconds=12.3, gibibytes=0.51),
  cell(1, 32, 8, milliseconds=45.6, gibibytes=0.64),
  cell(1, 32, 32, failure='out of memory'),
  cell(2, 32, 32, milliseconds=1234.5, gibibytes=2.0),
]


def test_a_row_is_a_size_on_some_devices_and_a_column_a_batch():
  assert cost_table.table(CELLS).splitlines() == [
    '| image | devices | batch 8 | batch 32 |',
    '|---|---|---|---|',
    '| 16x16 | 1 | 12 ms, 0.5 GiB |  |',
    '| 32x32 | 1 | 46 ms, 0.6 GiB | out of memory |',
    '| 32x32 | 2 |  | 1234 ms, 2.0 GiB |',
  ]


def test_a_plot_leaves_out_what_did_not_fit(tmp_path):
  cost_table.plot(CELLS, tmp_path / 'cost.png')
  with Image.open(tmp_path / 'cost.png') as picture:
    assert picture.size == (1000, 400)
