"""Damages a file: its bytes, or the structure that its bytes stand for.

A checksum catches most of what happens to bytes alone, so what has one is
damaged below it: pixels and chunks of a PNG, the contents of a gzip file or of
a record, values of a JSON tree.
"""

import csv
import gzip
import io
import json
import pathlib
import random
import zlib

import containers
import numpy as np
import scipy.io
import tensorflow as tf

# What stands where something else is expected.
ODD_VALUES = (
  None,
  True,
  -1,
  0,
  0.5,
  10**9,
  10**30,
  -1e308,
  float('nan'),
  float('inf'),
  '',
  ' ',
  'nan',
  '../../etc/passwd',
  '/dev/null',
  'caf\N{LATIN SMALL LETTER E WITH ACUTE}\x00',
  'x' * 5000,
  [],
  {},
  [[[]]],
)


def of_bytes(data: bytes, draw: random.Random) -> bytes:
  """Returns bytes with one to three places changed."""
  for _ in range(draw.choice((1, 1, 2, 3))):
    data = draw.choice(_BYTE_CHANGES)(data, draw)
  return data


def of_json(data: bytes, draw: random.Random) -> bytes:
  """Returns JSON in which a value or a key is odd, missing or doubled."""
  root = {'root': json.loads(data)}
  holder, key = draw.choice(list(_places(root)))
  change = draw.choice(('odd', 'odd', 'drop', 'rename', 'wrap', 'copy'))
  if change == 'odd':
    holder[key] = draw.choice(ODD_VALUES)
  elif change == 'wrap':
    holder[key] = [holder[key]]
  elif change == 'copy':
    other, place = draw.choice(list(_places(root)))
    holder[key] = json.loads(json.dumps(other[place]))
  elif isinstance(holder, list):
    del holder[key]
  else:
    value = holder.pop(key)
    if change == 'rename':
      holder[str(draw.choice(ODD_VALUES))] = value
  return json.dumps(root.get('root')).encode()


def of_csv(data: bytes, draw: random.Random) -> bytes:
  """Returns a CSV with an odd cell, row or header, or in another encoding."""
  rows = list(csv.reader(io.StringIO(data.decode())))
  row = draw.choice(rows)
  change = draw.choice(('odd', 'odd', 'odd', 'drop', 'add', 'twice', 'code'))
  if change == 'odd' and row:
    row[draw.randrange(len(row))] = str(draw.choice(ODD_VALUES))
  elif change == 'drop' and row:
    del row[draw.randrange(len(row))]
  elif change == 'add':
    row.append(str(draw.choice(ODD_VALUES)))
  elif change == 'twice':
    rows.insert(draw.randrange(len(rows) + 1), row)
  text = io.StringIO()
  csv.writer(text).writerows(rows)
  code = draw.choice(('utf-16', 'utf-8-sig', 'latin-1'))
  return text.getvalue().encode(
    code if change == 'code' else 'utf-8', 'replace'
  )


def of_text(data: bytes, draw: random.Random) -> bytes:
  """Returns text in which a word is odd, or a line missing, doubled, moved."""
  lines = data.decode(errors='replace').splitlines() or ['']
  place = draw.randrange(len(lines))
  change = draw.choice(('word', 'word', 'word', 'drop', 'twice', 'swap'))
  if change == 'word':
    words = lines[place].split(' ')
    words[draw.randrange(len(words))] = str(draw.choice(ODD_VALUES))
    lines[place] = ' '.join(words)
  elif change == 'drop':
    del lines[place]
  elif change == 'twice':
    lines.insert(place, lines[place])
  else:
    other = draw.randrange(len(lines))
    lines[place], lines[other] = lines[other], lines[place]
  return '\n'.join(lines).encode(errors='replace')


def of_png(data: bytes, draw: random.Random) -> bytes:
  """Returns a PNG with sound checksums, in which a chunk is another."""
  if not data.startswith(containers.PNG_START):
    return of_bytes(data, draw)
  chunks = containers.png_chunks(data)
  place = draw.randrange(len(chunks))
  kind, content = chunks[place]
  change = draw.choice(('content', 'content', 'drop', 'twice', 'swap'))
  if change == 'content':
    if kind == b'IDAT' and draw.random() < 0.5:
      content = zlib.compress(of_bytes(zlib.decompress(content), draw))
    else:
      content = of_bytes(content, draw)
    chunks[place] = kind, content
  elif change == 'drop':
    del chunks[place]
  elif change == 'twice':
    chunks.insert(place, chunks[place])
  else:
    other = draw.randrange(len(chunks))
    chunks[place], chunks[other] = chunks[other], chunks[place]
  return containers.as_png(chunks)


def of_gzip(data: bytes, draw: random.Random) -> bytes:
  """Returns a sound gzip file of damaged contents."""
  return gzip.compress(of_bytes(gzip.decompress(data), draw), 1)


