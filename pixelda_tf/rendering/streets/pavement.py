"""What stands and walks on the pavement."""

import numpy as np

from pixelda_tf.rendering.streets import furniture, people
from pixelda_tf.rendering.streets.roadside import GROUND, Side


def furnish(here: Side, along: float, length: float, kind: str) -> None:
  """Puts on the pavement before a lot what stands and walks there."""
  rng = here.rng
  width = here.street.pavements[here.side > 0]

  def anywhere():
    return along + rng.uniform(0, length)

  facing = 0.0 if here.side < 0 else np.pi
  kerb = -width + 0.45
  if rng.random() < length / 45:
    plate, top = furniture.sign(int(rng.integers(furniture.SIGNS)))
    y = anywhere()
    here.put(furniture.post(top), 'pole', y, kerb)
    here.put(plate, 'sign', y, kerb, turn=facing + rng.normal(0, 0.15))
  if rng.random() < length / 80:
    y = anywhere()
    here.put(furniture.post(3.4, 'black_steel'), 'pole', y, kerb)
    here.put(
      furniture.signal(int(rng.integers(3))), 'sign', y, kerb, turn=facing
    )
  if rng.random() < length / 90:
    here.put(furniture.post(rng.choice([3.0, 6.0])), 'pole', anywhere(), kerb)
  if rng.random() < length / 40:
    for _ in range(rng.integers(1, 4)):
      here.put(furniture.dustbin(), 'void', anywhere(), -0.4)
  if rng.random() < length / 200:
    here.put(furniture.postbox(), 'void', anywhere(), kerb)
  if rng.random() < length / 100:
    for y in np.arange(0, 6, 1.5):
      here.put(furniture.bollard(), 'void', along + y, kerb)
  if rng.random() < length / 200:
    frame, poster = furniture.shelter()
    y = anywhere()
    here.put(frame, 'void', y, -0.9, scale=(here.side, 1, 1))
    here.put(poster, 'sign', y, -0.9)
  if rng.random() < length / 70:
    start = anywhere()
    for i in range(rng.integers(2, 8)):
      here.put(
        furniture.railing(), 'fence', start + 2 * i, kerb - 0.1, same=i > 0
      )
  if (
    kind not in ('shops', 'park') and width > 2.2 and rng.random() < length / 50
  ):
    here.tree(anywhere(), kerb + 0.3, rng.uniform(5, 10))
  walkers = 0.12 if kind == 'shops' else 0.04
  for _ in range(rng.poisson(walkers * length)):
    here.put(
      people.load(int(rng.integers(people.POSES))),
      'pedestrian',
      anywhere(),
      rng.uniform(-width + 0.5, -0.4),
      turn=rng.choice([0, np.pi]) + rng.normal(0, 0.4),
      scale=rng.uniform(0.9, 1.08),
    )
  if rng.random() < length / 150:
    here.put(
      people.bicycle(), 'cyclist', anywhere(), -0.3, turn=rng.normal(0, 0.1)
    )


def light(here: Side) -> None:
  """Hangs street lamps over the street."""
  rng = here.rng
  shape, top = furniture.lamp(int(rng.integers(4)))
  step = rng.uniform(24, 36)
  away = -here.street.pavements[here.side > 0] + 0.4
  for along in np.arange(-118 + rng.uniform(0, step), 118, step):
    turn = 0.0 if here.side > 0 else np.pi
    here.put(shape, 'pole', along, away, turn=turn)
    x = here.side * (here.edge + away - abs(top[0]))
    here.made.lamps.append((x, along, GROUND + top[2] - 0.15))
