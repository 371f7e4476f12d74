import pytest

from pixelda_tf.datasets.folders import entries, listing
from pixelda_tf.errors import UserError

# As Linux users type it, and as macOS writes it: the accent for itself.
CAFE, CAFE_APART = 'caf\u00e9', 'cafe\u0301'


@pytest.fixture
def folder(tmp_path):
  """Function that makes a folder of empty files."""

  def make(*names):
    for name in names:
      path = tmp_path / name
      path.parent.mkdir(parents=True, exist_ok=True)
      path.touch()
    return tmp_path

  return make


def listed(root, **options):
  found = listing.list_images(root, None, **options)
  return [(e.key, e.label, e.split) for e in found]


def test_one_subfolder_a_class(folder):
  root = folder('cat/1.png', 'cat/2.JPG', 'dog/1.png', 'dog/.hidden.png')
  folder('cat/notes.txt', '.git/1.png', 'readme.md')
  assert listed(root) == [
    ('cat/1.png', 'cat', 'train'),
    ('cat/2.JPG', 'cat', 'train'),
    ('dog/1.png', 'dog', 'train'),
  ]


def test_label_maps_are_not_taken_for_a_class(folder):
  root = folder('images/1.png', 'labels/1.png')
  with pytest.raises(
    UserError, match=f'{root}: images, labels .* segmentation'
  ):
    listed(root)


def test_images_alone_are_unlabelled(folder):
  assert listed(folder('b.png', 'a.png')) == [
    ('a.png', None, 'train'),
    ('b.png', None, 'train'),
  ]


def test_splits_of_classes(folder):
  root = folder('train/cat/1.png', 'test/cat/1.png', 'validation/cat/2.png')
  assert listed(root) == [
    ('test/cat/1.png', 'cat', 'test'),
    ('train/cat/1.png', 'cat', 'train'),
    ('validation/cat/2.png', 'cat', 'validation'),
  ]


def test_splits_of_images(folder):
  assert listed(folder('train/1.png', 'test/1.png')) == [
    ('test/1.png', None, 'test'),
    ('train/1.png', None, 'train'),
  ]


def test_class_that_is_called_train(folder):
  """Whether it is one, a flag decides, which the mistake names."""
  root = folder('train/1.png', 'car/1.png')
  with pytest.raises(
    UserError, match=f'{root}/train: .*car beside it .*--folders=classes'
  ):
    listed(root)
  assert listed(root, levels=['classes']) == [
    ('car/1.png', 'car', 'train'),
    ('train/1.png', 'train', 'train'),
  ]


@pytest.mark.parametrize(
  ('names', 'expected'),
  [
    (['cat/1.png', '1.png'], '1.png: an image beside folders'),
    (['train/cat/1.png', '1.png'], '1.png: an image beside folders'),
    (['cat/deep/1.png'], 'deep: a folder inside the class folder cat'),
    (['cat/1.png', 'dog/1.txt'], 'dog: holds no images'),
    (['1.txt'], 'holds no images'),
    (['train/1.png', 'test/cat/1.png'], 'only one of train and test'),
    (
      ['train/cat/1.png', 'test/cat/1.png', 'test/dog/1.png'],
      "split test has class 'dog', train has not",
    ),
    (['a\nb/1.png'], r"class 'a\\nb' is no printable name"),
    (['a/1.png', 'NaN/1.png'], "class 'NaN' stands for a missing label"),
    (
      [f'{CAFE}/1.png', f'{CAFE_APART}/1.png'],
      f'{CAFE}/1.png: has the name of .*{CAFE_APART}/1.png, in another form',
    ),
  ],
)
def test_ambiguous_folder_is_told(folder, names, expected):
  with pytest.raises(UserError, match=expected):
    listing.list_images(folder(*names), None)


def test_names_have_one_form(folder):
  """The file is found by its own."""
  (entry,) = listing.list_images(folder(f'{CAFE_APART}/{CAFE_APART}.png'), None)
  assert (entry.key, entry.label) == (f'{CAFE}/{CAFE}.png', CAFE)
  assert entry.path.is_file()
  assert entries.class_names([entry]) == [CAFE]


@pytest.mark.parametrize('linked', ['dog/1.png', 'test/cat/1.png'])
def test_a_file_of_two_classes_or_splits_is_told(folder, linked):
  """By links; two of the same class and split are as they are wanted."""
  names = ['train/cat/1.png', 'test/cat/2.png']
  if linked.startswith('dog'):
    names = ['cat/1.png', 'dog/2.png']
  root = folder(*names)
  (root / linked).symlink_to(root / names[0])
  with pytest.raises(UserError, match='is the file .* of another class or'):
    listed(root)
  (root / linked).unlink()
  (root / names[0]).with_name('again.png').symlink_to(root / names[0])
  assert len(listed(root)) == 3


