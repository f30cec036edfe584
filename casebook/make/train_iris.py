"""First layers of small classifiers trained on Fisher's Iris data.

    python casebook/make/train_iris.py

Four measurements, standardised, three kinds of iris, one hidden ReLU layer of m units with bias.
Everything is scikit-learn's default (Glorot uniform weights and biases, Adam, penalty 1e-4, batches
of 150), but for `max_iter`, large enough for training to stop by itself. Another BLAS may change the
last bits of the weights; the stored arrays are the cases.
"""

from __future__ import annotations

import numpy as np
from casefile import put_arrays
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

# case: (hidden units, seed); all 150 flowers are used, accuracy is on them.
RUNS = {
    "iris-m8": (8, 0),  # accuracy 0.9733 after 1101 epochs
    "iris-m16": (16, 4),  # accuracy 0.9800 after 937 epochs
    "iris-m20": (20, 0),  # accuracy 0.9733 after 882 epochs
    "iris-m32": (32, 0),  # accuracy 0.9733 after 690 epochs
}


def train(units: int, seed: int) -> tuple[MLPClassifier, float]:
    """A trained classifier with so many hidden units, and its accuracy on all flowers."""
    inputs, kinds = load_iris(return_X_y=True)
    inputs = StandardScaler().fit_transform(inputs)
    model = MLPClassifier(hidden_layer_sizes=(units,), max_iter=2000, random_state=seed)
    with threadpool_limits(limits=1):
        model.fit(inputs, kinds)
    return model, model.score(inputs, kinds)


if __name__ == "__main__":
    for name, (units, seed) in RUNS.items():
        model, accuracy = train(units, seed)
        put_arrays(name, W=np.ascontiguousarray(model.coefs_[0].T), b=model.intercepts_[0])
        print(f"{name}: accuracy {accuracy:.4f} after {model.n_iter_} epochs")
