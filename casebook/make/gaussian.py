"""Independent standard normal weights, no bias, float64.

    python casebook/make/gaussian.py

The draws come from numpy's default generator. NumPy does not promise the same stream for ever, so the
stored arrays are the cases, and this says where they came from.
"""

import numpy as np
from casefile import put_arrays

DRAWS = {
    "gaussian-n2-m6": (2, 6, 0),
    "gaussian-n3-m13-injective": (3, 13, 0),
    "gaussian-n3-m13-colliding": (3, 13, 1),
    "gaussian-n4-m20-injective": (4, 20, 0),
    "gaussian-n4-m20-hidden": (4, 20, 35),
    "gaussian-n5-m26-injective": (5, 26, 6),
    "gaussian-n5-m26-colliding": (5, 26, 3),
    "gaussian-n6-m36-colliding": (6, 36, 0),
    "gaussian-n6-m42-injective": (6, 42, 0),
    "gaussian-n8-m56-injective": (8, 56, 1),
    "gaussian-orthant-n3-m8": (3, 8, 1),
}

if __name__ == "__main__":
    for name, (n, m, seed) in DRAWS.items():
        put_arrays(name, W=np.random.default_rng(seed).standard_normal((m, n)))
