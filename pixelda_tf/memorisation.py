"""Does G copy its training images? Nearest neighbours (PixelDA, Sect. 4.4).

python -m pixelda_tf.memorisation --run_dir=runs/linemod

For translated source images it finds the nearest of all target training images
in pixel space, and sets the distances beside those of real test images, which
are no copies. memorisation.png shows source, translated, nearest; the table of
distances is memorisation.csv, both in --run_dir.
"""

import csv
import os

from absl import flags

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

command_line.define_flags('run_dir', 'data_dir')
flags.DEFINE_string('row', None, 'Which row of the run; its adapted one else.')
flags.DEFINE_integer(
  'count', 500, 'How many images of each kind; fewer of large ones.', 1
)
flags.DEFINE_integer('seed', 0, 'Of the noise.')
FLAGS = flags.FLAGS

SHOWN = 12


def main() -> None:
  """Translates, searches, writes, prints."""
  import numpy as np

  from pixelda_tf.evaluation import nearest, pictures
  from pixelda_tf.evaluation.translation import translate
  from pixelda_tf.fields.images import in_memory
  from pixelda_tf.runs import choosing, experiment

  if not FLAGS.run_dir:
    raise UserError('--run_dir is needed')
  run = experiment.reopen(FLAGS.run_dir, FLAGS.data_dir)
  row = choosing.translating(run.rows, FLAGS.row)
  pair = run.pair
  count = in_memory(pair.image_shape, FLAGS.count)
  source = pair.images('source', count)
  translated = translate(row.trained(), source, FLAGS.seed)
  test = pair.images('target', count, split=pair.target.test)
  closest = nearest.find(
    np.concatenate([translated, test]),
    pair.image_batches('target'),
    shown=slice(min(SHOWN, len(translated))),
  )
  distances = {
    'translated': closest.distances[: len(translated)],
    'target_test': closest.distances[len(translated) :],
  }
  picture = os.path.join(FLAGS.run_dir, 'memorisation.png')
  table = os.path.join(FLAGS.run_dir, 'memorisation.csv')
  rows = [source[:SHOWN], translated[:SHOWN], closest.shown]
  pictures.save(picture, pictures.grid(rows))
  with open(table, 'w', newline='') as file:
    writer = csv.writer(file)
    writer.writerow(['image', 'number', 'rms_distance_to_nearest'])
    for name, values in distances.items():
      writer.writerows((name, i, f'{v:.6f}') for i, v in enumerate(values))
  print('RMS distance to the nearest target training image, of a range of 2:')
  for name, values in distances.items():
    low, middle = np.percentile(values, [1, 50])
    print(
      f'{name:<12}{len(values):>6} images   least {values.min():.4f}   '
      f'1 % {low:.4f}   median {middle:.4f}'
    )
  print(f'source | translated | nearest target image: {picture}')
  print(table)


if __name__ == '__main__':
  command_line.run(main)
