import pathlib

import gin
import hypothesis
import pytest
from hypothesis import strategies as st

from pixelda_tf import config, runs
from pixelda_tf.config import names
from pixelda_tf.config.names import unset_parameters
from pixelda_tf.errors import UserError


class Base:
  def __init__(self, width=1, **kwargs):
    self.width = width


@gin.register(module='test_config')
class Tower(Base):
  def __init__(self, depth=1, top=None, **kwargs):
    super().__init__(**kwargs)
    self.depth = depth
    self.top = top


@gin.register(module='test_config')
def brick(size=1, colour='red'):
  return size, colour


@gin.register(module='test_config')
class Needy:
  def __init__(self, *, first, second):
    raise AssertionError('never built')


@gin.register(module='test_config.one')
def twin(size=1):
  return size


@gin.register('twin', module='test_config.two')
def other_twin(size=1):
  return size


@pytest.fixture
def write(tmp_path, monkeypatch):
  """Writes gin files below the current folder, a new one."""
  monkeypatch.chdir(tmp_path)

  def write(**files):
    for name, text in files.items():
      path = pathlib.Path('gin', f'{name}.gin')
      path.parent.mkdir(exist_ok=True)
      path.write_text(text)

  return write


# By what is wrong: a file's text, and what is told of it.
MISTAKES = {
  'component': (
    'brick.size = 1\nbrik.size = 2',
    "gin/a.gin:2: .*'brik'.*'brick'",
  ),
  'component of a block': (
    '\nTowr:\n  depth = 2',
    "gin/a.gin:2: .*'Towr'.*'Tower'",
  ),
  'component with two homes': (
    'twin.size = 1',
    "gin/a.gin:1: 'twin' .*test_config.one.twin, test_config.two.twin",
  ),
  'parameter of a function': (
    'brick.sise = 1',
    "gin/a.gin:1: brick .*'sise'.*'size'",
  ),
  'parameter of a class that takes **kwargs': (
    'Tower.widht = 1',
    "gin/a.gin:1: Tower .*'widht'.*'width'",
  ),
  'parameter in a block': (
    'Tower:\n  depth = 2\n\n  dept = 3',
    "gin/a.gin:4: Tower .*'dept'.*'depth'",
  ),
  'reference': (
    'Tower.top = [\n  1,\n  @Bric(),\n]\n',
    "gin/a.gin:3: .*'Bric'.*'brick'",
  ),
  'macro that is used': (
    'SIZE = 3\n\nbrick.size = %SIZ',
    "gin/a.gin:3: .*'%SIZ'.*'SIZE'",
  ),
  'macro that is set': (
    'SIZE = 3\nbrick.size = %SIZE\nSISE = 4',
    r"gin/a.gin:3: .*'SISE'.*'SIZE'.*component\.parameter = value",
  ),
  'scope': (
    'Tower.top = @upper/brick()\nuper/brick.size = 2',
    "gin/a.gin:2: .*'uper'.*'upper'",
  ),
  'inner scope': (
    'Tower.top = @upper/brick()\nupper/left/brick.size = 2',
    "gin/a.gin:2: .*'upper/left'.*'upper'",
  ),
  'string without quotes': (
    'brick.colour = blue',
    "gin/a.gin:1: 'blue' .*quotes",
  ),
  'no equals sign': (
    '# a comment\nbrick.size 3',
    "gin/a.gin:2: .*expected ':' or '='",
  ),
  'open bracket': (
    'brick.size = 1\n\n# a comment\nbrick.colour = [1,\n  2\n',
    'gin/a.gin:4: .*not closed',
  ),
  'open bracket at the start': (
    'brick.size = (1',
    'gin/a.gin:1: .*not closed',
  ),
  'indentation': (
    'Tower:\n    depth = 1\n  width = 2\n',
    'gin/a.gin:3: .*unindent',
  ),
  'value that cannot be a key': (
    'brick.size = 1\nbrick.colour = {[1]: 2}',
    "gin/a.gin:2: .*'list'",
  ),
  'import': (
    'import no_such_module',
    "gin/a.gin:1: .*'no_such_module'",
  ),
  'include of itself': ("include 'a.gin'", "'gin/a.gin' includes itself"),
  'value left to the user': (
    'brick.size = %gin.REQUIRED',
    'brick.size set to .*gin.REQUIRED',
  ),
}


@pytest.mark.parametrize('name', MISTAKES)
def test_a_mistake_in_a_file_is_told_with_its_place(name, write):
  text, message = MISTAKES[name]
  write(a=text)
  with pytest.raises(UserError, match=message) as error:
    config.parse(['gin/a.gin'])
  assert '\n' not in error.value.message


