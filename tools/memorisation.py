"""python -m pixelda_tf.memorisation, from a checkout."""

import checkout

checkout.run('memorisation')
