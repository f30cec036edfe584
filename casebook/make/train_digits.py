"""First layers of small classifiers trained on the handwritten digits of scikit-learn.

    python casebook/make/train_digits.py

64 pixels in 0..16, divided by 16, one hidden ReLU layer of m units with bias; scikit-learn's defaults
(Adam, penalty 1e-4) but for `max_iter`. Another BLAS may change the last bits of the weights; the stored arrays
are the cases.
"""

from __future__ import annotations

import numpy as np
from casefile import put_arrays
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

RUNS = {"digits-m128": 128}  # accuracy 1.0000 after 264 epochs


def train(units: int) -> tuple[MLPClassifier, float]:
    """A trained classifier with so many hidden units, and its accuracy on all digits."""
    inputs, kinds = load_digits(return_X_y=True)
    model = MLPClassifier(hidden_layer_sizes=(units,), max_iter=2000, random_state=0)
    with threadpool_limits(limits=1):
        model.fit(inputs / 16, kinds)
    return model, model.score(inputs / 16, kinds)


if __name__ == "__main__":
    for name, units in RUNS.items():
        model, accuracy = train(units)
        W, b = np.ascontiguousarray(model.coefs_[0].T), model.intercepts_[0]
        put_arrays(name, W=W.astype(np.float32), b=b.astype(np.float32))
        print(f"{name}: accuracy {accuracy:.4f} after {model.n_iter_} epochs")
