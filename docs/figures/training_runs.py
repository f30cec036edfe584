"""Data, networks and training of chapters 6.3 and 7 of [Eck24], for the scripts beside this one.

What the thesis says: normalised data, Adam with learning rate 0.01, the layers of appendix A.1, alpha*(X) anew for each
batch, both measures on the test points, m/n = 2, 25 repetitions on Iris. What it leaves open is chosen here: a third of
the data for testing (stratified), and in `Choices` epochs, batch, lambda, sigma and the points that alpha*(X) looks at.

Iris has n = 4 here, all four measurements; the thesis says 3 and not which. MNIST and CIFAR-10 are read from files that
the user has. Without them the 8 x 8 digits of scikit-learn stand in their place: as they are for MNIST, and with each
pixel doubled in both directions (16 x 16, so that the convolutions have room) for CIFAR-10. The convolutional network
has padding 1 in CONV1 and none in CONV5, as 6 x 6 is not reached otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from exactinj import Ball, ReLULayer, alpha_star
from exactinj.files.data_sets import Dataset, digits, iris, read_cifar10, read_mnist
from exactinj.torch import MCBERegularizer

__all__ = [
    "CHOICES",
    "METHODS",
    "Choices",
    "Problem",
    "Run",
    "digits_problem",
    "image_problem",
    "iris_problem",
    "train",
]

METHODS = ("regularised", "enforced", "plain")
CIFAR_NAMES = [f"data_batch_{k}.bin" for k in range(1, 6)]


@dataclass(frozen=True)
class Choices:
    """What the thesis leaves open: epochs, batch size, the factor lambda, and what alpha*(X) looks at.

    The rate is its 0.01, but for the convolutional network, which does not learn the digits with it: accuracy 0.25 and
    a twentieth of FC1 active after 4 epochs; 0.72 with 0.003.

    That is, for each batch, noisy copies of it with the standard deviation sigma, beside the points of earlier batches
    that still set a value; or, with `fresh`, so many new points of smoothing of all training points, and no old ones.
    """

    epochs: int
    batch: int
    factor: float
    sigma: float
    copies: int
    fresh: int = 0
    rate: float = 0.01


CHOICES = {
    "Iris": Choices(epochs=100, batch=16, factor=0.03, sigma=0.5, copies=8, fresh=100),
    "digits": Choices(epochs=20, batch=64, factor=0.1, sigma=0.5, copies=1),
    "images": Choices(epochs=25, batch=64, factor=10.0, sigma=0.5, copies=1, rate=0.003),
}


@dataclass(frozen=True, eq=False)
class Problem:
    """Data, and how to make the network; its layer number `watched`, a ``torch.nn.Linear``, is what is looked at."""

    name: str
    train: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]
    network: Callable[[], nn.Sequential]
    watched: int
    choices: Choices

    @property
    def radius(self) -> float:
        """Of the ball that just holds the training points."""
        return float(torch.linalg.vector_norm(self.train[0], dim=1).max())


@dataclass(frozen=True, eq=False)
class Run:
    """A trained network: accuracy on the test points after each epoch, the layer, its inputs at the test points."""

    accuracies: list[float]
    layer: nn.Linear
    inputs: Tensor

    @property
    def exact(self) -> ReLULayer:
        """The layer as rationals."""
        return ReLULayer.from_torch(self.layer)

    @property
    def alpha(self) -> list[float]:
        """``-bias``, exactly."""
        return (-self.layer.bias.detach().double()).tolist()


def iris_problem(seed: int = 0, redundancy: int = 2, n: int = 4) -> Problem:
    """Appendix A.1.1: FC1 with m rows, FC2 with 27, an output layer with 3; m/n = 2 or 3."""

    def network() -> nn.Sequential:
        m = n * redundancy
        return nn.Sequential(nn.Linear(n, m), nn.ReLU(), nn.Linear(m, 27), nn.ReLU(), nn.Linear(27, 3))

    data = iris()
    return Problem(
        "Iris", *_halves(Dataset("iris", data.points[:, :n], data.labels), seed), network, 0, CHOICES["Iris"]
    )


def digits_problem(folder: Path | None, seed: int = 0, redundancy: int = 2) -> Problem:
    """Appendix A.1.2: FC1 with m = 2n rows and an output layer with 10; MNIST if there is a folder with its files."""
    if folder is None:
        name, halves = "digits 8 x 8 (for MNIST)", _halves(digits(), seed)
    else:
        name, halves = "MNIST", _normalised(_mnist(folder, "train"), _mnist(folder, "t10k"))
    n = halves[0][0].shape[1]

    def network() -> nn.Sequential:
        return nn.Sequential(nn.Linear(n, redundancy * n), nn.ReLU(), nn.Linear(redundancy * n, 10))

    return Problem(name, *halves, network, 0, CHOICES["digits"])


def image_problem(folder: Path | None, seed: int = 0, redundancy: int = 2) -> Problem:
    """Appendix A.1.3, FC2 looked at: the convolutions, FC1 to FC4; CIFAR-10 if there is a folder with its files."""
    if folder is None:
        name, halves, channels, side = "digits 16 x 16 (for CIFAR-10)", _halves(_doubled(digits()), seed), 1, 16
    else:
        parts = read_cifar10([folder / name for name in CIFAR_NAMES]), read_cifar10(folder / "test_batch.bin")
        name, halves, channels, side = "CIFAR-10", _normalised(*parts), 3, 32

    def network() -> nn.Sequential:
        return _convolutional(channels, side, redundancy)

    watched = next(k for k, part in enumerate(network()) if isinstance(part, nn.Linear) and part.in_features == FC1)
    return Problem(name, *halves, network, watched, CHOICES["images"])


FC1 = 256


def _convolutional(channels: int, side: int, redundancy: int) -> nn.Sequential:
    rest = side // 4 - 2
    return nn.Sequential(
        nn.Unflatten(1, (channels, side, side)),
        nn.Conv2d(channels, 8, 3, padding=1),
        nn.Conv2d(8, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Conv2d(64, 128, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(128, 256, 3),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(rest * rest * 256, FC1),
        nn.ReLU(),
        nn.Linear(FC1, redundancy * FC1),
        nn.ReLU(),
        nn.Linear(redundancy * FC1, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def train(
    problem: Problem,
    method: str,
    seed: int,
    *,
    choices: Choices | None = None,
    is_lowered: bool = True,
    after_epoch: Callable[[Run], None] | None = None,
) -> Run:
    """One network, by one of `METHODS` or ``exact``, whose alpha* is the exact one on the ball of the data.

    With ``exact``, the bias is lowered to it in the end if `is_lowered`.
    """
    chosen = choices or problem.choices
    torch.manual_seed(seed)
    net = problem.network()
    layer, before = net[problem.watched], net[: problem.watched]
    guard = _Guard(problem, method, chosen, layer)
    optimizer = torch.optim.Adam(net.parameters(), chosen.rate)
    x, y = problem.train
    run = Run([], layer, torch.empty(0))
    for _ in range(chosen.epochs):
        net.train()
        guard.start_epoch()
        for part in torch.randperm(len(x)).split(chosen.batch):
            inputs = before(x[part])
            guard.start_batch(inputs)
            loss = nn.functional.cross_entropy(net[problem.watched :](inputs), y[part]) + guard.term()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        guard.end_epoch()
        run = Run([*run.accuracies, _accuracy(net, problem.test)], layer, _inputs(net, before, problem.test[0]))
        if after_epoch is not None:
            after_epoch(run)
    if method == "exact" and is_lowered:
        lower_bias_(layer, problem.radius)
    return run


class _Guard:
    """What a method does to the layer or the loss, batch by batch."""

    def __init__(self, problem: Problem, method: str, chosen: Choices, layer: nn.Linear) -> None:
        self.problem, self.method, self.chosen, self.layer = problem, method, chosen, layer
        self.regularizer = MCBERegularizer(layer, every=1, sigma=chosen.sigma, copies=chosen.copies)
        self.points = torch.empty(0)
        self.bound = torch.empty(0)

    def start_epoch(self) -> None:
        if self.method == "exact":
            self.bound = exact_bound(self.layer, self.problem.radius)

    def start_batch(self, inputs: Tensor) -> None:
        """The points that alpha*(X) looks at: the batch, or new ones by smoothing; the bias, where it is enforced."""
        self.points = inputs
        if self.chosen.fresh:
            x = self.problem.train[0]
            drawn = x[torch.randint(len(x), (self.chosen.fresh,))]
            self.points = drawn + self.chosen.sigma * torch.randn_like(drawn)
            self.regularizer = MCBERegularizer(self.layer)
        if self.method == "enforced":
            self._enforce()

    def term(self) -> Tensor | float:
        """What is added to the loss."""
        if self.method == "regularised":
            return self.chosen.factor * self.regularizer(self.points)
        if self.method == "exact":
            return self.chosen.factor * torch.linalg.vector_norm(torch.clamp(self.layer.bias + self.bound, max=0))
        return 0.0

    def end_epoch(self) -> None:
        if self.method == "enforced":  # for the weights after the last step
            self._enforce()

    def _enforce(self) -> None:
        self.regularizer.update(self.points)
        self.regularizer.enforce_()


def exact_bound(layer: nn.Linear, radius: float) -> Tensor:
    """The exact alpha* on the ball of that radius, as floats below it."""
    found = alpha_star(ReLULayer(layer.weight.detach().double().numpy()), domain=Ball(radius))
    return torch.tensor([np.nextafter(np.float32(value), np.float32(-np.inf)) for value in map(float, found.floor(40))])


@torch.no_grad()
def lower_bias_(layer: nn.Linear, radius: float) -> None:
    """Set alpha to min(alpha, alpha*): exactly at most alpha*: rectifying on the ball, for rows of full spark."""
    layer.bias.copy_(torch.maximum(layer.bias, -exact_bound(layer, radius)))


@torch.no_grad()
def _accuracy(net: nn.Sequential, test: tuple[Tensor, Tensor]) -> float:
    net.eval()
    return float((net(test[0]).argmax(dim=1) == test[1]).double().mean())


@torch.no_grad()
def _inputs(net: nn.Sequential, before: nn.Sequential, x: Tensor) -> Tensor:
    net.eval()
    found: Tensor = before(x)
    return found


def _halves(data: Dataset, seed: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Two thirds to train on and one third to test on."""
    parts = train_test_split(data.points, data.labels, test_size=1 / 3, random_state=seed, stratify=data.labels)
    return _normalised(Dataset("", parts[0], parts[2]), Dataset("", parts[1], parts[3]))


def _normalised(train: Dataset, test: Dataset) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Coordinates with mean 0 and standard deviation 1 on the training points; constant ones become 0."""
    mean, spread = train.points.mean(axis=0), train.points.std(axis=0)
    factor = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1), 0)
    tensors = [
        (torch.tensor((part.points - mean) * factor, dtype=torch.float32), torch.tensor(part.labels))
        for part in (train, test)
    ]
    return tensors[0], tensors[1]


def _mnist(folder: Path, name: str) -> Dataset:
    images, labels = (next(iter(sorted(folder.glob(f"{name}-{kind}-*")))) for kind in ("images", "labels"))
    return read_mnist(images, labels)


def _doubled(data: Dataset) -> Dataset:
    images = data.points.reshape(-1, 8, 8).repeat(2, axis=1).repeat(2, axis=2)
    return Dataset(data.name, images.reshape(len(images), -1), data.labels)
