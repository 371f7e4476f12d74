"""Writes the README's table of results from the runs' result.json files.

python -m pixelda_tf.results_table results/*.json

The table stands between the lines <!-- results:start --> and
<!-- results:end -->; nothing else is touched.
"""

import json
import pathlib
import sys

from absl import flags

from pixelda_tf import atomic, command_line
from pixelda_tf.errors import UserError

flags.DEFINE_string('readme', 'README.md', 'The file that holds the table.')
FLAGS = flags.FLAGS

START = '<!-- results:start -->'
END = '<!-- results:end -->'

HEADER = (
  'source → target',
  'method',
  'target test accuracy',
  'mean angle error',
  'right / count',
  'paper',
  'steps',
  'seed',
  'precision',
  'wall time',
  'note',
)

LINEMOD = 'linemod_cropped/synthetic', 'linemod_cropped/real'
# Target test accuracy, %, as the papers print it, by the rows of a run. A bound
# counts as the paper's whose method the run has.
PAPERS = {
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
  },
}


def read(path):
  """Returns the cells of a result file's rows.

  Args:
    path: of a result.json.

  Raises:
    UserError: the file is missing, or holds something else.
  """
  try:
    return _rows(json.loads(pathlib.Path(path).read_text()))
  except OSError as error:
    raise UserError(f"cannot read '{path}': {error.strerror}") from error
  except (ValueError, TypeError, KeyError) as error:
    raise UserError(
      f"'{path}' is no result.json of pixelda_tf.train: {error!r}"
    ) from error


def _rows(result):
  for_all = result['seed'], result['precision']
  domains = result['source'], result['target']
  methods = {row['method'] for row in result['rows']}
  papers = [PAPERS[name] for name in PAPERS if name in methods]
  numbers = papers[0] if papers else {}
  rows = []
  for row in result['rows']:
    test = row['target_test'] or {}
    nothing = 'no labels' if row.get('answers', True) else 'translates only'
    paper = numbers.get((*domains, row['method']))
    minutes, seconds = divmod(round(row['wall_seconds']), 60)
    rows.append(
      (
        ' → '.join(domains),
        row['method'],
        f'{100 * test["accuracy"]:.2f} %' if test else nothing,
        f'{test["mean_angle_error"]:.2f}°'
        if 'mean_angle_error' in test
        else '',
        f'{test["correct"]:,} / {test["count"]:,}' if test else '',
        _paper(paper),
        f'{row["steps"]:,}',
        *map(str, for_all),
        f'{minutes}:{seconds:02} min',
        row.get('note', ''),
      )
    )
  return rows


def _paper(numbers):
  if numbers is None:
    return ''
  if isinstance(numbers, float):
    return f'{numbers:.1f} %'
  accuracy, angle = numbers
  return f'{accuracy:.2f} %, {angle:.2f}°'


def table(rows):
  """Returns rows of cells as a Markdown table, below `HEADER`."""
  lines = [HEADER, ['---'] * len(HEADER), *rows]
  return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)


def replace(text, new):
  """Returns a file's text with `new` between the markers.

  Raises:
    UserError: the markers are not there, or not once each and in order.
  """
  if text.count(START) != 1 or text.count(END) != 1:
    raise UserError(f"one '{START}' and one '{END}' are needed in --readme")
  before, _, rest = text.partition(START)
  _, end, after = rest.partition(END)
  if not end:
    raise UserError(f"'{START}' has to stand before '{END}' in --readme")
  return f'{before}{START}\n{new}\n{END}{after}'


def main(*paths):
  """Reads the results and the README, writes the README."""
  if not paths:
    raise UserError('which results? give their files, as results/*.json')
  rows = [row for path in paths for row in read(path)]
  readme = pathlib.Path(FLAGS.readme)
  if not readme.is_file():
    raise UserError(f"there is no '{readme}': give --readme")
  text = replace(readme.read_text('utf-8'), table(rows))
  atomic.write_text(str(readme), text)
  print(f'{readme}: {len(rows)} rows of {len(paths)} results')


if __name__ == '__main__':
  command_line.run(main, n_arguments=sys.maxsize)
