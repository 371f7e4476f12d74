"""Renders meshes into a data set: TFRecord shards of labelled pictures.

  python -m pixelda_tf.render_views --meshes_dir=DIR --name=NAME [flags]

DIR holds *.ply, *.obj, *.stl or *.glb, one an object, such as the folder
models/ of a BOP data set. Each picture has its class, mask and pose, the pose
being a unit quaternion (w, x, y, z), model to camera, x right, y down, z
forward.

A run that was interrupted goes on when the same command is started again, and
ends with the same bytes.
"""

from absl import flags

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

command_line.define_flags('data_dir')
_MESHES_DIR = flags.DEFINE_string('meshes_dir', None, 'Folder of the meshes.')
_NAME = flags.DEFINE_string('name', None, 'What the data set is stored as.')
_NAMES = flags.DEFINE_string(
  'names',
  None,
  'Which meshes, and their classes: 1:ape,6:cat for files that end in these '
  'numbers, or a JSON file {"1": "ape"}. When absent: all, named by file.',
)
_SCALE = flags.DEFINE_float(
  'scale', 0.001, "Metres in the meshes' unit.", lower_bound=1e-9
)
_VIEWS = flags.DEFINE_integer(
  'views', 1000, 'Pictures of each object.', lower_bound=1
)
_TEST_FRACTION = flags.DEFINE_float(
  'test_fraction', 0.0, 'Share of them that becomes the test split.'
)
_SEED = flags.DEFINE_integer('seed', 0, 'Decides the views.', lower_bound=0)
_UPPER = flags.DEFINE_boolean(
  'upper', True, 'Only look from above (z of the model); else from all around.'
)
_IN_PLANE = flags.DEFINE_float(
  'in_plane',
  45.0,
  'Degrees that the camera is at most turned about its axis.',
  lower_bound=0.0,
  upper_bound=180.0,
)
_SIZE = flags.DEFINE_integer(
  'size', 64, 'Pixels a side; 19.5 cm at the object.', lower_bound=8
)
_DEPTH = flags.DEFINE_boolean('depth', True, 'Depth as a fourth channel.')
_BACKGROUND = flags.DEFINE_enum(
  'background', 'black', ['black', 'photo'], 'What is behind the object.'
)
_PHOTOS_DIR = flags.DEFINE_string(
  'photos_dir', None, 'Folder of photographs, for --background=photo.'
)
_WORKERS = flags.DEFINE_integer(
  'workers', None, 'Processes; when absent: one a core.', lower_bound=1
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


def main() -> None:
  """Renders the data set and says what is stored."""
  n_test = _check_flags()

  from pixelda_tf.datasets import BUILDERS, rendered, summary
  from pixelda_tf.datasets.pose import mesh_files
  from pixelda_tf.rendering import pictures

  if _NAME.value in BUILDERS:
    raise UserError(f'--name={_NAME.value}: is the name of a built-in data set')
  names = None if _NAMES.value is None else mesh_files.parse_names(_NAMES.value)
  photos, background = _read_photos()
  renders = pictures.Renders(
    mesh_files.load_folder(flags.FLAGS.meshes_dir, names, _SCALE.value),
    views_of={'train': _VIEWS.value - n_test, 'test': n_test},
    seed=(_SEED.value,),
    size=_SIZE.value,
    with_depth=_DEPTH.value,
    upper=_UPPER.value,
    in_plane=_IN_PLANE.value,
    photos=photos,
  )
  where = 'above' if _UPPER.value else 'all around'
  builder = rendered.store(
    flags.FLAGS.name,
    data_dir=flags.FLAGS.data_dir,
    overwrite=_OVERWRITE.value,
    allow=_ALLOW.value,
    pictures=renders,
    workers=_WORKERS.value,
    description=(
      f'Rendered meshes, {len(renders.class_names)} objects: '
      f'{_VIEWS.value - n_test} pictures of each for training, {n_test} for '
      f'testing, {"x".join(map(str, renders.shape))}, on {background}, from '
      f'random viewpoints {where}, turned by up to {_IN_PLANE.value:g} '
      f'degrees, seed {_SEED.value}. Digest (SHA-256) of the meshes in metres: '
      f'{renders.digest()}.'
    ),
  )
  print(summary.text(builder))


def _check_flags():
  """Returns the number of test pictures of each object."""
  for flag in (_MESHES_DIR, _NAME):
    if not flag.value:
      raise UserError(f'--{flag.name} is missing (--help lists the flags)')
  if not 0 <= _TEST_FRACTION.value < 1:
    raise UserError(
      f'--test_fraction={_TEST_FRACTION.value}: must be in [0, 1)'
    )
  if (_BACKGROUND.value == 'photo') != (_PHOTOS_DIR.value is not None):
    raise UserError('--background=photo and --photos_dir go together')
  n_test = round(_TEST_FRACTION.value * _VIEWS.value)
  if n_test == _VIEWS.value or (_TEST_FRACTION.value and not n_test):
    raise UserError(
      f'--test_fraction={_TEST_FRACTION.value}: leaves no picture of '
      f'--views={_VIEWS.value} for one of the splits'
    )
  return n_test


def _read_photos():
  """Returns the photographs, none for black, and what the background is."""
  if _PHOTOS_DIR.value is None:
    return (), 'black'

  from pixelda_tf.datasets import files, photos

  paths = photos.find(None, _PHOTOS_DIR.value)
  backgrounds = [photos.read(path, _SIZE.value) for path in paths]
  digest = files.digest(paths)
  return backgrounds, f'parts of {len(paths)} photos (SHA-256 {digest})'


if __name__ == '__main__':
  command_line.run(main)
