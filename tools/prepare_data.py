"""python -m pixelda_tf.prepare_data, from a checkout."""

import checkout

checkout.run('prepare_data')
