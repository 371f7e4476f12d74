"""Draws what a run's adaptation did: translations, t-SNE, confusion matrices.

Also retrieval across domains: how many of an image's nearest, by the task
networks' features, are of the other domain.

python -m pixelda_tf.analyze --run_dir=runs/quickstart

Writes PNG files and analysis.json to <run_dir>/analysis, and the pictures and
the projector's embeddings for TensorBoard to <run_dir>/analysis/tensorboard.
"""

from absl import flags

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

command_line.define_flags('run_dir', 'data_dir', 'skip_corrupt')
flags.DEFINE_string(
  'row', None, "Row of the adapted model, 'after'; the run's adapted one else."
)
flags.DEFINE_string(
  'before', None, "Row of the unadapted model; 'source_only' else, if trained."
)
flags.DEFINE_string(
  'translator',
  None,
  'Row that translates; else --row if it translates both ways, the last '
  'trained one that does, --row if it translates, or the last that does.',
)
flags.DEFINE_list(
  'tsne_rows',
  [],
  'Rows whose features of source and target images, as these are, are drawn '
  'side by side: source_only,i2i_no_z,i2i.',
)
flags.DEFINE_integer(
  'examples',
  500,
  'Images of each domain in t-SNE and neighbours, fewer of large ones; and in '
  'the pool of retrieval, beside as many queries.',
  10,
)
flags.DEFINE_integer(
  'seed', 0, 'Of the noise, of t-SNE and of what retrieval draws.'
)
FLAGS = flags.FLAGS


def main() -> None:
  """Loads, analyses, writes, prints."""
  from pixelda_tf.analysis import report
  from pixelda_tf.runs import choosing, experiment

  if not FLAGS.run_dir:
    raise UserError('--run_dir is needed')
  run = experiment.reopen(FLAGS.run_dir, FLAGS.data_dir, FLAGS.skip_corrupt)
  rows = choosing.compared(
    run.rows, after=FLAGS.row, before=FLAGS.before, translator=FLAGS.translator
  )
  side_by_side = [
    choosing.predicting(run.rows, name, 'tsne_rows') for name in FLAGS.tsne_rows
  ]
  lines = report.analyse(
    run.pair,
    rows,
    run.directory.analysis,
    examples=FLAGS.examples,
    seed=FLAGS.seed,
    side_by_side=side_by_side,
  )
  print('\n'.join(lines))


if __name__ == '__main__':
  command_line.run(main)
