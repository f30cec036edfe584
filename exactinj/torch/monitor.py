"""How injective a layer is while it is trained, epoch by epoch [Eck24, chapters 6.3 and 7.4].

At inputs of the layer, given or collected by a hook: the share p_I of those with active rows that span, the share p_H
of rows with ``alpha_i <= alpha*(X)_i``, the singular values of the active rows, the error of least squares on the
positive rows; and, where n is small, whether the layer is injective, decided exactly.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from exactinj.api import alpha_on, certify, stability_on_data
from exactinj.domains import Region
from exactinj.errors import InputError
from exactinj.layers.dense import ReLULayer
from exactinj.sampling.measures import hamming_share
from exactinj.sampling.points import points_from

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["EpochRecord", "InjectivityMonitor"]

Floats = NDArray[np.float64]
SCALARS = ("p_I", "p_H", "lowest", "highest", "reconstruction_error")


@dataclass(frozen=True)
class EpochRecord:
    """What was seen of the layer after an epoch.

    epoch, points : its number, and at how many inputs it was looked at
    p_I : share of the inputs at which the active rows span R^n
    p_H : share of the rows with ``alpha_i <= alpha*(X)_i``
    lambda_minus, lambda_plus : (points,) floats, the extreme singular values of the active rows at each input
    reconstruction_error : mean distance of some inputs from least squares on their positive rows
    verdict : of `certify`, exact; None if it was not asked for
    """

    epoch: int
    points: int
    p_I: float  # noqa: N815 (the names of the thesis)
    p_H: float  # noqa: N815
    lambda_minus: Floats
    lambda_plus: Floats
    reconstruction_error: float
    verdict: str | None

    @property
    def lowest(self) -> float:
        """The least of `lambda_minus`."""
        return float(self.lambda_minus.min())

    @property
    def highest(self) -> float:
        """The largest of `lambda_plus`."""
        return float(self.lambda_plus.max())

    def to_json(self) -> dict[str, object]:
        """One line of the log: estimates but for `verdict`; the spectra as least, median and largest value."""
        return {
            "epoch": self.epoch,
            "points": self.points,
            "p_I": self.p_I,
            "p_H": self.p_H,
            "lambda_minus": _summary(self.lambda_minus),
            "lambda_plus": _summary(self.lambda_plus),
            "reconstruction_error": self.reconstruction_error,
            "verdict": self.verdict,
        }


class InjectivityMonitor:
    """Measures a ``torch.nn.Linear`` that a ReLU follows, after each epoch.

    In a plain loop call `measure` at the end of an epoch. With Lightning-style trainers pass the monitor as a callback:
    it has ``on_train_epoch_end(trainer, module)``. Without `inputs`, a forward hook keeps the first inputs that the
    layer sees in each epoch; `close` takes it away.

    Parameters
    ----------
    layer : torch.nn.Linear with a bias
    inputs : (M, n) tensor of inputs of this layer where it is looked at, or a DataLoader that hands them out, optional
    count : inputs that the hook keeps in an epoch
    path : file to which a JSON line is added for each epoch, optional
    writer : object with ``add_scalar(name, value, step)``, such as TensorBoard's SummaryWriter, optional
    domain : of the exact verdict, R^n if left out
    exact_up_to : n up to which `certify` is asked; 0 never asks
    timeout : seconds for each verdict, which is unknown beyond
    reconstructed : inputs whose reconstruction is tried
    """

    def __init__(
        self,
        layer: nn.Linear,
        inputs: Tensor | Iterable[Any] | None = None,
        *,
        count: int = 256,
        path: str | Path | None = None,
        writer: Any = None,
        domain: Region | str | None = None,
        exact_up_to: int = 6,
        timeout: float = 10.0,
        reconstructed: int = 16,
    ) -> None:
        if not isinstance(layer, nn.Linear) or layer.bias is None:
            raise InputError(f"found {type(layer).__name__}, expected a torch.nn.Linear with a bias")
        if count < 1 or reconstructed < 1:
            raise InputError(f"found count = {count}, reconstructed = {reconstructed}, expected positive numbers")
        self.layer = layer
        self.inputs = inputs if inputs is None or isinstance(inputs, Tensor) else torch.from_numpy(points_from(inputs))
        self.count, self.path, self.writer = count, None if path is None else Path(path), writer
        self.domain, self.exact_up_to, self.timeout = domain, exact_up_to, timeout
        self.reconstructed = reconstructed
        self.records: list[EpochRecord] = []
        self._seen: list[Tensor] = []
        self._hook = None if inputs is not None else layer.register_forward_hook(self._keep)

    def _keep(self, _module: nn.Module, arguments: tuple[Tensor, ...], _output: Tensor) -> None:
        room = self.count - sum(map(len, self._seen))
        if room > 0:
            self._seen.append(arguments[0].detach().reshape(-1, self.layer.in_features)[:room].cpu())

    def close(self) -> None:
        """Take the hook away."""
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    @torch.no_grad()
    def measure(self, epoch: int | None = None) -> EpochRecord:
        """Look at the layer as it is now; the record is kept, and written where that was asked for."""
        if self.inputs is None and not self._seen:
            raise InputError("found no inputs, expected some: call the layer in between, or give the monitor inputs")
        x = self.inputs if self.inputs is not None else torch.cat(self._seen)
        self._seen = []
        record = self._record(len(self.records) if epoch is None else epoch, x.detach().cpu().double().numpy())
        self.records.append(record)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record.to_json()) + "\n")
        if self.writer is not None:
            for name in SCALARS:
                self.writer.add_scalar(f"injectivity/{name}", getattr(record, name), record.epoch)
        return record

    def on_train_epoch_end(self, trainer: Any = None, module: Any = None) -> None:
        """The callback of Lightning-style trainers."""
        self.measure(getattr(trainer, "current_epoch", None))

    def _record(self, epoch: int, x: Floats) -> EpochRecord:
        weight = self.layer.weight.detach().cpu().double().numpy()
        bias = self.layer.bias.detach().cpu().double().numpy()
        layer = ReLULayer(weight, bias)
        over = stability_on_data(layer, x)
        is_small = layer.n <= self.exact_up_to
        verdict = certify(layer, domain=self.domain, timeout=self.timeout).verdict if is_small else None
        return EpochRecord(
            epoch=epoch,
            points=len(x),
            p_I=1 - over.not_spanning / len(x),
            p_H=hamming_share((-bias).tolist(), alpha_on(layer, x)).value,
            lambda_minus=over.lowest,
            lambda_plus=over.highest,
            reconstruction_error=_reconstruction_error(weight, bias, x[: self.reconstructed]),
            verdict=None if verdict is None else str(verdict),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """p_I and p_H over the epochs, and where the layer was proved injective or not (extra ``plot``)."""
        from exactinj.plotting import plot_training

        return plot_training(self.records, ax)


def _reconstruction_error(weight: Floats, bias: Floats, x: Floats) -> float:
    """Least squares on the rows with positive outputs, of least norm where they do not span [Eck24, section 7.3]."""
    distances = []
    for point in x:
        output = weight @ point + bias
        active = output > 0
        found = np.linalg.lstsq(weight[active], output[active] - bias[active], rcond=None)[0]
        distances.append(float(np.linalg.norm(found - point)))
    return float(np.mean(distances))


def _summary(values: Floats) -> dict[str, float]:
    return {"min": float(values.min()), "median": float(np.median(values)), "max": float(values.max())}
