"""The studies of I2I Adapt have exactly their terms, and no pass too many."""

import gin
import i2i_configs
import pytest
import tensorflow as tf
from i2i_parts import OPTIONS, logs_of

from pixelda_tf import config
from pixelda_tf.runs.row_settings import Row

# Terms, and calls of f, g_x, g_y, d_x, d_y, d_z in a step. f sees x and, where
# a term needs it, y, the two translated images (cyc) and one more time g_y f x
# (trc). A critic sees real, fake, a mix of them, and fake for the model.
ADDA = {'c', 'z'}, (2, 0, 0, 0, 0, 4)
DRCN = {'c', 'id_y'}, (2, 0, 1, 0, 0, 0)
ALL = set(OPTIONS), (5, 3, 3, 4, 4, 4)
TABLE_1 = {
  'i2i_adda': ADDA,
  'i2i_drcn': DRCN,
  'i2i_generate_to_adapt': ({'c', 'tr'}, (2, 1, 1, 4, 4, 0)),
  'i2i_cyclegan': ({'tr', 'cyc'}, (4, 2, 2, 4, 4, 0)),
}
TABLE_2 = {
  'i2i_z': ADDA,
  'i2i_id_y': DRCN,
  'i2i_id_y_trc': ({'c', 'id_y', 'trc'}, (3, 0, 2, 0, 0, 0)),
  'i2i_z_id_y': ({'c', 'z', 'id_y'}, (2, 0, 1, 0, 0, 4)),
  'i2i_z_id_y_trc': ({'c', 'z', 'id_y', 'trc'}, (3, 0, 2, 0, 0, 4)),
  'i2i_no_cyc': (set(OPTIONS) - {'cyc'}, (3, 2, 2, 4, 4, 4)),
  'i2i': ALL,
}
CASES = {
  ('i2i_all', 'i2i'): ALL,
  **{(study, study): expected for study, expected in TABLE_1.items()},
  **{('i2i_terms', row): expected for row, expected in TABLE_2.items()},
}
NAMES = (
  'task',
  'source_decoder',
  'target_decoder',
  'source_critic',
  'target_critic',
  'feature_critic',
)


def test_every_row_is_here():
  assert set(i2i_configs.PRIOR_METHODS) == {*TABLE_1, 'i2i_all'}
  assert i2i_configs.TERMS_ROWS[2:] == list(TABLE_2)


@pytest.fixture
def batch():
  images = tf.random.uniform([2, 3, 16, 16, 1], -1.0, 1.0)
  return {
    'source': {'image': images[0], 'label': tf.constant([0, 1, 2])},
    'target': {'image': images[1]},
  }


@pytest.mark.parametrize('case', CASES, ids='/'.join)
def test_a_row_has_its_terms_and_no_other(case, batch, count_calls, no_rate):
  study, row = case
  terms, expected = CASES[case]
  files = [f'gin/{i2i_configs.DIGITS}', f'gin/studies/{study}.gin']
  config.parse(files, i2i_configs.SMALL)
  with gin.config_scope(row):
    settings = gin.get_configurable(Row)()
  method = settings.method(image_shape=(16, 16, 1), n_classes=3)
  assert method.predicts == (study != 'i2i_cyclegan')
  weighed = {
    name for name, option in OPTIONS.items() if getattr(method, option)
  }
  assert weighed == terms
  calls = count_calls(method)
  method.compile(no_rate)
  assert set(method.train_step(batch)) == logs_of(terms)
  found = calls()
  assert tuple(found.get(name, 0) for name in NAMES) == expected


# Table 3; as Q_cyc has no weight there, "all" is without it.
TABLE_3 = {
  'i2i_z': {'c', 'z'},
  'i2i_id_y': {'c', 'id_y'},
  'i2i_z_id_y_trc': {'c', 'z', 'id_y', 'trc'},
  'i2i': set(OPTIONS) - {'cyc'},
}


@pytest.mark.parametrize('row', TABLE_3)
def test_a_row_of_photographs_has_its_terms_and_f_apart(row):
  config.parse(['gin/i2i_office31.gin'], i2i_configs.MAPS)
  with gin.config_scope(row):
    settings = gin.get_configurable(Row)()
  method = settings.method(image_shape=(32, 32, 3), n_classes=3)
  weighed = {
    name for name, option in OPTIONS.items() if getattr(method, option)
  }
  assert weighed == TABLE_3[row]
  rates = {
    name: float(optimizer.learning_rate)
    for name, optimizer in settings.optimizer.items()
  }
  critics = {'critics': 2e-4} if weighed & {'z', 'tr'} else {}
  assert rates == pytest.approx({'model': 2e-4, 'encoder': 2e-5} | critics)
  method.compile(settings.optimizer)
