"""What evidence costs beside the search: both forms of a certificate, written and checked by both checkers.

    python benchmarks/evidence.py --sizes 8,56 10,70
    python benchmarks/evidence.py --sizes 12,96 --forms compact --checkers fast

Processor seconds of one process a size, after a warm-up that loads compiled code. One seed a size.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

import exactinj as xi
from exactinj import fastcheck

Outcome = TypeVar("Outcome")
HEAD = (
    "|  n |  m | engine | search | form | MB | write | independent check | fast check | (write + fast check) / search |"
)


def timed(work: Callable[[], Outcome]) -> tuple[Outcome, float]:
    """What comes out, and the processor seconds it took."""
    start = time.process_time()
    outcome = work()
    return outcome, time.process_time() - start


def warm_up() -> None:
    """Load the compiled code of both searches and of the fast checker."""
    rows = np.random.default_rng(0).standard_normal((42, 6))
    for engine in ("tree", "sign-split"):
        certificate = xi.certify(rows, engine=engine).certificate
        with tempfile.TemporaryFile() as file:
            file.write(certificate.to_bytes(form="compact"))
            file.seek(0)
            fastcheck.check_stream(file, short=0)


def measure(n: int, m: int, forms: Sequence[str], checkers: Sequence[str]) -> None:
    """Print the lines of one size."""
    warm_up()
    rows = np.random.default_rng(0).standard_normal((m, n))
    for engine in ("sign-split", "tree"):
        result, search = timed(lambda engine=engine: xi.certify(rows, engine=engine))
        if result.verdict is not xi.Verdict.INJECTIVE:
            print(f"n = {n}, m = {m}, {engine}: {result.verdict}")
            continue
        for form in forms:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "c.json"
                _, write = timed(lambda form=form, path=path, found=result.certificate: found.write(path, form=form))
                spent: dict[str, float] = {}
                for checker in checkers:
                    answer, spent[checker] = timed(lambda c=checker, path=path: xi.check(path, rows, checker=c))
                    if not answer.valid:
                        raise SystemExit(f"!!! {checker} rejects: {answer.reason}")
                size = path.stat().st_size / 1e6
            independent, fast = (f"{spent[name]:.3g}" if name in spent else "-" for name in ("independent", "fast"))
            ratio = f"{(write + spent['fast']) / search:.2g}" if "fast" in spent else "-"
            line = (n, m, engine, f"{search:.3g}", form, f"{size:.3g}", f"{write:.3g}", independent, fast, ratio)
            print("| " + " | ".join(map(str, line)) + " |", flush=True)


def main() -> None:
    """One child a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["8,56", "10,70"], metavar="N,M")
    parser.add_argument("--forms", nargs="+", default=["explicit", "compact"], choices=["explicit", "compact"])
    parser.add_argument("--checkers", nargs="+", default=["independent", "fast"], choices=["independent", "fast"])
    options = parser.parse_args()
    print(HEAD, "| -: | -: | --- | -: | --- | -: | -: | -: | -: | -: |", sep="\n", flush=True)
    for size in options.sizes:
        n, m = map(int, size.split(","))
        child = multiprocessing.get_context("spawn").Process(
            target=measure, args=(n, m, options.forms, options.checkers)
        )
        child.start()
        child.join()


if __name__ == "__main__":
    main()
