"""python -m pixelda_tf.results_table, from a checkout."""

import checkout

checkout.run('results_table')
