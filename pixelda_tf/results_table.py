"""Writes the README's table of results from the runs' result.json files.

python -m pixelda_tf.results_table results/*.json

The table stands between the lines <!-- results:start --> and
<!-- results:end -->; nothing else is touched.
"""

import json
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from pixelda_tf import atomic, command_line
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import columns

flags.DEFINE_string('readme', 'README.md', 'The file that holds the table.')
FLAGS = flags.FLAGS

START = '<!-- results:start -->'
END = '<!-- results:end -->'

LINEMOD = 'linemod_cropped/synthetic', 'linemod_cropped/real'
GTA5 = 'gta5', 'cityscapes/extra'
# Of LSD-seg and I2I Adapt, which have Cityscapes' train alone.
GTA5_FINE = 'gta5', 'cityscapes/fine'
SYNTHIA_RAND = 'synthia', 'cityscapes/fine'
SYNTHIA = 'synthia_sequences/fall', 'synthia_sequences/winter'
# Murez et al., 2018: the errors of Table 2, of MNIST to USPS, USPS to MNIST and
# SVHN to MNIST. Its "Source only" is of others, without augmentation.
I2I_ERRORS = {
  'source_only_unmoved': (24.8, 42.9, 39.7),
  'source_only': (8.9, 33.0, 28.5),
  'i2i_z': (2.1, 2.8, 19.9),
  'i2i_id_y': (2.1, 28.5, 23.7),
  'i2i_id_y_trc': (1.4, 22.6, 29.5),
  'i2i_z_id_y': (1.3, 3.0, 12.1),
  'i2i_z_id_y_trc': (1.2, 2.4, 9.9),
  'i2i_no_cyc': (2.5, 3.6, 10.0),
  'i2i': (1.5, 2.6, 10.4),
}
DIGITS = ('mnist', 'usps'), ('usps', 'mnist'), ('svhn', 'mnist')
# Table 3, Office-31: accuracies of these pairs. "All" is without the cycle.
OFFICE = (
  *(('amazon', 'webcam'), ('webcam', 'amazon'), ('amazon', 'dslr')),
  *(('dslr', 'amazon'), ('webcam', 'dslr'), ('dslr', 'webcam')),
)
I2I_OFFICE = {
  'source_only': (59.1, 46.4, 61.0, 45.3, 98.0, 92.8),
  'i2i_z': (70.8, 49.0, 67.1, 43.4, 98.2, 90.8),
  'i2i_id_y': (61.1, 49.6, 67.3, 49.8, 99.0, 94.7),
  'i2i_z_id_y_trc': (71.2, 49.1, 70.9, 45.5, 97.8, 94.3),
  'i2i': (75.3, 52.1, 71.1, 50.1, 99.6, 96.5),
}
I2I: dict[tuple[str, ...], Any] = {
  # Table 4.
  (*GTA5_FINE, 'source_only'): 'ResNet34 21.1%, DenseNet 29.0%',
  (*GTA5_FINE, 'i2i'): 'ResNet34 31.8%, DenseNet 35.7%',
}
for _row, _errors in I2I_ERRORS.items():
  for _pair, _error in zip(DIGITS, _errors, strict=True):
    I2I[(*_pair, _row)] = round(100.0 - _error, 1)
for _row, _accuracies in I2I_OFFICE.items():
  for _pair, _accuracy in zip(OFFICE, _accuracies, strict=True):
    I2I[(*_pair, _row)] = _accuracy
# Target test accuracy or mIoU, %, as the papers print it, by the rows of a run.
# A bound counts as the paper's whose method the run has.
PAPERS: dict[str, dict[tuple[str, ...], Any]] = {
  # Bousmalis et al., 2017: Table 1; for LineMod, 11 objects in RGB, with the
  # mean angle error, degrees, Table 3 (target-only: Table 2, with depth).
  'pixelda': {
    (*LINEMOD, 'source_only'): (47.33, 89.2),
    (*LINEMOD, 'pixelda'): (94.16, 55.74),
    (*LINEMOD, 'target_only'): (100.0, 6.47),
    ('mnist', 'usps', 'source_only'): 78.9,
    ('mnist', 'usps', 'pixelda'): 95.9,
    ('mnist', 'usps', 'target_only'): 96.5,
    ('mnist', 'mnistm', 'source_only'): 63.6,
    ('mnist', 'mnistm', 'pixelda'): 98.2,
    ('mnist', 'mnistm', 'target_only'): 96.4,
  },
  # Basci: Table 1.
  'cyclegan_uda': {
    ('mnist', 'usps', 'source_only'): 79.3,
    ('mnist', 'usps', 'cyclegan_uda'): 85.4,
    ('mnist', 'usps', 'target_only'): 95.6,
    ('mnist', 'mnistm', 'source_only'): 60.4,
    ('mnist', 'mnistm', 'cyclegan_uda'): 83.7,
    ('mnist', 'mnistm', 'target_only'): 96.9,
  },
  # Hoffman et al., 2018: Table 2. The text prints USPS to MNIST's source-only
  # as "569.6".
  'cycada': {
    ('mnist', 'usps', 'source_only'): 69.8,
    ('mnist', 'usps', 'cycada_pixel'): 95.6,
    ('mnist', 'usps', 'cycada'): 95.6,
    ('mnist', 'usps', 'target_only'): 96.3,
    ('usps', 'mnist', 'source_only'): 69.6,
    ('usps', 'mnist', 'cycada_pixel'): 96.4,
    ('usps', 'mnist', 'cycada'): 96.5,
    ('usps', 'mnist', 'target_only'): 99.2,
    # Tables 3 and 4.
    (*SYNTHIA, 'source_only'): 49.8,
    (*SYNTHIA, 'cycada_pixel'): 63.3,
    (*SYNTHIA, 'target_only'): 70.5,
    (*GTA5, 'source_only'): 'FCN8s 17.9%, DRN-26 21.7%',
    (*GTA5, 'cycada_feature'): 'FCN8s 29.2%, DRN-26 31.7%',
    (*GTA5, 'cycada_pixel'): 'FCN8s 34.8%, DRN-26 37.0%',
    (*GTA5, 'cycada'): 'FCN8s 35.4%, DRN-26 39.5%',
    (*GTA5, 'target_only'): 'FCN8s 60.3%, DRN-26 67.4%',
  },
  # Sankaranarayanan et al., 2018: Table 2. Of Table 4, at 640x320 pixels, where
  # source-only has 22.2 and LSD-seg 34.5, the ablations.
  'lsd_seg': {
    (*GTA5_FINE, 'source_only'): 29.6,
    (*GTA5_FINE, 'lsd_seg'): 37.1,
    (*GTA5_FINE, 'target_only'): 57.6,
    (*SYNTHIA_RAND, 'source_only'): 26.8,
    (*SYNTHIA_RAND, 'lsd_seg'): 36.1,
    (*SYNTHIA_RAND, 'target_only'): 59.5,
    (*SYNTHIA_RAND, 'lsd_seg_features'): '25.3% at 640x320',
    (*SYNTHIA_RAND, 'lsd_seg_no_patches'): '28.3% at 640x320',
    (*SYNTHIA_RAND, 'lsd_seg_no_auxiliary'): '29.2% at 640x320',
  },
  'i2i': I2I,
  'i2i_z_id_y_trc': I2I,
}


