"""Figure 5.4 of [Eck24]: point-wise invertibility p_I with the bias of MCBE, randomised smoothing and kernel density.

    python docs/figures/fig_5_4.py [--out FOLDER] [--quick]

Iris and the 8 x 8 digits come with scikit-learn; their layers are the first of its `MLPClassifier` (relu, Adam,
learning rate 0.01), trained on two thirds of the data. MNIST and CIFAR-10 are NOT here, as nothing is downloaded: two
panels have only their *shapes*, n = 784 and n = 3072, with synthetic data (ten Gaussian classes along 20 random
directions, plus noise) and random Gaussian weights, nothing trained.

Scaling: every coordinate has mean 0 and standard deviation 1 on the training points; coordinates that are constant
there become 0. MCBE samples the ball around 0 that just holds the training points, and as a second version the unit
ball, as the thesis names no radius; smoothing has sigma 0.5, kernel density Scott's rule. A repetition draws new
samples; layer and test points stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from common import arguments, draw_boxes, save
from matplotlib import pyplot as plt
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from exactinj import ReLULayer
from exactinj.files.data_sets import Dataset, digits, iris
from exactinj.sampling import sample_alpha
from exactinj.sampling.data_samplers import KernelDensity, Smoothing
from exactinj.sampling.measures import invertible_share
from exactinj.sampling.samplers import Sampler, UniformBall

SIGMA = 0.5
RATE = 0.01
EXACT_SIZE = 10_000  # weights, up to which points are counted exactly; by float products beyond
NAMES = ("MCBE,\nball of\nthe data", "MCBE,\nunit ball", "smoothing", "kernel\ndensity")

Floats = np.ndarray


@dataclass(frozen=True)
class Setting:
    """A layer, its data, scaled, and the number of samples of one estimate."""

    title: str
    weights: Floats
    train: Floats
    test: Floats
    samples: int


def main() -> None:
    """Compute, print, draw."""
    options = arguments(__doc__)
    quick = options.quick
    repetitions = 2 if quick else 10
    makers: list[Callable[[], Setting]] = [
        lambda: trained("Iris", iris(), (8, 27), samples=100),
        lambda: trained("digits", digits(), (128,), samples=2000 if quick else 20_000),
        lambda: synthetic("MNIST shape", 784, samples=300 if quick else 500_000),
        lambda: synthetic("CIFAR-10 shape", 96 if quick else 3072, samples=100 if quick else 500_000),
    ]
    figure, panels = plt.subplots(1, 4, figsize=(17, 5), layout="constrained")
    for axes, make in zip(panels, makers, strict=True):
        setting = make()
        m, n = setting.weights.shape
        columns = [[_share(setting, sampler, seed) for seed in range(repetitions)] for sampler in _samplers(setting)]
        draw_boxes(axes, columns, list(NAMES))
        axes.set_title(f"{setting.title}\nn = {n}, m = {m}, {setting.samples:,} samples", fontsize=10)
        print(f"{setting.title}, n = {n}, m = {m}, {setting.samples:,} samples, {len(setting.test)} test points:")
        for name, column in zip(NAMES, columns, strict=True):
            ends = f"{min(column):.4f} to {max(column):.4f}"
            print(f"  {' '.join(name.split())}: estimate of p_I {np.mean(column):.4f}, {ends}")
    panels[0].set_ylabel("p_I on test points (estimate)")
    figure.suptitle(f"Point-wise invertibility with sampled biases (estimates), {repetitions} repetitions")
    save(figure, options.out, "fig_5_4")


def trained(name: str, data: Dataset, hidden: tuple[int, ...], *, samples: int) -> Setting:
    """The first layer of a classifier trained on two thirds of the data."""
    train, test, labels, test_labels = train_test_split(
        data.points, data.labels, test_size=1 / 3, random_state=0, stratify=data.labels
    )
    train, test = _scaled(train, test)
    model = MLPClassifier(hidden, learning_rate_init=RATE, max_iter=1000, random_state=0).fit(train, labels)
    print(f"{name}: accuracy {model.score(test, test_labels):.3f} on test points after {model.n_iter_} epochs")
    return Setting(f"{name}, trained", np.ascontiguousarray(model.coefs_[0].T), train, test, samples)


def synthetic(name: str, n: int, *, samples: int, points: int = 2000, classes: int = 10, factors: int = 20) -> Setting:
    """Gaussian weights (2n, n) and data around ten centres, close to a random subspace of dimension 20."""
    random = np.random.default_rng(n)
    centres = 2 * random.standard_normal((classes, factors))
    hidden = centres[random.integers(classes, size=points)] + random.standard_normal((points, factors))
    data = hidden @ random.standard_normal((factors, n)) + random.standard_normal((points, n))
    train, test = _scaled(data[: points // 2], data[points // 2 :])
    weights = random.standard_normal((2 * n, n)) / np.sqrt(n)
    return Setting(f"{name}: synthetic data, random W", weights, train, test, samples)


def _scaled(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Both with the mean and the standard deviation of the training points."""
    spread = train.std(axis=0)
    factor = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1), 0)
    return (train - train.mean(axis=0)) * factor, (test - train.mean(axis=0)) * factor


def _samplers(setting: Setting) -> list[Sampler]:
    radius = float(np.linalg.norm(setting.train, axis=1).max())
    return [UniformBall(radius), UniformBall(), Smoothing(setting.train, SIGMA), KernelDensity(setting.train)]


def _share(setting: Setting, sampler: Sampler, seed: int) -> float:
    values = sample_alpha(setting.weights, sampler, samples=setting.samples, seed=seed).values
    if setting.weights.size <= EXACT_SIZE:
        return invertible_share(ReLULayer(setting.weights), values, setting.test).value
    active = np.count_nonzero(setting.test @ setting.weights.T >= values, axis=1)
    return float((active >= setting.weights.shape[1]).mean())


if __name__ == "__main__":
    main()