@pytest.mark.parametrize(
  ('param', 'message'),
  [
    ('brik.size=2', "'brik'.*'brick'"),
    ('brick.sise=2', "brick .*'sise'.*'size'"),
    ('brick.size=x', "'x'.*quotes"),
    ('size=2', r"'size'.*'SIZE'.*component\.parameter = value"),
    ('up/brick.size=2', "scope 'up'"),
    ('brick.size=[1', 'not closed'),
  ],
)
def test_a_mistake_in_a_gin_param_names_the_flag(param, message, write):
  write(a='SIZE = 3\nbrick.size = %SIZE')
  with pytest.raises(UserError, match=message) as error:
    config.parse(['gin/a.gin'], ['brick.colour = "blue"', param])
  assert error.value.message.startswith(f"--gin_param='{param}': ")


@pytest.mark.parametrize('line', ['\x01', '\0', "brick.colour = 'blue"])
def test_what_the_tokenizer_refuses_is_told_with_its_line(line, write):
  """From Python 3.12 on it refuses more; before, gin finds what is left."""
  write(a=f'# a comment\nbrick.size = 1\n{line}\n')
  with pytest.raises(UserError, match=r'^gin/a\.gin:3: '):
    config.parse(['gin/a.gin'])


def test_a_mistake_in_an_included_file_names_that_file(write):
  write(a="include 'gin/b.gin'", b='brick.size = 1\nbrick.sise = 2')
  with pytest.raises(UserError, match=r'^gin/b\.gin:2: brick has no'):
    config.parse(['gin/a.gin'])


def test_two_files_may_include_the_same_one(write):
  write(a="include 'c.gin'", b="include 'c.gin'", c='brick.size = 9')
  config.parse(['gin/a.gin', 'gin/b.gin'])
  assert gin.query_parameter('brick.size') == 9


def test_a_missing_include_names_the_line_that_wants_it(write):
  write(a="\ninclude 'gin/bb.gin'", b='')
  with pytest.raises(UserError) as error:
    config.parse(['gin/a.gin'])
  assert error.value.message.startswith("gin/a.gin:2: there is no gin file 'gi")
  assert error.value.message.endswith("did you mean 'gin/b.gin'?")


@pytest.mark.parametrize('name', ['gin/aa.gin', 'gin', ''])
def test_a_missing_file_is_told_with_the_folders_that_were_searched(
  name, write, tmp_path
):
  write(a='')
  with pytest.raises(UserError) as error:
    config.parse([name])
  assert f"there is no gin file '{name}' in {tmp_path}, " in str(error.value)
  assert str(pathlib.Path(config.__file__).parents[2]) in str(error.value)


def test_a_missing_file_that_is_near_another_names_that(write):
  write(quickstart='')
  with pytest.raises(UserError, match=r"did you mean 'gin/quickstart\.gin'"):
    config.parse(['gin/quikstart.gin'])


def test_a_file_that_is_not_text_is_a_mistake(write):
  write(a='')
  pathlib.Path('gin/a.gin').write_bytes(b'\xff\xfe\x00')
  with pytest.raises(UserError, match=r"^cannot read gin file 'gin/a\.gin': "):
    config.parse(['gin/a.gin'])


def test_a_file_from_windows_is_read(write):
  write(a='')
  pathlib.Path('gin/a.gin').write_bytes(b'\xef\xbb\xbfbrick.size = 3\r\n')
  config.parse(['gin/a.gin'])
  assert gin.query_parameter('brick.size') == 3


PIECES = [
  *('brick', 'Tower', 'size', 'top', 'M', 'include ', 'import ', '=', ' = '),
  *('.', '@', '%', '/', '()', '[', ']', '{', '}', ':', ',', '#', '1', '-', ';'),
  *("'", '"', "'''", '\\', '\n', '  ', '\t', '\r', '\0', '$', 'é', '`', '?'),
]


@hypothesis.settings(max_examples=300, deadline=None, database=None)
@hypothesis.given(st.lists(st.sampled_from(PIECES), max_size=25).map(''.join))
def test_whatever_is_written_parses_or_is_a_mistake_in_one_line(text):
  try:
    config.parse([], [text])
  except UserError as error:
    assert '\n' not in str(error)
    assert str(error).startswith('--gin_param=')


def test_what_comes_later_wins(write):
  write(
    a="brick.size = 0\ninclude 'b.gin'\nbrick.colour = 'green'",
    b="brick.size = 1\nbrick.colour = 'blue'\nTower.depth = 1",
    c='Tower.depth = 2\nTower.width = 2',
  )
  config.parse(['gin/a.gin', 'gin/c.gin'], ['Tower.width = 3', 'brick.size=4'])
  assert gin.get_bindings('brick') == {'size': 4, 'colour': 'green'}
  assert gin.get_bindings('Tower') == {'depth': 2, 'width': 3}


