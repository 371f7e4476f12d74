"""python -m pixelda_tf.render_views, from a checkout."""

import checkout

checkout.run('render_views')
