"""What all command lines share: flags, logs, and how mistakes are told.

Importing this, before TensorFlow, keeps TensorFlow's start quiet.
"""

import atexit
import errno
import gc
import logging as std_logging
import os
import pathlib
import pkgutil
import platform
import sys
from collections.abc import Callable, Sequence
from importlib import metadata

from absl import app, flags, logging

from pixelda_tf import __version__, quiet_tensorflow
from pixelda_tf.config.names import unset_parameters
from pixelda_tf.errors import UserError

# Below 3, TensorFlow's pip package complains of CUDA libraries at every start.
if os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3') == '3':
  quiet_tensorflow.install()

# The flags belong to the command that calls `define_flags`: `--help` shows
# those of the main module.
flags.disclaim_key_flags()

MISTAKE = 2
INTERRUPTED = 130

_MISTAKES_WITH_FILES = (
  errno.EACCES,
  errno.EDQUOT,
  errno.EISDIR,
  errno.ENOSPC,
  errno.ENOTDIR,
  errno.EPERM,
  errno.EROFS,
)


def define_flags(*names: str) -> None:
  """Defines flags that several commands have.

  Args:
    *names: of the flags; none for all of them.
  """
  definitions = {
    'gin_file': lambda: flags.DEFINE_multi_string(
      'gin_file',
      [],
      'Config, as gin/quickstart.gin, looked for here and among the configs '
      'that pixelda_tf comes with; a later one goes on top',
    ),
    'gin_param': lambda: flags.DEFINE_multi_string(
      'gin_param',
      [],
      "One binding on top of the configs, as 'pixelda/Row.steps = 20' or "
      '"source/Domain.name = \'usps\'"',
    ),
    'run_dir': lambda: flags.DEFINE_string(
      'run_dir',
      None,
      'Folder of a run. Training writes it (runs/ and the name of the last '
      'config, if absent), and goes on where it stopped if the run is there.',
    ),
    'data_dir': lambda: flags.DEFINE_string(
      'data_dir', 'data', 'Folder of the prepared data sets.'
    ),
    'skip_corrupt': lambda: flags.DEFINE_boolean(
      'skip_corrupt',
      False,
      'Count and skip records that cannot be read, instead of stopping.',
    ),
  }
  for name in names or definitions:
    definitions[name]()


def default_run_dir(gin_files: Sequence[str]) -> str:
  """Returns runs/<name of the last gin file>.

  Raises:
    UserError: there is no gin file to take a name from.
  """
  if not gin_files:
    raise UserError(
      'which run? give a config, as --gin_file=gin/quickstart.gin'
    )
  return str(pathlib.Path('runs') / pathlib.Path(gin_files[-1]).stem)


def words(command: str, *arguments: str) -> list[str]:
  """Returns what Python is started with for another command.

  Args:
    command: its name, as 'train'.
    *arguments: its flags; modules that configs may import are added.
  """
  modules = flags.FLAGS.modules
  trusted = [f'--modules={",".join(modules)}'] if modules else []
  return ['-m', f'pixelda_tf.{command}', *arguments, *trusted]


def run(main: Callable[..., None], n_arguments: int = 0) -> None:
  """Parses the flags, runs a command and exits.

  `--version` prints the versions instead. The exit status is 0, or 2 after a
  user's mistake, told on standard error in one line, or 130 after Ctrl-C.
  Errors that are nobody's mistake keep their traceback.

  Args:
    main: the command; it finds its flags in `flags.FLAGS`, and is called with
      the arguments that are no flags.
    n_arguments: how many such arguments it takes at most.
  """
  # What is left at the end goes with the process: Python need not look for
  # garbage in it.
  atexit.register(gc.freeze)
  flags.DEFINE_boolean('version', False, 'Print the versions and exit.')
  flags.DEFINE_list(
    'modules',
    [],
    'Python modules of your own components, which configs may then import: '
    'their code runs.',
  )
  app.run(
    lambda argv: _run(main, argv[1:], n_arguments), flags_parser=_parse_flags
  )


def _parse_flags(argv):
  argv = ['--help' if word == '-h' else word for word in argv]
  try:
    arguments = flags.FLAGS(argv)
  except flags.Error as error:
    _exit(str(error) + ' (--help lists the flags)', MISTAKE)
  except SystemExit:
    # absl ends --help with status 1.
    sys.exit(0)
  if flags.FLAGS.version:
    print(_versions())
    sys.exit(0)
  return arguments


def _versions():
  # TensorFlow takes seconds to be imported, or may not work at all.
  try:
    tensorflow = f'TensorFlow {metadata.version("tensorflow")}'
  except metadata.PackageNotFoundError:
    tensorflow = 'no TensorFlow'
  python = platform.python_version()
  return f'pixelda_tf {__version__} ({tensorflow}, Python {python})'


def _run(main, arguments, n_arguments):
  _set_up_logs()
  try:
    for word in arguments[n_arguments:]:
      config = f'did you mean --gin_file={word}?'
      hint = config if word.endswith('.gin') else '--help lists the flags'
      raise UserError(f"'{word}' is no flag ({hint})")
    _import(flags.FLAGS.modules)
    main(*arguments)
  except UserError as error:
    _exit(error.message, MISTAKE)
  except TypeError as error:
    unset = unset_parameters(error)
    if unset is None:
      raise
    _exit(f'{unset}: set it in a gin file or by --gin_param', MISTAKE)
  except OSError as error:
    # An error that gin passes on keeps its fields in the original only.
    while error.errno is None and isinstance(error.__context__, OSError):
      error = error.__context__
    if error.errno not in _MISTAKES_WITH_FILES:
      raise
    file = f": '{error.filename}'" if error.filename else ''
    _exit(f'{error.strerror}{file}', MISTAKE)
  except KeyboardInterrupt as interrupt:
    _exit(str(interrupt) or 'interrupted', INTERRUPTED)


def _import(modules):
  for name in modules:
    try:
      pkgutil.resolve_name(name)
    except (ImportError, ValueError, AttributeError) as error:
      raise UserError(f'--modules={name}: cannot import it: {error}') from error


def _exit(message, status):
  line = ' '.join(message.splitlines())
  prefix = 'error: ' if status == MISTAKE else ''
  sys.stderr.write(f'{prefix}{line}\n')
  sys.exit(status)


def _set_up_logs():
  """Shows what pixelda_tf logs, and of others only warnings."""
  handler = logging.get_absl_handler()
  handler.setFormatter(
    std_logging.Formatter('%(levelname).1s %(asctime)s %(message)s', '%H:%M:%S')
  )
  handler.addFilter(_is_wanted)


def _is_wanted(record):
  own = str(pathlib.Path(__file__).parent)
  return (
    record.levelno >= std_logging.WARNING
    or record.pathname.startswith(own)
    or '-packages' not in record.pathname
  )
