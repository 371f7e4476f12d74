"""python -m pixelda_tf.benchmark, from a checkout."""

import checkout

checkout.run('benchmark')
