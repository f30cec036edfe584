"""First layers of small convolutional classifiers of the handwritten digits of scikit-learn.

    python casebook/make/train_digits_convolution.py

8 x 8 pixels in 0..16, divided by 16; 3x3 kernels with bias, a ReLU, one linear layer; Adam with rate 0.01, 60 epochs
in batches of 128, one thread, seed 0. Needs torch and scikit-learn. Other versions may change the last bits of the
weights; the stored arrays (torch 2.13.0, CPU) are the cases.
"""

from __future__ import annotations

import numpy as np
import torch
from casefile import put_arrays
from sklearn.datasets import load_digits

# case: (kernels, padding); all 1797 images are used, accuracy is on them.
RUNS = {
    "conv-digits": (16, 0),  # accuracy 1.0000
    "conv-digits-zero-padded": (8, 1),  # accuracy 1.0000
}
EPOCHS, BATCH, RATE = 60, 128, 0.01


def train(kernels: int, padding: int) -> tuple[torch.nn.Conv2d, float]:
    """A trained first layer and the accuracy of its classifier on all digits."""
    torch.manual_seed(0)
    points, labels = load_digits(return_X_y=True)
    images = torch.tensor(points / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    kinds = torch.tensor(labels)
    first = torch.nn.Conv2d(1, kernels, 3, padding=padding)
    outputs = kernels * first(images[:1]).shape[-1] ** 2
    model = torch.nn.Sequential(first, torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(outputs, 10))
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(BATCH):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(images[batch]), kinds[batch]).backward()
            optimiser.step()
    return first, float((model(images).argmax(1) == kinds).double().mean())


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name, (kernels, padding) in RUNS.items():
        layer, accuracy = train(kernels, padding)
        geometry = {"padding": np.array(padding)} if padding else {}
        put_arrays(name, kernels=layer.weight.detach().numpy(), b=layer.bias.detach().numpy(), **geometry)
        print(f"{name}: accuracy {accuracy:.4f}")
