"""python -m pixelda_tf.cost, from a checkout."""

import checkout

checkout.run('cost')
