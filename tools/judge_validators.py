"""python -m pixelda_tf.judge_validators, from a checkout."""

import checkout

checkout.run('judge_validators')
