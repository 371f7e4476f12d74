"""Installs pixelda_tf and the gin files of its runs."""

import pathlib
import re

import setuptools

ROOT = pathlib.Path(__file__).parent
VERSION = re.search(
  r"__version__ = '(.*)'", (ROOT / 'pixelda_tf/__init__.py').read_text()
).group(1)

PYTHONS = ('3.10', '3.11', '3.12', '3.13')

# Keras 2, as part of TensorFlow and with tensorflow-addons: the last releases
# of both, which no Python after 3.11 has.
PYTHON_3_10 = "python_version >= '3.10' and python_version < '3.12'"
REQUIRES_3_10 = [
  'tensorflow==2.15.1',
  # Built for exactly this TensorFlow.
  'tensorflow-addons==0.23.0',
  # 1.16 needs protobuf 5, TensorFlow 2.15 needs protobuf 4.
  'tensorflow-metadata<1.16',
  # TensorFlow 2.15 is compiled against NumPy 1.
  'numpy<2',
  # The last release for Python 3.10. Said here for package indexes that do not
  # tell pip, which would otherwise try other packages' releases for minutes.
  'etils<1.14',
]

# Keras 2 as tf-keras (pixelda_tf/keras_2.py). Both ends of the range were run.
PYTHON_3_12 = "python_version >= '3.12' and python_version < '3.14'"
REQUIRES_3_12 = [
  'tensorflow>=2.20,<2.22',
  # Each release asks for TensorFlow's of the same number.
  'tf-keras>=2.20,<2.22',
  # TensorFlow 2.21 does not bring it.
  'tensorboard>=2.20,<2.22',
]

# Others have no dependencies: pip before 24 looks for them before it compares
# Python's version, and would tell only that no such TensorFlow exists.
ALL_PYTHONS = "python_version >= '3.10' and python_version < '3.14'"
INSTALL_REQUIRES = [
  # The last release that works with Keras 2.
  'keras-cv==0.9.0',
  # The stored format of data sets is this release's.
  'tensorflow-datasets==4.9.10',
  # pixelda_tf/config tells file and line through this release's parser.
  'gin-config==0.5.0',
  # TensorBoard imports pkg_resources, which setuptools 82 removed.
  'setuptools<82',
  'absl-py',
  # Reads Keras's files of weights.
  'h5py',
  'pillow',
  'matplotlib',
  'scikit-learn',
  # Whose quaternions may begin with w.
  'scipy>=1.14',
  'threadpoolctl',
  'tqdm',
  # Renders: trimesh reads meshes, embreex casts rays.
  'trimesh',
  'embreex',
]

# The bound keeps pip from trying the releases before it one by one.
BEAM_REQUIRES = ['apache-beam>=2.77,<3']

TEST_REQUIRES = [
  *BEAM_REQUIRES,
  'hypothesis',
  'pytest',
  'pytest-xdist',
  # Another release may format differently, or find other mistakes.
  'mypy==2.4.1',
  'ruff==0.17.5',
]


def on(python, requirements):
  """Limits requirements to Pythons, by an environment marker."""
  return [f'{requirement}; {python}' for requirement in requirements]


setuptools.setup(
  name='pixelda_tf',
  version=VERSION,
  description='Unsupervised domain adaptation of images in TensorFlow',
  long_description=(ROOT / 'README.md').read_text('utf-8'),
  long_description_content_type='text/markdown',
  author='The pixelda_tf authors',
  license='Apache-2.0',
  keywords=[
    'unsupervised domain adaptation',
    'image translation',
    'generative adversarial networks',
    'TensorFlow',
    'Keras',
  ],
  classifiers=[
    'Development Status :: 4 - Beta',
    'Intended Audience :: Developers',
    'Intended Audience :: Science/Research',
    'Operating System :: POSIX :: Linux',
    *(f'Programming Language :: Python :: {python}' for python in PYTHONS),
    'Topic :: Scientific/Engineering :: Artificial Intelligence',
    'Topic :: Scientific/Engineering :: Image Recognition',
  ],
  python_requires='>=3.10,<3.14',
  packages=[
    *setuptools.find_packages(include=['pixelda_tf', 'pixelda_tf.*']),
    'pixelda_tf.gin',
  ],
  # A clone has its configs in gin/, an installed package in pixelda_tf/gin/.
  package_dir={'pixelda_tf.gin': 'gin'},
  package_data={'pixelda_tf.gin': ['**/*.gin']},
  install_requires=[
    *on(PYTHON_3_10, REQUIRES_3_10),
    *on(PYTHON_3_12, REQUIRES_3_12),
    *on(ALL_PYTHONS, INSTALL_REQUIRES),
  ],
  extras_require={
    'beam': on(ALL_PYTHONS, BEAM_REQUIRES),
    'test': on(ALL_PYTHONS, TEST_REQUIRES),
    # python -m pixelda_tf.benchmark --against=torch
    'torch': on(ALL_PYTHONS, ['torch']),
  },
)
