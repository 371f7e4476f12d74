"""Prepares a data set: raw files in, TFRecord shards out.

  python -m pixelda_tf.prepare_data NAME [flags]

NAME is one of

  mnist         the four idx.gz files in --manual_dir, or downloaded
  usps          zip.train.gz and zip.test.gz in --manual_dir, or downloaded
  mnistm        MNIST-M made as published (binary digits, padded to 32x32) from
                mnist's files and the photographs of --photos_dir (BSDS500's
                images/train); mnistm/full for all 60,000 + 10,000 digits
                instead of the published 59,001 + 9,001, mnistm/28x28 for those
                without padding
  mnistm/files  MNIST-M's published files: --manual_dir holds mnist_m_train/
                and mnist_m_test/ (PNG), mnist_m_train_labels.txt and
                mnist_m_test_labels.txt
  svhn          train_32x32.mat and test_32x32.mat in --manual_dir, or
                downloaded; svhn/extra adds extra_32x32.mat to training
  digits, digits_photo
                the quickstart's pair; needs no files
  images        your own images, stored as --name: --manual_dir holds one
                subfolder a class, or images alone (unlabelled), or train/ and
                test/ of either, or images/ with any of these, as a domain of
                Office-31 (--folders decides where names may be read in several
                ways); or --csv=FILE with columns path, label and where they
                apply split and mask
  linemod_cropped/synthetic, linemod_cropped/real
                crops of LineMod with class and pose: --manual_dir holds
                <set>/<object>/*.png and poses.txt, the sets being coarse, fine
                and real; and real/training_split.txt
  bop           objects of a BOP set (https://bop.felk.cvut.cz) with class, pose
                and mask, stored as --name: --manual_dir holds models/ and split
                folders of scenes; see the flags that begin with bop:
  streets/day, streets/camera, streets/fall, streets/winter, streets/dusk
                made-up streets with label maps of CamVid's classes; needs no
                files
  camvid        streets with label maps, 11 classes: --manual_dir holds SegNet's
                folders train/, trainannot/ and so on; camvid/original those of
                the authors, 701_StillsRaw_full/ and LabeledApproved_full/
  cityscapes    --manual_dir holds leftImg8bit/ and gtFine/; test is its val.
                cityscapes/extra has train_extra, too, with label maps where
                gtCoarse/ is there
  gta5          --manual_dir holds images/ and labels/; what has another size
                than most is left out, and counted
  synthia       SYNTHIA-RAND-CITYSCAPES: --manual_dir holds RGB/ and GT/LABELS/
  synthia_sequences/fall, synthia_sequences/winter
                --manual_dir holds SYNTHIA-SEQS-01-FALL/ and so on
  segmentation  your own images with label maps (PNG), stored as --name:
                --manual_dir holds images/ and labels/ with files of the same
                names, or train/ and test/ in both or above both; or --csv=FILE
                with columns path, label_map and split. --classes=FILE names the
                classes

What has label maps is stored as large as it is. --resize brings it to the size
of a paper: --resize=563,1024 for gta5, --resize=512,1024 for cityscapes.

images, bop, linemod_cropped and what has label maps, but for camvid, may be too
large for one machine: with --beam, Apache Beam prepares them, on the machines
that --beam_pipeline_options names.
"""

from absl import flags

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

