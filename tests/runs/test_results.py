import json

from pixelda_tf.runs import results


def test_table_by_hand():
  """150 s are 2.5 minutes; a target without labels has no accuracy."""
  test = {'accuracy': 0.9753, 'correct': 9753, 'count': 10000}
  result = {
    'source': 'mnist',
    'target': 'mnistm',
    'seed': 3,
    'precision': 'float32',
    'rows': [
      {
        'method': 'pixelda',
        'steps': 11000,
        'wall_seconds': 150.0,
        'target_test': test,
      },
      {
        'method': 'other',
        'steps': 5,
        'wall_seconds': 0.0,
        'target_test': None,
        'note': 'tried once',
      },
    ],
  }
  head, columns, *rows, note = results.table(
    json.loads(json.dumps(result))
  ).split('\n')
  assert note == 'other: tried once'
  assert head == 'mnist -> mnistm, seed 3, float32'
  assert columns.split('  ')[0] == 'method'
  assert [row.split() for row in rows] == [
    ['pixelda', '97.53%', '9,753', '/', '10,000', '11,000', '2.5'],
    ['other', 'no', 'labels', '5', '0.0'],
  ]
  assert len({len(line) for line in (columns, *rows)}) == 1


def test_angles_have_a_column_where_a_row_has_them():
  rows = [
    {
      'method': method,
      'steps': 5,
      'wall_seconds': 60.0,
      'target_test': {'accuracy': 0.5, 'correct': 1, 'count': 2} | angles,
    }
    for method, angles in (
      ('pixelda', {'mean_angle_error': 23.456}),
      ('classes_alone', {}),
    )
  ]
  result = {'source': 'a', 'target': 'b', 'seed': 0, 'precision': 'float32'}
  _, columns, first, second = results.table(result | {'rows': rows}).split('\n')
  assert columns.index('target test') < columns.index('mean angle')
  assert first.split()[:4] == ['pixelda', '50.00%', '23.46', 'deg']
  assert second.split() == ['classes_alone', '50.00%', *'1/2', '5', '1.0']
  assert len(columns) == len(first) == len(second)


def test_the_table_says_why_a_row_ended_and_who_only_translates():
  rows = [
    {
      'method': 'cyclegan',
      'steps': 5,
      'wall_seconds': 60.0,
      'answers': False,
      'target_test': None,
    },
    {
      'method': 'cycada',
      'steps': 4,
      'wall_seconds': 60.0,
      'answers': True,
      'target_test': {'accuracy': 0.5, 'correct': 1, 'count': 2},
      'stopped': 'it was over',
      'note': 'tried once',
    },
  ]
  result = {'source': 'a', 'target': 'b', 'seed': 0, 'precision': 'float32'}
  _, _, first, second, *lines = results.table(result | {'rows': rows}).split(
    '\n'
  )
  assert first.split() == ['cyclegan', 'translates', 'only', '5', '1.0']
  assert second.split() == ['cycada', '50.00%', '1', '/', '2', '4', '1.0']
  assert lines == ['cycada: it was over', 'cycada: tried once']
