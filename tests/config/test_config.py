import pathlib
import pkgutil

import gin
import pytest

from pixelda_tf import config, runs
from pixelda_tf.config import names
from pixelda_tf.config.names import unset_parameters
from pixelda_tf.errors import UserError


def test_two_files_may_include_the_same_one(write):
  write(a="include 'c.gin'", b="include 'c.gin'", c='brick.size = 9')
  config.parse(['gin/a.gin', 'gin/b.gin'])
  assert gin.query_parameter('brick.size') == 9


def test_a_file_from_windows_is_read(write):
  write(a='')
  pathlib.Path('gin/a.gin').write_bytes(b'\xef\xbb\xbfbrick.size = 3\r\n')
  config.parse(['gin/a.gin'])
  assert gin.query_parameter('brick.size') == 3


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


def test_an_import_in_a_file_names_what_the_user_imported(write, monkeypatch):
  write(a='import homemade\nhomemade_brick.size = 3')
  pathlib.Path('homemade.py').write_text(
    'import gin\n@gin.register\ndef homemade_brick(size): return size\n'
  )
  monkeypatch.syspath_prepend('.')
  with pytest.raises(UserError, match="a.gin:1: imports 'homemade'"):
    config.parse(['gin/a.gin'])
  pkgutil.resolve_name('homemade')
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
