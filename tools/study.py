"""python -m pixelda_tf.study, from a checkout."""

import checkout

checkout.run('study')
