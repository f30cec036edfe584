"""One search of sign-split in one go and in parts over several processes: seconds, their ratio, peak memory.

    python benchmarks/subtrees.py                                   # n = 12 and 13: minutes
    python benchmarks/subtrees.py --sizes 14,112 15,120 --jobs 2 --jobs 1

Gaussian float32 rows, seed 0, without bias, on R^n. Every search is a process of its own that also writes the compact
certificate, to /dev/null by default; seconds are those of the search alone. The peak is that of the process that
searches or joins; each of the others is smaller. Exit status 1 if a verdict is not `injective`.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path

import numpy as np
from processes import RSS_UNIT, run_measured

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SIZES = ("12,96", "13,104")
HEAD = "| n | m | jobs | seconds | times one | nodes | circuits | peak MB |\n" + "| -: " * 8 + "|"


def search(n: int, m: int, jobs: int, out: str) -> dict[str, object]:
    """What one process does."""
    import exactinj as xi
    from exactinj.alternatives.problem import HomogeneousProblem
    from exactinj.certificates.certificate import Certificate
    from exactinj.injectivity.sign_split import SignSplitEngine
    from exactinj.work.clock import Clock

    layer = xi.ReLULayer(np.random.default_rng(0).standard_normal((m, n)).astype(np.float32))
    problem = HomogeneousProblem(layer, xi.RealSpace().for_dimension(n))
    answer = SignSplitEngine(jobs).decide(problem, Clock())
    if answer.proof is not None:
        proof = Certificate(layer, problem.domain, answer.proof).in_form("compact")
        with Path(out).open("wb") as stream:
            stream.writelines(piece.encode("ascii") for piece in proof.pieces())
    stats = answer.stats
    return {
        "verdict": str(answer.verdict),
        "seconds": stats.seconds,
        "nodes": stats.nodes,
        "circuits": stats.refuters,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT,
    }


def main() -> int:
    """One line of the table after the other; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="N,M")
    parser.add_argument("--jobs", action="append", type=int, help="may be repeated; 1 and 2 by default")
    parser.add_argument("--out", default="/dev/null", help="where the certificate goes")
    parser.add_argument("--one", nargs=3, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(search(*options.one, options.out)))
        return 0
    print(HEAD, flush=True)
    are_proved = True
    for size in options.sizes:
        n, m = size.split(",")
        alone = 0.0
        for jobs in options.jobs or (1, 2):
            finished = run_measured([sys.executable, __file__, "--one", n, m, str(jobs), "--out", options.out])
            found = json.loads(finished.output)
            are_proved &= found["verdict"] == "injective"
            alone = found["seconds"] if jobs == 1 else alone
            ratio = f"{alone / found['seconds']:.2f}" if alone else "-"
            cells = (n, m, jobs, f"{found['seconds']:.1f}", ratio, f"{found['nodes']:,}", f"{found['circuits']:,}")
            print(f"| {' | '.join(map(str, cells))} | {found['peak'] / 1e6:,.0f} |", flush=True)
    return 0 if are_proved else 1


if __name__ == "__main__":
    sys.exit(main())