def read(path: str) -> dict[str, Any]:
  """Returns the content of a result file.

  Args:
    path: of a result.json.

  Raises:
    UserError: the file is missing, or holds something else.
  """
  try:
    result = json.loads(pathlib.Path(path).read_text())
    _rows(result)  # All that it has to have is there.
  except OSError as error:
    raise UserError(f"cannot read '{path}': {error.strerror}") from error
  except (ValueError, TypeError, KeyError) as error:
    raise UserError(
      f"'{path}' is no result.json of pixelda_tf.train: {error!r}"
    ) from error
  return result


def _rows(result):
  """Returns the cells of a result's rows, by title."""
  for_all = {'seed': str(result['seed']), 'precision': result['precision']}
  domains = result['source'], result['target']
  methods = {row['method'] for row in result['rows']}
  papers = [PAPERS[name] for name in PAPERS if name in methods]
  numbers: Mapping[tuple[str, ...], Any] = papers[0] if papers else {}
  rows = []
  for row in result['rows']:
    minutes, seconds = divmod(round(row['wall_seconds']), 60)
    rows.append(
      {
        'source → target': ' → '.join(domains),
        'method': row['method'],
        'paper': _paper(numbers.get((*domains, row['method']))),
        'steps': f'{row["steps"]:,}',
        'wall time': f'{minutes}:{seconds:02} min',
        'note': row.get('note', ''),
      }
      | for_all
      | columns.cells(result, row)
    )
  return rows


def _paper(numbers):
  if numbers is None:
    return ''
  if isinstance(numbers, str):
    return numbers
  if isinstance(numbers, float):
    return f'{numbers:.1f}%'
  accuracy, angle = numbers
  return f'{accuracy:.2f}%, {angle:.2f} deg'


def table(results: Sequence[Mapping[str, Any]]) -> str:
  """Returns the rows of results as a Markdown table."""
  header = [
    *('source → target', 'method', *columns.titles(results), 'paper'),
    *('steps', 'seed', 'precision', 'wall time', 'note'),
  ]
  rows = [
    [row.get(title, '') for title in header]
    for result in results
    for row in _rows(result)
  ]
  lines = [header, ['---'] * len(header), *rows]
  return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)


def replace(text: str, new: str) -> str:
  """Returns a file's text with `new` between the markers.

  Raises:
    UserError: the markers are not there, or not once each and in order.
  """
  if text.count(START) != 1 or text.count(END) != 1:
    raise UserError(
      f"{FLAGS.readme}: one '{START}' and one '{END}' are needed in it"
    )
  before, _, rest = text.partition(START)
  _, end, after = rest.partition(END)
  if not end:
    raise UserError(f"{FLAGS.readme}: '{START}' has to stand before '{END}'")
  return f'{before}{START}\n{new}\n{END}{after}'


def main(*paths: str) -> None:
  """Reads the results and the README, writes the README."""
  if not paths:
    raise UserError('which results? give their files, as results/*.json')
  results = [read(path) for path in paths]
  readme = pathlib.Path(FLAGS.readme)
  if not readme.is_file():
    raise UserError(f"there is no '{readme}': give --readme")
  try:
    # As bytes: line ends stay as they are.
    text = readme.read_bytes().decode()
  except UnicodeDecodeError as error:
    raise UserError(f'{readme}: not UTF-8 ({error}); save it so') from error
  line_end = '\r\n' if '\r\n' in text else '\n'
  text = replace(text.replace(line_end, '\n'), table(results))
  # What a link points to: it stays one.
  atomic.write_text(str(readme.resolve()), text.replace('\n', line_end))
  count = sum(len(result['rows']) for result in results)
  print(f'{readme}: {count} rows of {len(paths)} results')


if __name__ == '__main__':
  command_line.run(main, n_arguments=sys.maxsize)
