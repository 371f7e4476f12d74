"""Stores a labelled data set in the target's style, as a data set.

python -m pixelda_tf.translate --run_dir=runs/quickstart --name=translated

Any model can be trained on it afterwards: its labels are the source's.
"""

import functools
import os

from absl import flags

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

command_line.define_flags('run_dir', 'data_dir', 'skip_corrupt')
flags.DEFINE_string('row', None, 'Which row of the run; its adapted one else.')
flags.DEFINE_string('name', None, 'What the translated data set is stored as.')
flags.DEFINE_string(
  'dataset', None, "What to translate; the run's source else."
)
flags.DEFINE_string('split', None, "Its split; the run's training split else.")
flags.DEFINE_integer(
  'samples', 1, 'Images of different noise for each source image.', 1
)
flags.DEFINE_integer('seed', 0, 'Of the noise.')
flags.DEFINE_boolean(
  'augment',
  False,
  "Change images first as the run's training changes the source's.",
)
flags.DEFINE_boolean('overwrite', False, 'Replace a data set of that name.')
FLAGS = flags.FLAGS


def main() -> None:
  """Loads, translates, stores, shows."""
  from pixelda_tf.data.domains import Domain
  from pixelda_tf.evaluation import pictures, translation
  from pixelda_tf.runs import choosing, experiment

  if not (FLAGS.run_dir and FLAGS.name):
    raise UserError('--run_dir and --name are needed')
  run = experiment.reopen(FLAGS.run_dir, FLAGS.data_dir, FLAGS.skip_corrupt)
  row = choosing.translating(run.rows, FLAGS.row)
  domain = run.pair.source
  if FLAGS.dataset:
    domain = Domain(name=FLAGS.dataset)
    domain = domain.open(
      FLAGS.data_dir, FLAGS.skip_corrupt, run.pair.problem.targets
    )
  if domain.n_classes is None:
    raise UserError(f'{domain.name} has no labels: name a labelled --dataset')
  split = FLAGS.split or domain.train
  method = row.trained()
  augment = functools.partial(run.pair.augment, 'source')
  options = {
    'samples': FLAGS.samples,
    'seed': FLAGS.seed,
    'augment': augment if FLAGS.augment else None,
  }
  builder = translation.store(
    method,
    domain,
    split,
    name=FLAGS.name,
    data_dir=FLAGS.data_dir,
    target_name=run.pair.target.name,
    overwrite=FLAGS.overwrite,
    **options,
  )
  picture = os.path.join(FLAGS.data_dir, f'{FLAGS.name}.png')
  preview = translation.preview(method, domain, split, **options)
  pictures.save(picture, preview, scale=3)
  print(f'{builder.info.splits["train"].num_examples:,} images are in')
  print(builder.data_path)
  print(f'source | translated: {picture}')


if __name__ == '__main__':
  command_line.run(main)
