"""What a folder's name says: a split, a domain, a role, or nothing of these.

`train`, `Training`, `train1`, `trainA`, `test_b` and `training_set` are splits,
`images` and `masks` are roles, `A` beside `B` and `source` beside `target` are
domains. All others are classes, and these may be: who asks has to decide.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

_SPLITS = {
  'train': ('train', 'training', 'trainval', 'trn'),
  'validation': ('val', 'valid', 'validation', 'dev'),
  'test': ('test', 'testing', 'tst', 'eval', 'evaluation'),
}
_ROLES = {
  'images': ('images', 'image', 'imgs', 'img', 'jpegimages'),
  'labels': ('labels', 'label', 'labelmaps', 'segmentation', 'segmentations'),
  'masks': ('masks', 'mask'),
  'annotations': (
    'annotations',
    'annotation',
    'annots',
    'annot',
    'ground_truth',
    'gt',
  ),
}
# In singular a class may have that name: mask beside no_mask.
_SINGULAR = ('image', 'label', 'mask', 'annotation', 'segmentation', 'gt')
# Upper-case alone, as translators of images have them: a and b are classes.
_PAIRS = ({'A', 'B'}, {'source', 'target'})
_DOMAINS = ('a', 'b', 'source', 'target')
# What may stand beside one of these.
_FILLERS = ('set', 'sets', 'data', 'dataset', 'split', 'domain', 'seg', 'cls')


def _alternatives(kinds):
  words = sorted((w for words in kinds for w in words), key=len, reverse=True)
  return '|'.join(words)


_KINDS = {
  'split': _alternatives(_SPLITS.values()),
  'role': _alternatives(_ROLES.values()),
  'domain': _alternatives([_DOMAINS]),
  'filler': _alternatives([_FILLERS]),
}
_WORD = '|'.join(f'(?P<{kind}>{words})' for kind, words in _KINDS.items())
_WORDS = '|'.join(_KINDS.values())
_NAME = re.compile(rf'(?:[\W_]*(?:{_WORDS}))+[\W_]*\d*[\W_]*')


class Meaning(NamedTuple):
  """What a name says, None for nothing.

  Attributes:
    split: of `base.SPLITS`.
    domain: such as 'a' or 'source', in lower case.
    role: 'images', 'labels', 'masks' or 'annotations'.
    is_plain: whether it is hardly a class, whatever is beside it.
  """

  split: str | None = None
  domain: str | None = None
  role: str | None = None
  is_plain: bool = False


NOTHING = Meaning()


def read(name: str) -> Meaning:
  """Returns what a folder's name says, looked at alone."""
  folded = name.casefold()
  if not _NAME.fullmatch(folded):
    return NOTHING
  found: dict[str, list[str]] = {kind: [] for kind in _KINDS}
  for match in re.finditer(_WORD, folded):
    found[str(match.lastgroup)].append(match.group())
  splits = {_canonical(word, _SPLITS) for word in found['split']}
  roles = {_canonical(word, _ROLES) for word in found['role']}
  domains = found['domain']
  if max(len(splits), len(roles), len(domains)) > 1:
    return NOTHING
  split, role = next(iter(splits), None), next(iter(roles), None)
  if split is None and role is None:
    # A domain alone may be a class: what is beside it tells.
    is_pair = any(name in pair or folded in pair for pair in _PAIRS)
    domain_alone = bool(domains) and (is_pair or bool(found['filler']))
    return Meaning(domain=domains[0]) if domain_alone else NOTHING
  is_plain = split is not None or folded.strip('_ ') not in _SINGULAR
  return Meaning(split, next(iter(domains), None), role, is_plain)


def are_structure(names: Iterable[str]) -> bool:
  """Whether all names of a folder's folders say something, and none a class."""
  meanings = [read(name) for name in names]
  if NOTHING in meanings:
    return False
  alone = [m for m in meanings if not (m.split or m.role)]
  return not alone or (len(alone) == len(meanings) and len(meanings) > 1)


def _canonical(word, kinds):
  return next(kind for kind, words in kinds.items() if word in words)