command_line.define_flags('data_dir')
_MANUAL_DIR = flags.DEFINE_string(
  'manual_dir', None, 'Folder of the raw files. When absent: download them.'
)
_PHOTOS_DIR = flags.DEFINE_string(
  'photos_dir',
  None,
  'mnistm: folder of photographs. When absent: photos or bsds500/train in '
  '--manual_dir.',
)
_SEED = flags.DEFINE_integer(
  'seed', 0, 'mnistm: decides every photo crop.', lower_bound=0
)
_NAME = flags.DEFINE_string(
  'name', None, 'images, bop, segmentation: what they are stored as.'
)
_CSV = flags.DEFINE_string(
  'csv',
  None,
  'images, segmentation: CSV of paths, relative to --manual_dir or to itself.',
)
_RESIZE = flags.DEFINE_list(
  'resize',
  None,
  'images, and what has label maps: HEIGHT,WIDTH to bring all images to, and '
  'label maps, by the nearest pixel.',
)
_CLASSES = flags.DEFINE_string(
  'classes',
  None,
  'segmentation: CSV of the classes, with columns name and either id or r, g '
  'and b; a line without a name is of what is ignored, as id 255 is. When '
  'absent: each id or colour is a class.',
)
_LABEL_FILES = flags.DEFINE_enum(
  'label_files',
  None,
  ['ids', 'palette', '16bit', 'red', 'colours'],
  'segmentation: what label maps are: 8-bit grey of ids; palette files whose '
  'indices are ids; 16 bits of ids, in the first channel if there are several; '
  'RGB with ids in the red channel, as of CARLA; or colours. When absent: '
  'colours where --classes has such, else ids.',
)
_FOLDERS = flags.DEFINE_list(
  'folders',
  None,
  'images: what the folders of --manual_dir are, from the outermost inwards: '
  'splits, domains, images or classes, as splits,classes. When absent: those '
  'with plain names are splits (train, Test1, valid), domains (trainA, trainB) '
  'or a folder of images; all others are classes.',
)
_DOMAIN = flags.DEFINE_string(
  'domain',
  None,
  'images: which to take where folders are of several, as A of trainA, trainB.',
)
_MASK_FROM = flags.DEFINE_enum(
  'mask_from',
  None,
  ['alpha', 'black'],
  'images: masks of rendered objects: the opaque pixels, or those that are not '
  'black, holes filled.',
)
_TEST_FRACTION = flags.DEFINE_float(
  'test_fraction',
  0.0,
  'images: fraction of each class to hold out as test split; bop, '
  'segmentation: fraction of the training frames.',
)
_BOP_SPLITS = flags.DEFINE_list(
  'bop_splits',
  None,
  'bop: SPLIT:FOLDER of each folder to take, as train:train_pbr,test:test. '
  'When absent: train and train_... for training, test for testing.',
)
_NAMES = flags.DEFINE_list(
  'names',
  None,
  'bop: ID:NAME of each object, as 1:ape,5:can; or linemod, for lm and lmo. '
  'When absent: obj_000001 and so on.',
)
_CROP_METRES = flags.DEFINE_float(
  'crop_metres',
  0.195,
  'bop: side of the square around an object that is shown.',
)
_MIN_VISIBILITY = flags.DEFINE_float(
  'min_visibility', 0.5, 'bop: fraction of an object that has to be visible.'
)
_MASKS = flags.DEFINE_boolean(
  'masks', True, 'bop: store masks, rendered where the set has none.'
)
_DEPTH = flags.DEFINE_boolean(
  'depth', True, 'bop: store depth as a fourth channel, if the set has it.'
)
_ALLOCENTRIC = flags.DEFINE_boolean(
  'allocentric',
  False,
  'bop: poses relative to the ray to the object, not to the camera.',
)
_SKIP_BAD = flags.DEFINE_boolean(
  'skip_bad', False, 'bop: leave out what is wrong, and count it.'
)
_ALLOW = flags.DEFINE_list(
  'allow',
  [],
  'What to store though it teaches nothing, as one_class; where that is '
  'refused, it is told which.',
)
_OVERWRITE = flags.DEFINE_boolean(
  'overwrite', False, 'Replace a data set of that name that was made otherwise.'
)
_BEAM = flags.DEFINE_boolean(
  'beam',
  False,
  'images, bop and others, see above: prepare by Apache Beam (pip install '
  "'pixelda_tf[beam]'). The records are the same.",
)
_BEAM_PIPELINE_OPTIONS = flags.DEFINE_list(
  'beam_pipeline_options',
  None,
  '--beam: KEY=VALUE of each of its options, as '
  'runner=FlinkRunner,flink_master=HOST:8081. All machines have to see '
  '--manual_dir and --data_dir. When absent: one process on this machine.',
)
# Flags that apply to some data sets only, by their builder's argument.
_ON_BEAM = {'beam': _BEAM, 'beam_pipeline_options': _BEAM_PIPELINE_OPTIONS}
_OPTIONS: dict[str, dict[str, flags.FlagHolder]] = {
  'mnistm': {'photos_dir': _PHOTOS_DIR, 'seed': _SEED},
  'images': {
    'name': _NAME,
    'csv': _CSV,
    'resize': _RESIZE,
    'mask_from': _MASK_FROM,
    'folders': _FOLDERS,
    'domain': _DOMAIN,
    'test_fraction': _TEST_FRACTION,
    **_ON_BEAM,
  },
  'linemod_cropped': _ON_BEAM,
  'camvid': {'resize': _RESIZE},
  'cityscapes': {'resize': _RESIZE, **_ON_BEAM},
  'gta5': {'resize': _RESIZE, **_ON_BEAM},
  'synthia': {'resize': _RESIZE, **_ON_BEAM},
  'synthia_sequences': {'resize': _RESIZE, **_ON_BEAM},
  'segmentation': {
    'name': _NAME,
    'csv': _CSV,
    'classes': _CLASSES,
    'label_files': _LABEL_FILES,
    'resize': _RESIZE,
    'test_fraction': _TEST_FRACTION,
    **_ON_BEAM,
  },
  'bop': {
    'name': _NAME,
    'bop_splits': _BOP_SPLITS,
    'names': _NAMES,
    'crop_metres': _CROP_METRES,
    'min_visibility': _MIN_VISIBILITY,
    'masks': _MASKS,
    'depth': _DEPTH,
    'allocentric': _ALLOCENTRIC,
    'test_fraction': _TEST_FRACTION,
    'skip_bad': _SKIP_BAD,
    **_ON_BEAM,
  },
}


def main(kind: str | None = None) -> None:
  """Builds the data set and says what is stored."""
  if kind is None:
    raise UserError(
      'which data set? give its name first, as: python -m '
      'pixelda_tf.prepare_data mnist (--help lists them)'
    )
  options = _options(kind.partition('/')[0])

  from pixelda_tf import datasets
  from pixelda_tf.datasets import summary

  builder = datasets.prepare(
    kind,
    data_dir=flags.FLAGS.data_dir,
    manual_dir=_MANUAL_DIR.value,
    overwrite=_OVERWRITE.value,
    allow=_ALLOW.value,
    **options,
  )
  print(summary.text(builder))


def _options(kind):
  """Returns the builder's own arguments among the flags."""
  options = {name: flag.value for name, flag in _OPTIONS.get(kind, {}).items()}
  for other in (flag for group in _OPTIONS.values() for flag in group.values()):
    if flags.FLAGS[other.name].present and other.name not in options:
      raise UserError(f'--{other.name} does not apply to {kind}')
  if options.get('resize'):
    options['resize'] = _parse_size(options['resize'])
  beam_options = options.pop('beam_pipeline_options', None)
  if options.pop('beam', False):
    options['beam'] = beam_options or []
  elif beam_options:
    raise UserError('--beam_pipeline_options: applies with --beam only')
  return options


def _parse_size(sides):
  if len(sides) != 2 or not all(side.isdigit() and int(side) for side in sides):
    raise UserError(
      f'--resize={",".join(sides)}: give HEIGHT,WIDTH in pixels, as 32,32'
    )
  return tuple(int(side) for side in sides)


if __name__ == '__main__':
  command_line.run(main, n_arguments=1)
