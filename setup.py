"""Installs pixelda_tf and the gin files of its runs."""

import pathlib
import re

import setuptools

ROOT = pathlib.Path(__file__).parent
VERSION = re.search(
  r"__version__ = '(.*)'", (ROOT / 'pixelda_tf/__init__.py').read_text()
).group(1)

INSTALL_REQUIRES = [
  # The last release with Keras 2, which tensorflow-addons needs.
  'tensorflow==2.15.1',
  # The last release; built for exactly this TensorFlow.
  'tensorflow-addons==0.23.0',
  # The last release that works with Keras 2.
  'keras-cv==0.9.0',
  # The stored format of data sets is this release's.
  'tensorflow-datasets==4.9.10',
  # 1.16 needs protobuf 5, TensorFlow 2.15 needs protobuf 4.
  'tensorflow-metadata<1.16',
  # TensorFlow 2.15 is compiled against NumPy 1.
  'numpy<2',
  # pixelda_tf/config.py tells file and line through this release's parser.
  'gin-config==0.5.0',
  # TensorBoard 2.15 imports pkg_resources, which setuptools 82 removed.
  'setuptools<82',
  # The last release for Python 3.10. Said here for package indexes that do not
  # tell pip, which would otherwise try other packages' releases for minutes.
  'etils<1.14',
  'absl-py',
  'pillow',
  'matplotlib',
  'scikit-learn',
  'scipy',
  'threadpoolctl',
  'tqdm',
  # Renders: trimesh reads meshes, embreex casts rays.
  'trimesh',
  'embreex',
]

# Installs beside protobuf 4 and NumPy 1. The bound keeps pip from trying the
# releases before it one by one.
BEAM_REQUIRES = ['apache-beam>=2.77,<3']

TEST_REQUIRES = [
  *BEAM_REQUIRES,
  'hypothesis',
  'pytest',
  # Another release may format differently.
  'ruff==0.17.5',
]


def for_supported_python(requirements):
  """Leaves other Pythons without dependencies.

  pip before 24 looks for dependencies before it compares Python's version: it
  would tell another Python only that this TensorFlow does not exist.
  """
  marker = "python_version >= '3.10' and python_version < '3.12'"
  return [f'{requirement}; {marker}' for requirement in requirements]


setuptools.setup(
  name='pixelda_tf',
  version=VERSION,
  description='Unsupervised domain adaptation of images in TensorFlow',
  python_requires='>=3.10,<3.12',
  packages=[
    *setuptools.find_packages(include=['pixelda_tf', 'pixelda_tf.*']),
    'pixelda_tf.gin',
  ],
  # A clone has its configs in gin/, an installed package in pixelda_tf/gin/.
  package_dir={'pixelda_tf.gin': 'gin'},
  package_data={'pixelda_tf.gin': ['**/*.gin']},
  install_requires=for_supported_python(INSTALL_REQUIRES),
  extras_require={
    'beam': for_supported_python(BEAM_REQUIRES),
    'test': for_supported_python(TEST_REQUIRES),
    # python -m pixelda_tf.benchmark --against=torch
    'torch': for_supported_python(['torch']),
  },
)
