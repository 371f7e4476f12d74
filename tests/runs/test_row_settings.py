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
