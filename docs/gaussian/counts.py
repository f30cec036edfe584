"""The exact counts of docs/gaussian-finite.md: one JSON file for each ensemble of random layers, a few KB each.

    python docs/gaussian/counts.py [--results FOLDER] [--only NAME,...] [--jobs N] [--quick]

Verdicts go to ``FOLDER/NAME-N.jsonl``, one line a layer (docs/gaussian/out, which git ignores), and a run that was
stopped goes on from there. The files in docs/gaussian/data hold the counts alone. All of it takes about an hour and a
half of one processor core, most of it n = 9 to 12.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exactinj.gaussian import Ensemble, estimate_curve, estimate_depth, estimate_energy, find_half_point

HERE = Path(__file__).resolve().parent
SEED = 0


@dataclass(frozen=True)
class Plan:
    """One ensemble: for each n how many sequences of rows, where to begin, and which m are counted for the curves."""

    ensemble: Ensemble
    trials: dict[int, int]
    starts: dict[int, int]
    curves: dict[int, range]
    curve_trials: int = 0


def dimensions(first: int, last: int, trials: int) -> dict[int, int]:
    """The same number of sequences for every n."""
    return dict.fromkeys(range(first, last + 1), trials)


PLANS = {
    "gaussian": Plan(
        Ensemble(),
        dimensions(2, 10, 1000) | {8: 2000, 9: 2000, 11: 400, 12: 100},
        {8: 44, 9: 51, 10: 58, 11: 64, 12: 71},
        {
            2: range(4, 16),
            3: range(8, 25),
            4: range(13, 31),
            5: range(18, 36),
            6: range(24, 45),
            7: range(32, 46),
        },
        400,
    ),
    "nonneg": Plan(Ensemble(domain="nonneg"), dimensions(2, 6, 600), {}, {}),
    "signs": Plan(Ensemble(entries="signs"), dimensions(2, 7, 600), {}, {}),
    "sparse": Plan(Ensemble(entries="sparse:1/2"), dimensions(2, 6, 600), {}, {}),
    "bias1": Plan(Ensemble(bias="gaussian:1", domain="ball:1"), dimensions(2, 5, 600), {}, {}),
    "bias01": Plan(Ensemble(bias="gaussian:0.1", domain="ball:1"), dimensions(2, 5, 600), {}, {}),
}
ENERGIES = {2: (range(4, 25, 2), 400), 3: (range(6, 37, 3), 300), 4: (range(8, 45, 4), 150), 5: (range(10, 41, 5), 40)}
NETWORKS = ((1, 3, 6), (1, 4, 8), (1, 4, 8, 16), (2, 7, 10), (2, 8, 12), (2, 10, 14))


def main() -> None:
    """Compute what is not there yet, and write the counts."""
    options = arguments()
    for name in options.only:
        document = BESIDES[name](options) if name in BESIDES else counted(name, options)
        target = options.data / f"{name}.json"
        target.write_text("\n".join(lines(document)) + "\n", encoding="ascii")
        print(target)


def arguments() -> argparse.Namespace:
    """The options; the folders are made."""
    parser = argparse.ArgumentParser(description="Exact counts of random layers.")
    parser.add_argument("--results", type=Path, default=HERE / "out", metavar="FOLDER", help="for verdicts")
    parser.add_argument("--data", type=Path, default=HERE / "data", metavar="FOLDER", help="for counts")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[*PLANS, *BESIDES], metavar="NAME,...")
    parser.add_argument("--dimensions", type=int, default=99, metavar="N", help="only up to this n")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (1)")
    parser.add_argument("--quick", action="store_true", help="a small version, to see that the script runs")
    options = parser.parse_args()
    options.dimensions = 2 if options.quick else options.dimensions
    options.results.mkdir(parents=True, exist_ok=True)
    options.data.mkdir(parents=True, exist_ok=True)
    return options


def counted(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Half-points and curves of one ensemble."""
    plan = PLANS[name]
    document: dict[str, Any] = {
        "entries": plan.ensemble.entries,
        "bias": plan.ensemble.bias,
        "domain": plan.ensemble.domain,
        "seed": SEED,
        "half_points": [],
        "curves": [],
    }
    for n, trials in plan.trials.items():
        if n > options.dimensions:
            continue
        common: dict[str, Any] = {
            "ensemble": plan.ensemble,
            "seed": SEED,
            "results_path": options.results / f"{name}-{n}.jsonl",
            "jobs": options.jobs,
        }
        found = find_half_point(n, trials=20 if options.quick else trials, start=plan.starts.get(n), **common)
        document["half_points"].append({"trials": found.points[0].trials, **found.to_json()})
        if n in plan.curves:
            size = 20 if options.quick else plan.curve_trials
            document["curves"] += [c.to_json() for c in estimate_curve(n, plan.curves[n], trials=size, **common)]
    return document


def energies(options: argparse.Namespace) -> dict[str, Any]:
    """Ground states of Gaussian layers."""
    found = []
    for n, (rows, trials) in ENERGIES.items():
        if n <= options.dimensions:
            size = 5 if options.quick else trials
            found += [estimate_energy(n, m, trials=size, seed=SEED, jobs=options.jobs).to_json() for m in rows]
    return {"seed": SEED, "energies": found}


def networks(options: argparse.Namespace) -> dict[str, Any]:
    """Verdicts about random networks."""
    size, chosen = (3, NETWORKS[:1]) if options.quick else (100, NETWORKS)
    found = [estimate_depth(widths, trials=size, seed=SEED, jobs=options.jobs).to_json() for widths in chosen]
    return {"seed": SEED, "networks": found}


BESIDES = {"energy": energies, "depth": networks}


def lines(document: dict[str, Any]) -> Iterator[str]:
    """JSON with one line for each entry of a list."""
    parts = []
    for key, value in document.items():
        text = json.dumps(value)
        if isinstance(value, list) and value:
            text = "[\n" + ",\n".join(f"  {json.dumps(entry)}" for entry in value) + "\n ]"
        parts.append(f" {json.dumps(key)}: {text}")
    yield "{\n" + ",\n".join(parts) + "\n}"


if __name__ == "__main__":
    main()
