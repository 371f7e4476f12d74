"""Reads image files of any common kind as 8-bit grey or RGB."""

import contextlib
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import ExifTags, Image, ImageOps
from scipy import ndimage

from pixelda_tf.datasets import suffixes
from pixelda_tf.errors import UserError

# Pillow's modes that convert without loss: to grey, to RGB, and to RGB where
# nothing is transparent.
GREY_MODES = ('1', 'L')
RGB_MODES = ('RGB', 'P')
ALPHA_MODES = ('LA', 'La', 'PA', 'RGBA', 'RGBa')
# Formats in which cameras note how they were held.
CAMERA_FORMATS = ('JPEG', 'MPO', 'TIFF', 'WEBP')
ORIENTATION = ExifTags.Base.Orientation
# What Pillow raises of damaged files.
UNREADABLE = (
  *(OSError, SyntaxError, ValueError),
  TypeError,  # Of a TIFF without dimensions.
  Image.DecompressionBombError,
)
# (height, width), and 'L' or 'RGB'.
Form = tuple[tuple[int, int], str]


def form(path: pathlib.Path, allow_alpha: bool = False) -> Form:
  """Looks at the header of an image.

  Args:
    path: image file.
    allow_alpha: whether it may have transparent pixels.

  Returns:
    its (height, width), and 'L' if it is grey, else 'RGB'.

  Raises:
    UserError: it is no image, or has an unsupported mode.
  """
  with opened(path, allow_alpha) as image:
    mode = 'L' if image.mode in GREY_MODES else 'RGB'
    return (image.height, image.width), mode


def common_form(
  paths: Sequence[pathlib.Path],
  forms: Sequence[Form],
  resize: tuple[int, int] | None = None,
) -> Form:
  """Returns the form of images that are to be stored together.

  Args:
    paths: image files.
    forms: list of what `form` returns of each.
    resize: (height, width) that they will be brought to, or None.

  Returns:
    their (height, width), and 'L' if all are grey, else 'RGB'.

  Raises:
    UserError: for a file that differs in size from the first.
  """
  first_size = forms[0][0]
  for path, (size, _) in zip(paths, forms, strict=True):
    if resize is None and size != first_size:
      raise UserError(
        f'{path}: {_sides(size)} (height x width), but {paths[0]} is '
        f'{_sides(first_size)}; make them equal or pass --resize=HEIGHT,WIDTH'
      )
  is_grey = all(mode == 'L' for _, mode in forms)
  height, width = resize or first_size
  return (height, width), 'L' if is_grey else 'RGB'


def read(path: pathlib.Path, size: tuple[int, int], mode: str) -> np.ndarray:
  """Returns an image as uint8 [height, width, 1 or 3].

  Args:
    path: image file; turned as its EXIF orientation says.
    size: (height, width) wanted.
    mode: 'L' or 'RGB'.
  """
  with opened(path) as image:
    image = image.convert(mode)
    if (image.height, image.width) != tuple(size):
      image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(*size, -1)


def read_rendered(
  path: pathlib.Path, size: tuple[int, int], mode: str, mask_from: str
) -> tuple[np.ndarray, np.ndarray]:
  """Returns a rendered object's image, on black, and its mask.

  Args:
    path: image file.
    size: (height, width) wanted.
    mode: 'L' or 'RGB'.
    mask_from: 'alpha' for the opaque pixels, 'black' for those that are not
      black or are enclosed by such ones.

  Returns:
    uint8 [height, width, 1 or 3] and uint8 [height, width, 1] of 0 and 255.

  Raises:
    UserError: no image is there, or one without an alpha channel for 'alpha'.
  """
  if mask_from == 'black':
    image = read(path, size, mode)
    return image, silhouette(image)
  with opened(path, allow_alpha=True) as image:
    if not _has_alpha(image):
      raise UserError(
        f'{path}: has no alpha channel; render with one, or pass '
        '--mask_from=black'
      )
    image = image.convert('RGBA')
    if (image.height, image.width) != tuple(size):
      image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    alpha = np.asarray(image.getchannel('A'))
    canvas = Image.new('RGBA', image.size, 'black')
    canvas.alpha_composite(image)
    mask = np.where(alpha > 127, np.uint8(255), np.uint8(0))
    return np.asarray(canvas.convert(mode)).reshape(*size, -1), mask[..., None]


def silhouette(image: np.ndarray) -> np.ndarray:
  """Returns the mask of an object rendered on black.

  Args:
    image: uint8 [height, width, channels].

  Returns:
    uint8 [height, width, 1]: 255 where a pixel is not black, or is enclosed by
    such pixels.
  """
  filled = ndimage.binary_fill_holes(image.any(axis=-1))
  return (filled * np.uint8(255))[..., None]


@contextlib.contextmanager
def opened(
  path: pathlib.Path, allow_alpha: bool = False
) -> Iterator[Image.Image]:
  """Opens an image of a supported mode, upright.

  Args:
    path: image file.
    allow_alpha: whether it may have transparent pixels.

  Raises:
    UserError: as `form`; of damaged pixels within the context, too.
  """
  try:
    with Image.open(path, formats=suffixes.formats()) as image:
      _check_mode(path, image)
      if image.format in CAMERA_FORMATS:
        image = _upright(image)
      if _has_alpha(image) and not allow_alpha:
        image = _without_alpha(path, image)
      yield image
  except UserError:
    raise
  except FileNotFoundError as error:
    raise UserError(f'{path}: no such file') from error
  except UNREADABLE as error:
    raise UserError(
      f'{path}: not a readable image ({error}); repair or remove it'
    ) from error


def _upright(image):
  # `exif_transpose` reads all pixels, so see first whether it is needed.
  if image.getexif().get(ORIENTATION, 1) == 1:
    return image
  return ImageOps.exif_transpose(image)


def _check_mode(path, image):
  # In a camera's MPO file the first frame is the photograph.
  if getattr(image, 'n_frames', 1) > 1 and image.format != 'MPO':
    raise UserError(
      f'{path}: holds {image.n_frames} frames; save the one you mean as an '
      'image of its own'
    )
  if image.mode not in (*GREY_MODES, *RGB_MODES, *ALPHA_MODES):
    raise UserError(
      f'{path}: unsupported mode {image.mode}; convert it to 8-bit grey or RGB'
    )
  if image.format == 'PNG' and _png_depth(path) == 16:
    raise UserError(
      f'{path}: unsupported mode of 16 bits a channel; convert it to 8-bit '
      'grey or RGB'
    )


def _png_depth(path):
  with pathlib.Path(path).open('rb') as file:
    return file.read(25)[24]


def is_transparent(image: Image.Image) -> bool:
  """Whether some of an image's pixels are, if only a little."""
  if not _has_alpha(image):
    return False
  alpha = np.asarray(image.convert('RGBA').getchannel('A'))
  return bool(alpha.min() < 255)


def _has_alpha(image):
  return image.mode in ALPHA_MODES or 'transparency' in image.info


def _without_alpha(path, image):
  if is_transparent(image):
    raise UserError(
      f'{path}: has transparent pixels (alpha); flatten it onto a background '
      'and save it as RGB, or, for a data set with masks, pass '
      '--mask_from=alpha'
    )
  return image.convert('RGBA').convert('RGB')


def _sides(size):
  return 'x'.join(str(side) for side in size)
