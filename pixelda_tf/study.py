"""Studies of several runs each: one table.

python -m pixelda_tf.study backgrounds --gin_file=gin/linemod.gin \
  --run_dir=runs/backgrounds

Studies:
  backgrounds     black or photo backgrounds for the source (Table 3)
  unseen_classes  G learns from some classes, then translates all of them for a
                  new T (Table 4); the seen ones are named by --seen
  stability       losses left out one after another, over --seeds (Table 5)
  image_sizes     LSD-seg at several --sizes, with the seconds that an image
                  takes in training and to answer (Table 3 of LSD-seg)
  search          any config with each --setting, or else --seeds, ranked by a
                  --validator, without labels of the target

The first three are PixelDA's; its Table 6 is one run: gin/studies/
semi_supervised.gin on top of gin/linemod.gin. So are Table 4 of LSD-seg
(lsd_seg_ablation.gin) and Table 2 of I2I Adapt (i2i_terms.gin).
Every run is a directory below --run_dir; the same command goes on where it was
stopped. The table goes to study.json there.
"""

import os

from absl import flags

from pixelda_tf import atomic, command_line
from pixelda_tf.errors import UserError

command_line.define_flags('gin_file', 'gin_param', 'run_dir', 'data_dir')
flags.DEFINE_list(
  'seen', None, 'unseen_classes: what G learns from; the first half else.'
)
flags.DEFINE_integer('seeds', 10, 'stability, search: how many.', 2)
flags.DEFINE_list(
  'sizes',
  ['512x256', '640x320', '1024x512'],
  'image_sizes: widths and heights.',
)
flags.DEFINE_multi_string(
  'setting',
  [],
  'search: gin bindings of a run, with ; between them; once for each run.',
)
flags.DEFINE_string('validator', 'combined', 'search: what ranks the runs.')
flags.DEFINE_string(
  'row', None, 'search: the row that is ranked; else the adapted.'
)
FLAGS = flags.FLAGS
STUDIES = 'backgrounds', 'stability', 'unseen_classes', 'image_sizes', 'search'


def main(*names: str) -> None:
  """Runs a study, prints and writes its table."""
  if len(names) != 1 or names[0] not in STUDIES:
    raise UserError(f'which study? one of {", ".join(STUDIES)}')
  if not (FLAGS.gin_file and FLAGS.run_dir):
    raise UserError('--gin_file and --run_dir are needed')
  os.makedirs(FLAGS.run_dir, exist_ok=True)
  table = _table(names[0])
  path = os.path.join(FLAGS.run_dir, 'study.json')
  atomic.write_json(path, {'study': names[0], 'table': table})
  print('\n'.join(_lines(table)))
  print(path)


def _table(name):
  """Returns a study's table."""
  from pixelda_tf.studies import lsd_seg, pixelda, search, training

  runs = training.Runs(
    FLAGS.gin_file, FLAGS.gin_param, FLAGS.run_dir, FLAGS.data_dir
  )
  if name == 'backgrounds':
    return pixelda.backgrounds(runs)
  if name == 'stability':
    return pixelda.stability(runs, FLAGS.seeds)
  if name == 'unseen_classes':
    return pixelda.unseen_classes(runs, FLAGS.seen)
  if name == 'image_sizes':
    return lsd_seg.image_sizes(runs, FLAGS.sizes)
  return search.search(
    runs,
    FLAGS.setting,
    seeds=FLAGS.seeds,
    validator=FLAGS.validator,
    row=FLAGS.row,
  )


def _lines(table, depth=0):
  """Returns nested dicts as indented lines of text."""
  lines = []
  for name, value in table.items():
    if isinstance(value, dict):
      lines += ['  ' * depth + name, *_lines(value, depth + 1)]
    else:
      shown = f'{value:.4g}' if isinstance(value, float) else value
      lines.append(f'{"  " * depth}{name}: {shown}')
  return lines


if __name__ == '__main__':
  command_line.run(main, n_arguments=1)