def of_records(data: bytes, draw: random.Random) -> bytes:
  """Returns a TFRecord file with sound checksums, one record damaged."""
  records = containers.records(data)
  place = draw.randrange(len(records))
  change = draw.choice(('bytes', 'feature', 'feature', 'drop', 'twice'))
  if change == 'bytes':
    records[place] = of_bytes(records[place], draw)
  elif change == 'feature':
    records[place] = _odd_example(records[place], draw)
  elif change == 'drop':
    del records[place]
  else:
    records.insert(place, records[place])
  return containers.as_records(records)


def of_mat(data: bytes, draw: random.Random) -> bytes:
  """Returns a MATLAB file of which an array has another type, shape or name."""
  arrays = {
    name: array
    for name, array in scipy.io.loadmat(io.BytesIO(data)).items()
    if not name.startswith('__')
  }
  name = draw.choice(sorted(arrays))
  array = arrays.pop(name)
  change = draw.choice(('type', 'shape', 'cut', 'name', 'odd', 'empty'))
  if change == 'type':
    array = array.astype(draw.choice((np.float64, np.int64, bool, 'U3')))
  elif change == 'shape':
    array = array.reshape(-1) if draw.random() < 0.5 else array[..., None]
  elif change == 'cut':
    array = array[: len(array) // 2]
  elif change == 'name':
    name = 'Z'
  elif change == 'odd':
    array = np.full_like(array, draw.choice((0, 255, 11)))
  else:
    array = array[:0]
  file = io.BytesIO()
  scipy.io.savemat(file, arrays | {name: array})
  return file.getvalue()


def damage(path: pathlib.Path, draw: random.Random) -> str:
  """Damages a file by one of the ways that fit its name; returns which."""
  data = path.read_bytes()
  ways = [of_bytes]
  for ending, structured in _BY_ENDING.items():
    if ending in path.name:
      ways += 3 * [structured]
      break
  way = draw.choice(ways)
  try:
    damaged = way(data, draw)
  except Exception:  # What is damaged already has lost its structure.
    way = of_bytes
    damaged = way(data, draw)
  path.write_bytes(damaged)
  return f'{way.__name__} {path.name}'


def _flip(data, draw):
  if not data:
    return b'\x00'
  place = draw.randrange(len(data))
  return _replaced(data, place, bytes([data[place] ^ 1 << draw.randrange(8)]))


def _set(data, draw):
  if not data:
    return b'\xff'
  place = draw.randrange(len(data))
  return _replaced(data, place, bytes([draw.choice((0, 32, 127, 255))]))


def _cut(data, draw):
  return data[: draw.randrange(len(data) + 1)]


def _without(data, draw):
  first, last = _slice(data, draw)
  return data[:first] + data[last:]


def _twice(data, draw):
  first, last = _slice(data, draw)
  return data[:last] + data[first:]


def _zeros(data, draw):
  first, last = _slice(data, draw)
  return data[:first] + bytes(last - first) + data[last:]


def _more(data, draw):
  place = draw.randrange(len(data) + 1)
  return data[:place] + draw.randbytes(draw.choice((1, 4, 100))) + data[place:]


_BYTE_CHANGES = _flip, _set, _cut, _without, _twice, _zeros, _more


def _slice(data, draw):
  first = draw.randrange(len(data) + 1)
  return first, min(len(data), first + draw.choice((1, 4, 16, 1000)))


def _replaced(data, place, value):
  return data[:place] + value + data[place + 1 :]


def _places(tree):
  """Yields (holder, key) of all values below."""
  keys = tree if isinstance(tree, dict) else range(len(tree))
  for key in keys:
    yield tree, key
    if isinstance(tree[key], (dict, list)):
      yield from _places(tree[key])


def _odd_example(record, draw):
  example = tf.train.Example.FromString(record)
  features = example.features.feature
  name = draw.choice(sorted(features))
  feature = features[name]
  change = draw.choice(('drop', 'number', 'bytes', 'float', 'empty', 'image'))
  if change == 'image' and feature.bytes_list.value:
    feature.bytes_list.value[0] = of_png(feature.bytes_list.value[0], draw)
    return example.SerializeToString()
  feature.Clear()
  if change == 'number':
    feature.int64_list.value.append(draw.choice((-1, 0, 255, 10**12)))
  elif change == 'bytes':
    feature.bytes_list.value.append(draw.randbytes(20))
  elif change == 'float':
    feature.float_list.value.append(draw.choice((-1.0, float('nan'), 1e30)))
  elif change == 'drop':
    del features[name]
  return example.SerializeToString()


_BY_ENDING = {
  '.tfrecord': of_records,
  '.json': of_json,
  '.csv': of_csv,
  '.txt': of_text,
  '.gin': of_text,
  '.ply': of_text,
  '.obj': of_text,
  '.mtl': of_text,
  '.png': of_png,
  '.gz': of_gzip,
  '.mat': of_mat,
}
