"""The frontier: wide layers with certificates, this version beside an earlier one, one job beside several.

    python benchmarks/frontier.py                                       # minutes: n = 12 and the packings
    python benchmarks/frontier.py --sizes 12,84 13,91 14,98 --jobs 2 --before ../exactinj-0.1
    python benchmarks/frontier.py --sizes 15,120 --jobs 2 --limit 900

Gaussian float32 rows, seed 0, the bias zero or normal with deviation 0.1, on R^n or the box [-1, 1]^n. Every question
is a process of its own, `exactinj certify LAYER --out CERTIFICATE`, so times include the start of the interpreter,
reading and writing; then `exactinj check`. Sizes with m >= n (n + 1) are asked with `--assume full-spark`. `--before`
names a checkout of an earlier version with the same dependencies; it is asked without options that it does not know.
Peak memory is that of the largest process. Exit status 1 if a certificate is rejected or two verdicts disagree.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from processes import Finished, run_watched

HERE = Path(__file__).resolve().parent.parent
SIZES = ((12, 84), (16, 400), (20, 500), (64, 5000))
DEVIATION = 0.1
HEAD = (
    "| n | m | layer | version | jobs | verdict | seconds | peak MB | certificate MB | check |\n" + "| -: " * 10 + "|"
)


@dataclass(frozen=True)
class Case:
    """A layer and what is asked about it."""

    n: int
    m: int
    biased: bool
    domain: str

    @property
    def words(self) -> str:
        """For the table."""
        return f"{'normal bias' if self.biased else 'no bias'}, {self.domain}"

    @property
    def is_packed(self) -> bool:
        """Whether n disjoint circuits in general position are possible."""
        return self.m >= self.n * (self.n + 1)

    def write(self, path: Path) -> None:
        """The layer as a file."""
        random = np.random.default_rng(0)
        rows = random.standard_normal((self.m, self.n)).astype(np.float32)
        bias = (DEVIATION * random.standard_normal(self.m) * self.biased).astype(np.float32)
        np.savez(path, W=rows, b=bias)


@dataclass(frozen=True)
class Version:
    """A checkout, and whether it knows the options of this one."""

    name: str
    folder: Path
    is_current: bool

    def run(self, *arguments: str) -> Finished:
        """The command line, measured."""
        os.environ |= {"PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": "1"}  # not what is in the working directory
        return run_watched([sys.executable, "-m", "exactinj", *arguments])


def main() -> int:
    """The command line. Returns the exit status."""
    options = arguments()
    print(HEAD, flush=True)
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases(options):
            verdicts = set()
            for version, jobs in questions(options):
                verdict, valid = ask(case, version, jobs, options, Path(scratch))
                failed |= not valid
                verdicts |= {verdict} & {"injective", "not_injective"}
            failed |= len(verdicts) > 1
    return int(failed)


def arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description="Wide layers with certificates, before and after.")
    parser.add_argument("--sizes", nargs="+", default=SIZES, type=lambda text: tuple(map(int, text.split(","))))
    parser.add_argument("--bias", action="store_true", help="also with a normal bias")
    parser.add_argument("--box", action="store_true", help="also on the box [-1, 1]^n")
    parser.add_argument("--jobs", type=int, nargs="*", default=[1], metavar="N", help="of this version; none for none")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="a checkout of an earlier version")
    parser.add_argument("--limit", type=float, default=300.0, metavar="SECONDS", help="for one decision (300)")
    parser.add_argument("--search-only", action="store_true", help="write no certificates, which grow with the search")
    parser.add_argument("--check", default="", metavar="OPTIONS", help="of exactinj check, such as --fast")
    return parser.parse_args()


def cases(options: argparse.Namespace) -> Iterator[Case]:
    """Every size, plain first."""
    for n, m in options.sizes:
        for biased in (False, True)[: 1 + options.bias]:
            for domain in ("R^n", "box:-1,1")[: 1 + options.box]:
                yield Case(n, m, biased, domain)


def questions(options: argparse.Namespace) -> Iterator[tuple[Version, int]]:
    """The earlier version with one job, this one with each number of jobs."""
    if options.before is not None:
        yield Version("before", options.before.resolve(), is_current=False), 1
    for jobs in options.jobs:
        yield Version("now", HERE, is_current=True), jobs


def ask(case: Case, version: Version, jobs: int, options: argparse.Namespace, scratch: Path) -> tuple[str, bool]:
    """One line of the table: the verdict, and whether what there is of a certificate is valid."""
    layer, certificate = scratch / "layer.npz", scratch / "certificate.json"
    certificate.unlink(missing_ok=True)
    case.write(layer)
    more = ["--assume", "full-spark"] if case.is_packed and version.is_current else []
    more += ["--jobs", str(jobs), "--domain", case.domain, "--timeout", str(options.limit)]
    more += [] if options.search_only else ["--out", str(certificate)]
    done = version.run("certify", str(layer), "--json", *more)
    answer = json.loads(done.output) if done.status in (0, 10, 11, 12) else {"verdict": f"failed: {done.errors[-200:]}"}
    verdict = answer["verdict"]
    size, checked, valid = "", "", not verdict.startswith("failed")
    if verdict in ("injective", "not_injective") and certificate.exists():
        size = f"{certificate.stat().st_size / 1e6:.2f}"
        more = options.check.split() if version.is_current else []
        check = version.run("check", str(certificate), str(layer), *more)
        checked, valid = f"{check.time.wall:.1f}", check.status == 0
        checked += "" if valid else " REJECTED"
    words = verdict if answer.get("assumption") is None else f"{verdict}, if {answer['assumption']}"
    figures = f"{done.time.wall:.1f} | {done.peak_bytes / 1e6:,.0f} | {size} | {checked}"
    print(f"| {case.n} | {case.m:,} | {case.words} | {version.name} | {jobs} | {words} | {figures} |", flush=True)
    return verdict, valid


if __name__ == "__main__":
    raise SystemExit(main())
