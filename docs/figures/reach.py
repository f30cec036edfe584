"""The reach map: what is decided about Gaussian layers within a minute, and how, from n = 4 to n = 128.

    python docs/figures/reach.py [--out FOLDER] [--jobs N] [--limit SECONDS] [--quick]

One layer a cell, standard normal float32 rows without bias, on R^n. `certify` chooses the engine; where its search
does not end in time, disjoint refuters are asked about full spark, with as much time again. Results go to
``reach.jsonl`` beside the picture, one line a layer; run it again to go on, delete lines to ask again.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import joblib
import numpy as np
from common import HERE, save
from matplotlib import pyplot as plt
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

import exactinj as xi

DIMENSIONS = (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 24, 32, 40, 48, 64, 96, 128)
RATIOS = (2.0, 3.0, 4.0, 5.0, 5.5, 6.0, 6.5, 7.0, 8.0, 10.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0)
BEYOND = (1.25, 1.5, 2.0)  # times n: n disjoint circuits in general position have n (n + 1) rows
QUICK_DIMENSIONS, QUICK_RATIOS = (4, 6, 16), (3.0, 6.0, 16.0)
SEARCHED = 14  # up to here the automatic choice is a search; above, disjoint refuters are asked first anyway
THRESHOLD = 6.698  # conjectured for n to infinity [MBB+23]

COLLISION, PROOF, FULL_SPARK, OPEN = "collision", "proof", "proof under full spark", "unknown"
LOOKS = {  # marker and colour: each tells the four apart without the other
    COLLISION: ("o", "#d95f02"),
    PROOF: ("s", "#1f4e9c"),
    FULL_SPARK: ("D", "#5ab4ac"),
    OPEN: ("x", "#888888"),
}


@dataclass(frozen=True)
class Question:
    """One layer and the seconds for each attempt."""

    n: int
    m: int
    seed: int
    limit: float


@dataclass(frozen=True)
class Reply:
    """What came of it: `how` is one of the four words of the picture; seconds of wall time for all attempts."""

    n: int
    m: int
    seed: int
    limit: float
    how: str
    engine: str
    seconds: float

    @property
    def question(self) -> Question:
        """What was asked."""
        return Question(self.n, self.m, self.seed, self.limit)


def main() -> None:
    """Compute what is not there yet, print the counts, draw."""
    options = arguments()
    path = options.out / f"reach{'_quick' * options.quick}.jsonl"
    replies = known(path)
    answered = {reply.question for reply in replies}
    wanted = list(questions(quick=options.quick, limit=options.limit))
    missing = [question for question in wanted if question not in answered]
    with path.open("a", encoding="ascii") as file:
        for reply in answers(missing, options.jobs):
            file.write(json.dumps(asdict(reply)) + "\n")
            file.flush()
            replies.append(reply)
    shown = [reply for reply in replies if reply.question in set(wanted)]
    for how in LOOKS:
        print(f"{sum(reply.how == how for reply in shown):4} of {len(shown)} layers: {how}")
    figure, axes = plt.subplots(figsize=(9, 6.5), layout="constrained")
    draw(axes, shown, options.limit)
    save(figure, options.out, f"reach{'_quick' * options.quick}")


def arguments() -> argparse.Namespace:
    """The options; the folder is made."""
    parser = argparse.ArgumentParser(description="What is decided about Gaussian layers, and how.")
    parser.add_argument("--out", type=Path, default=HERE / "out", metavar="FOLDER", help="for the picture and results")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="layers at the same time, one core each")
    parser.add_argument("--limit", type=float, default=60.0, metavar="SECONDS", help="for each attempt (60)")
    parser.add_argument("--quick", action="store_true", help="a small version, to see that the script runs")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    return options


def questions(*, quick: bool, limit: float) -> Iterator[Question]:
    """Ratios m / n from 2 to n and beyond; the largest layers come first, so that no core waits in the end."""
    dimensions, ratios = (QUICK_DIMENSIONS, QUICK_RATIOS) if quick else (DIMENSIONS, RATIOS)
    cells = [(n, round(ratio * n)) for n in dimensions for ratio in ratios if ratio <= n]
    cells += [(n, round(factor * n * n)) for n in dimensions for factor in BEYOND]
    for n, m in sorted(cells, reverse=True):
        yield Question(n, m, 0, limit)


def answers(open_questions: Sequence[Question], jobs: int) -> Iterable[Reply]:
    """The replies in whatever order they come."""
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        pool = joblib.Parallel(n_jobs=min(jobs, max(len(open_questions), 1)), return_as="generator_unordered")
        yield from pool(joblib.delayed(answer)(question) for question in open_questions)


def answer(question: Question) -> Reply:
    """Ask about one layer."""
    os.environ["OMP_NUM_THREADS"] = "1"
    xi.certify(xi.ReLULayer(np.random.default_rng(0).standard_normal((12, 3))))  # load the compiled code
    rows = np.random.default_rng(question.seed).standard_normal((question.m, question.n)).astype(np.float32)
    layer, started = xi.ReLULayer(rows), perf_counter()
    result = xi.certify(layer, timeout=question.limit, assume="full spark")
    if result.verdict not in (xi.Verdict.INJECTIVE, xi.Verdict.NOT_INJECTIVE) and question.n <= SEARCHED:
        result = xi.certify(layer, timeout=question.limit, assume="full spark", engine="packing")
    seconds = round(perf_counter() - started, 2)
    return Reply(question.n, question.m, question.seed, question.limit, word(result), result.engine, seconds)


def word(result: xi.Result) -> str:
    """One of the four."""
    if result.verdict is xi.Verdict.NOT_INJECTIVE:
        return COLLISION
    if result.verdict is xi.Verdict.INJECTIVE:
        return PROOF if result.assumption is None else FULL_SPARK
    return OPEN


def known(path: Path) -> list[Reply]:
    """What earlier runs wrote; a last line without its end, of a run that was killed, is cut off."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        path.write_bytes(whole)
    return [Reply(**json.loads(line)) for line in whole.splitlines()]


def draw(axes: Any, replies: Sequence[Reply], limit: float) -> None:
    """One mark a layer."""
    for how, (marker, colour) in LOOKS.items():
        cells = [(reply.m / reply.n, reply.n) for reply in replies if reply.how == how]
        if cells:
            axes.scatter(*zip(*cells, strict=True), marker=marker, s=34, color=colour, label=how, zorder=3)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    ends = sorted({reply.n for reply in replies})
    axes.plot([ends[0], ends[-1]], [ends[0], ends[-1]], color="black", linewidth=0.8, linestyle=":")
    axes.annotate("m = n²", (ends[-1], ends[-1]), xytext=(-4, 6), textcoords="offset points", fontsize=8, ha="right")
    axes.axvline(THRESHOLD, color="red", linewidth=0.8, linestyle="--")
    axes.annotate("6.698, conjectured", (THRESHOLD, ends[0]), xytext=(4, -11), textcoords="offset points", fontsize=8)
    across, up = (2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256), (4, 8, 14, 20, 32, 64, 128)
    for axis, ticks in ((axes.xaxis, across), (axes.yaxis, up)):
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_xlabel("rows by inputs, m / n")
    axes.set_ylabel("inputs n")
    axes.set_title(f"Gaussian layers, decided within {limit:g} s an attempt on one core", fontsize=11)
    axes.legend(loc="lower right", fontsize=9)


if __name__ == "__main__":
    main()
