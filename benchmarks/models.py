"""Scans of published models: what is proved, what collides, what stays open, and how the pairs replay.

    python benchmarks/models.py [--only WORD] [--timeout 300] [--layer-timeout 20] [--rows]

Looks for the models in the packages `silero-vad`, `basic-pitch`, `facenet-pytorch` and `onnx` as far as they are
installed, whose code is not run; seeded networks in the shapes of well-known
architectures come with it. Prints a table in Markdown; with --rows every row of every scan with its reason before it.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from timing import Stopwatch

import exactinj as xi

SILERO = {"input_shape": (1, 576), "fixed": {"sr": 16000}, "domain": "box:-1,1"}


@dataclass(frozen=True)
class Case:
    """A model, or what makes it, and the options of the scan."""

    name: str
    model: Callable[[], Any]
    options: dict[str, Any]

    @property
    def words(self) -> str:
        shape = self.options.get("input_shape")
        return f"{'every size' if shape is None else 'x'.join(map(str, shape))}, {self.options.get('domain', 'R^n')}"


def folder_of(package: str) -> Path | None:
    """Where a package is, without its code being run."""
    found = importlib.util.find_spec(package)
    return None if found is None or found.origin is None else Path(found.origin).parent


def files() -> Iterator[Case]:
    """The models that are files of installed packages."""
    silero, pitch = folder_of("silero_vad"), folder_of("basic_pitch")
    if silero is not None:
        for name in ("silero_vad_op18_ifless.onnx", "silero_vad_16k_op15.onnx"):
            yield of_file(silero / "data" / name, **SILERO)
        yield of_file(silero / "data" / "silero_vad_16k.safetensors")
    if pitch is not None:
        yield of_file(pitch / "saved_models" / "icassp_2022" / "nmp.onnx", input_shape=(1, 43844, 1))
    facenet = folder_of("facenet_pytorch")
    if facenet is not None:
        yield of_file(facenet / "data" / "pnet.pt")


def of_file(place: Path, **options: Any) -> Case:
    """A model file."""
    return Case(place.name, lambda: place, options)


def modules() -> Iterator[Case]:
    """The models that are modules of torch."""
    if importlib.util.find_spec("torch") is None:
        return
    if folder_of("facenet_pytorch") is not None:
        yield Case("PNet of facenet-pytorch", pnet, {"input_shape": (1, 3, 12, 12), "domain": "box:-1,1"})
        yield Case("PNet of facenet-pytorch", pnet, {"input_shape": (1, 3, 48, 48)})
    yield Case("in the shape of VGG, seeded", vgg, {"input_shape": (1, 3, 16, 16), "domain": "box:0,1"})
    yield Case("in the shape of ResNet, seeded", resnet, {"input_shape": (1, 3, 16, 16), "domain": "box:0,1"})
    yield Case("generator in the shape of DCGAN, seeded", generator, {"input_shape": (1, 16)})


def pnet() -> Any:
    """P-Net of MTCNN (Zhang et al., 2016) with the trained weights of the package, whose code need not be imported."""
    import torch
    from torch import nn

    class PNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.prelu1 = nn.Conv2d(3, 10, 3), nn.PReLU(10)
            self.pool1 = nn.MaxPool2d(2, 2, ceil_mode=True)
            self.conv2, self.prelu2 = nn.Conv2d(10, 16, 3), nn.PReLU(16)
            self.conv3, self.prelu3 = nn.Conv2d(16, 32, 3), nn.PReLU(32)
            self.conv4_1, self.conv4_2 = nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            x = self.pool1(self.prelu1(self.conv1(x)))
            x = self.prelu3(self.conv3(self.prelu2(self.conv2(x))))
            return self.conv4_2(x), torch.softmax(self.conv4_1(x), dim=1)

    place, module = folder_of("facenet_pytorch"), PNet()
    if place is None:
        raise FileNotFoundError("facenet_pytorch")
    module.load_state_dict(torch.load(place / "data" / "pnet.pt", weights_only=True))
    return module.eval()


def vgg() -> Any:
    """Two stages of 3x3 convolutions and poolings."""
    from torch import nn

    seeded()
    conv = [nn.Conv2d(3, 64, 3, padding=1), nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 128, 3, padding=1)]
    stages = [conv[0], nn.ReLU(), conv[1], nn.ReLU(), nn.MaxPool2d(2), conv[2], nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*stages, nn.Flatten(), nn.Linear(128 * 16, 10)).eval()


def resnet() -> Any:
    """A stem with a stride and one block with batch normalisation and a skip."""
    import torch
    from torch import nn

    seeded()

    class Block(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.norms = nn.ModuleList([nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)])

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            hidden = torch.relu(self.norms[0](self.first(x)))
            return torch.relu(x + self.norms[1](self.second(hidden)))

    stem = [nn.Conv2d(3, 16, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*stem, Block(16), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)).eval()


def generator() -> Any:
    """A code of 16 numbers to a 3x8x8 picture, with leaky ReLUs behind and a tanh at the end."""
    from torch import nn

    seeded()
    return nn.Sequential(
        nn.Linear(16, 400), nn.ReLU(), nn.Linear(400, 64 * 16), nn.LeakyReLU(0.2), nn.Unflatten(1, (64, 4, 4)),
        nn.Upsample(scale_factor=2), nn.Conv2d(64, 3, 3, padding=1), nn.Tanh(),
    ).eval()  # fmt: skip


def seeded() -> None:
    """Before a module is made."""
    import torch

    torch.manual_seed(0)


def lights() -> Iterator[Case]:
    """The large graphs without weights that `onnx` tests itself with; only read and told what is in the way."""
    package = folder_of("onnx")
    for place in sorted(package.glob("backend/test/data/light/*.onnx")) if package is not None else ():
        yield of_file(place)


def measured(case: Case, args: argparse.Namespace) -> str:
    """The row of one model."""
    watch = Stopwatch()
    try:
        model = case.model()
        with watch:
            result = xi.scan(model, timeout=args.timeout, layer_timeout=args.layer_timeout, **case.options)
    except xi.InputError as error:
        return f"| {case.name} | {case.words} | | refused: {error} | | {watch.elapsed.wall:.0f} |"
    if args.rows:
        print(f"\n{case.name}, {case.words}")
        for row in result.layers:
            print(f"  {row.name} {row.kind} {row.inputs} {row.outputs} {row.domain}: {row.verdict}, {row.reason}")
        print("  notes:", *result.notes, sep="\n    ")
    verdicts = [row.verdict for row in result.layers]
    counts = [verdicts.count(verdict) for verdict in (xi.Verdict.INJECTIVE, xi.Verdict.NOT_INJECTIVE)]
    counts.append(len(verdicts) - sum(counts))
    whole = result.network
    replays = {} if whole.witness is None else whole.witness.float_replay
    seen = "; ".join(f"{name}: {replay_words(found)}" for name, found in replays.items() if name != "float64")
    answer = f"{whole.verdict}: {whole.reason}"
    rows = ", ".join(map(str, counts))
    return f"| {case.name} | {case.words} | {rows} | {answer} | {seen} | {watch.elapsed.wall:.0f} |"


def replay_words(found: dict[str, Any]) -> str:
    """Short."""
    if "error" in found:
        return str(found["error"])
    return "bit-equal" if found["outputs_equal"] else f"{found['largest_ulp']} ulps apart"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a word in the names")
    parser.add_argument("--timeout", type=float, default=300.0)
    parser.add_argument("--layer-timeout", type=float, default=20.0)
    parser.add_argument("--rows", action="store_true", help="every row with its reason")
    parser.add_argument("--light", action="store_true", help="the large graphs of the package onnx as well")
    args = parser.parse_args()
    print("| model | input | rows: injective, not, open | the whole network | replayed in float32 | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for case in [*files(), *modules(), *(lights() if args.light else ())]:
        if args.only in case.name:
            print(measured(case, args), flush=True)


if __name__ == "__main__":
    main()