def test_missing_and_empty_folders_are_told(tmp_path):
  with pytest.raises(UserError, match='--manual_dir=.*no such directory'):
    listing.list_images(tmp_path / 'nowhere', None)
  with pytest.raises(UserError, match='--manual_dir=.*is empty'):
    listing.list_images(tmp_path, None)
  with pytest.raises(UserError, match='--manual_dir=FOLDER or --csv=FILE'):
    listing.list_images(None, None)


@pytest.fixture
def table(folder):
  """Function that writes a CSV beside the images 1.png, 2.png and m.png."""

  def write(text):
    root = folder('1.png', '2.png', 'm.png', 'x/3.png')
    (root / 'link.png').symlink_to(root / '1.png')
    path = root / 'table.csv'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path

  return write


def test_csv_of_paths_and_labels(table):
  path = table('\ufeffpath,label\r\n2.png,dog\r\n1.png,"cat, big"\r\n')
  found = listing.list_images(None, str(path))
  assert [(e.key, e.label, e.split, e.mask) for e in found] == [
    ('2.png', 'dog', 'train', None),
    ('1.png', 'cat, big', 'train', None),
  ]
  assert found[0].path == path.parent / '2.png'


def test_csv_of_splits_and_masks_below_another_folder(table, tmp_path):
  path = table('mask,split,path\nm.png,train,1.png\nm.png,test,2.png\n')
  moved = path.rename(tmp_path.parent / 'moved.csv')
  found = listing.list_images(tmp_path, moved)
  assert [(e.path, e.label, e.split, e.mask) for e in found] == [
    (tmp_path / '1.png', None, 'train', tmp_path / 'm.png'),
    (tmp_path / '2.png', None, 'test', tmp_path / 'm.png'),
  ]


@pytest.mark.parametrize('written', [CAFE, CAFE_APART])
@pytest.mark.parametrize('stored', [CAFE, CAFE_APART])
def test_a_csv_finds_files_in_any_form_of_unicode(table, written, stored):
  path = table(f'path,label\n{written}.png,{written}\n')
  (path.parent / f'{stored}.png').touch()
  (found,) = listing.list_images(None, path)
  assert (found.key, found.label) == (f'{CAFE}.png', CAFE)
  assert found.path == path.parent / f'{stored}.png'


@pytest.mark.parametrize(
  ('text', 'expected'),
  [
    ('', 'first line must name the columns'),
    ('1.png,3\n', 'first line must name the columns .*1.png'),
    ('path,lable\n1.png,3\n', "unknown 'lable'"),
    ('path,path\n1.png,1.png\n', 'first line must name'),
    ('label\n3\n', 'first line must name'),
    ('path,label\n', 'has no line after'),
    ('path,label\n1.png,a\n3.png,b\n', 'line 3: .*3.png: no such file'),
    ('path,label\n1.png,a\n2.png\n', 'line 3: has more or fewer values'),
    ('path,label\n1.png,a,b\n', 'line 2: has more or fewer values'),
    ('path,label\n1.png, \n', 'line 2: label is empty'),
    ('path,label\n1.png,a\n2.png,NaN\n', 'line 3: label is empty, or nan'),
    ('path,label\nnan,a\n', 'line 2: path is empty, or nan'),
    ('path,label\n1.png,a\n1.png,b\n', 'line 3: 1.png is on line 2 already'),
    ('path\n1.png\n./1.png\n', 'line 3: ./1.png is on line 2 already'),
    ('path\n1.png\nlink.png\n', 'line 3: link.png is on line 2 already'),
    (
      'path\n2.png\nx/../1.png\n1.png\n',
      'line 4: 1.png is on line 3 already',
    ),
    ('path,split\n1.png,trian\n', "line 2: split is 'trian'"),
    ('path,split\n1.png,test\n', 'no image is in the split train'),
    ('path,mask\n1.png,\n', 'line 2: mask is empty'),
    (b'path,label\n1.png,\xff\n', 'not a readable UTF-8 CSV'),
    ('path,label\n1.png,"a\n', 'not a readable UTF-8 CSV'),
  ],
)
def test_wrong_csv_is_told_with_its_line(table, text, expected):
  path = table(text)
  with pytest.raises(UserError, match=f'^{path}: .*{expected}'):
    listing.list_images(None, path)


def test_missing_csv_is_told(tmp_path):
  with pytest.raises(UserError, match='nowhere.csv: not a readable'):
    listing.list_images(None, tmp_path / 'nowhere.csv')