def test_parsing_forgets_what_was_parsed_before_and_locks(write):
  write(a='brick.size = 5', b="brick.colour = 'blue'")
  config.parse(['gin/a.gin'])
  config.parse(['gin/b.gin'])
  assert gin.get_bindings('brick') == {'colour': 'blue'}
  with pytest.raises(RuntimeError, match='locked'):
    gin.bind_parameter('brick.size', 1)


def test_scopes_and_macros_that_are_used_pass(write):
  write(
    a='Tower.top = [@upper/left/brick(), {"x": @lower/brick}]\n'
    'upper/brick.size = %SIZE\n'
    'upper/left/brick.colour = %upper/COLOUR\n'
    'lower/brick.size = 2\n'
    'SIZE = 7\n'
    "upper/COLOUR = 'white'"
  )
  config.parse(['gin/a.gin'])
  top = gin.get_configurable('Tower')().top
  assert top[0] == (7, 'white')
  assert top[1]['x']() == (2, 'red')


def test_an_import_in_a_file_registers_what_it_uses(write, monkeypatch):
  write(a='import homemade\nhomemade_brick.size = 3')
  pathlib.Path('homemade.py').write_text(
    'import gin\n@gin.register\ndef homemade_brick(size): return size\n'
  )
  monkeypatch.syspath_prepend('.')
  config.parse(['gin/a.gin'])
  assert gin.get_configurable('homemade_brick')() == 3
  assert config.text().startswith('import homemade\n')


def test_text_parses_to_itself(write):
  write(
    a='Tower.top = @x/brick()\nx/brick.size = %S\nS = (1, 2.5, None)\n'
    "brick.colour = 'it\\'s'"
  )
  config.parse(['gin/a.gin'])
  text = config.text()
  write(b=text)
  config.parse(['gin/b.gin'])
  assert config.text() == text
  assert config.difference(text, config.text()) == []


def test_difference_names_old_and_new_values_and_looks_nothing_up():
  old = (
    "same.x = 1e-3\nGone.x = 'a'\ns/Row.method = @One()\nM = 2\nb.x = %M\n"
    'import whatever'
  )
  new = 'same.x = 0.001\ns/Row.method = @Two()\nM = 3\nb.x = %M\nNew.y = [@f]'
  assert config.difference(old, new) == [
    "Gone.x: 'a' -> (not set)",
    'M: 2 -> 3',
    'New.y: (not set) -> [@f]',
    's/Row.method: @One() -> @Two()',
  ]


def test_a_string_is_not_the_reference_it_looks_like():
  assert config.difference("a.x = '@f'", 'a.x = @f') == ["a.x: '@f' -> @f"]


@pytest.mark.parametrize('text', ['a.x = 1\na.y = [1', 'a.x = 1\na.y 2'])
def test_difference_with_what_is_no_config_is_a_mistake(text):
  with pytest.raises(UserError, match='^not a config, line 2: '):
    config.difference(text, 'a.x = 1')


@pytest.mark.parametrize(
  'place', ['gin', 'pixelda_tf/gin'], ids=['clone', 'installed']
)
def test_files_are_found_here_then_where_pixelda_tf_has_them(
  place, write, tmp_path, monkeypatch
):
  home = tmp_path / 'home'
  comes_with = home / place / 'quickstart.gin'
  comes_with.parent.mkdir(parents=True)
  comes_with.touch()
  module = home / 'pixelda_tf/config/__init__.py'
  monkeypatch.setattr(config, '__file__', str(module))
  write(here='')
  assert config.find('gin/here.gin') == pathlib.Path('gin/here.gin')
  assert config.find('gin/quickstart.gin') == comes_with
  write(quickstart='')
  assert config.find('gin/quickstart.gin') == pathlib.Path('gin/quickstart.gin')
  absolute = tmp_path / 'gin/here.gin'
  assert config.find(str(absolute)) == absolute


@pytest.mark.parametrize('scope', ['', 'left/'])
def test_a_parameter_that_is_not_set_is_named(scope, write):
  write(a=f'Tower.top = @{scope}Needy()\n{scope}Needy.first = 1')
  config.parse(['gin/a.gin'])
  with pytest.raises(TypeError) as error:
    gin.get_configurable('Tower')()
  assert unset_parameters(error.value) == f"{scope}Needy needs 'second'"


def test_another_type_error_is_not_blamed_on_the_config():
  assert unset_parameters(TypeError('f() takes 0 arguments')) is None


def test_no_component_of_pixelda_tf_hides_typos_behind_kwargs():
  """A function that takes `**kwargs` would accept every parameter's name."""
  registered = [name for name, _ in gin.config._REGISTRY.items()]
  ours = [name for name in registered if name.startswith('pixelda_tf.')]
  assert {name.split('.')[1] for name in ours} >= set(runs.__all__) - {
    'experiment',
    'optimizers',
  }
  for name in ours:
    with pytest.raises(ValueError, match='no parameter'):
      names.check_parameter(name, 'no_such_parameter')
