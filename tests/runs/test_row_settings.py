import gin
import pytest

from pixelda_tf import config
from pixelda_tf.errors import UserError
from pixelda_tf.methods import SourceOnly
from pixelda_tf.runs.row_settings import Row

SETTINGS = {'method': SourceOnly, 'optimizer': None, 'steps': 1}


def test_a_rows_name_is_its_scope_or_given():
  with gin.config_scope('mine'):
    assert Row(**SETTINGS).name == 'mine'
    assert Row(name='other', **SETTINGS).name == 'other'


@pytest.mark.parametrize('scope', ['', 'one/two'])
def test_a_scope_that_names_no_directory_is_a_mistake(scope):
  with pytest.raises(UserError) as error, gin.config_scope(scope or None):
    Row(**SETTINGS)
  assert error.value.message == (
    f"a row's name is '{scope}': give it a scope of one word in gin, as "
    '@source_only/Row(), or a name in Python'
  )


def test_no_config_binds_the_name():
  with pytest.raises(UserError, match='Row.name'):
    config.parse(['gin/quickstart.gin'], ["source_only/Row.name = 'other'"])


# Bindings on top of a config, and what they are told at once.
BETWEEN_ROWS = {
  'translated by no row': (
    "cyclegan_uda_offline/Row.translated_by = 'cyclgan'",
    r"translated_by of 'cyclegan_uda_offline' .*'cyclgan'.*"
    r'\(cyclegan, cyclegan_uda\)',
  ),
  'translated by itself': (
    "cyclegan_uda_offline/Row.translated_by = 'cyclegan_uda_offline'",
    r"translated_by of 'cyclegan_uda_offline' .*'cyclegan_uda_offline'.*"
    r'\(cyclegan, cyclegan_uda\)',
  ),
  'translated by a later row': (
    "cyclegan_uda/Row.translated_by = 'cyclegan_uda_two_way'",
    r"translated_by of 'cyclegan_uda' .*'cyclegan_uda_two_way'.*\(cyclegan\)",
  ),
  'translated by a row that does not': (
    "cyclegan_uda_two_way/Row.translated_by = 'cyclegan_uda_offline'",
    "translated_by of 'cyclegan_uda_two_way' .*'cyclegan_uda_offline', "
    'which does not translate',
  ),
  'a network of no row': (
    "cyclegan_uda/Row.initial_networks = {'source_to_target': 'gan/x'}",
    "initial_networks of 'cyclegan_uda': source_to_target .*'gan/x'.*"
    r'\(cyclegan\)',
  ),
  'a network of a later row': (
    "cyclegan/Row.initial_networks = {'source_to_target': 'cyclegan_uda/x'}",
    "initial_networks of 'cyclegan': source_to_target .*'cyclegan_uda/x'.*"
    r'\(none\)',
  ),
  'a network without a row': (
    "cyclegan_uda/Row.initial_networks = {'source_to_target': 'network'}",
    "initial_networks of 'cyclegan_uda': source_to_target .*'network'; "
    'write <row>/<network>',
  ),
}


@pytest.mark.parametrize('name', BETWEEN_ROWS)
def test_rows_that_do_not_follow_each_other_are_told_at_once(
  name, tmp_path, open_stages
):
  param, message = BETWEEN_ROWS[name]
  with pytest.raises(UserError, match=message):
    open_stages('cyclegan_uda', tmp_path, param)
