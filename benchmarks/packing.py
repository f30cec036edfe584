"""How long a proof by disjoint refuters takes, and how far the rows of the layer may change.

    python benchmarks/packing.py [--sizes 16,400 20,500 ...] [--bias] [--domain box:-1,1]

Gaussian float32 rows, seed 0, one process. Columns: seconds of wall time and of the processor for `certify` under the
assumption full spark, rounds aside; epsilon as in `docs/certificates.md`; megabytes of the certificate, seconds to
write it and for the standard-library checker. Exit status 1 if a layer is not proved or a certificate is rejected.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import exactinj as xi

SIZES = ((16, 400), (20, 500), (30, 1000), (64, 5000))
HEAD = "|  n |  m | wall | processor | epsilon | MB | write | check |\n| -: | -: | -: | -: | -: | -: | -: | -: |"


def main() -> int:
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Proofs by disjoint refuters.")
    parser.add_argument("--sizes", nargs="+", default=SIZES, type=lambda text: tuple(map(int, text.split(","))))
    parser.add_argument("--bias", action="store_true", help="with a normal bias of deviation 0.1")
    parser.add_argument("--domain", default="R^n")
    parser.add_argument("--timeout", type=float, default=300.0)
    options = parser.parse_args()
    print(HEAD)
    return max(measured(n, m, options) for n, m in options.sizes)


def measured(n: int, m: int, options: argparse.Namespace) -> int:
    """One line of the table; 1 if something failed."""
    random = np.random.default_rng(0)
    rows = random.standard_normal((m, n)).astype(np.float32)
    bias = (0.1 * random.standard_normal(m)).astype(np.float32) if options.bias else None
    layer = xi.ReLULayer(rows, bias)
    clocks = time.perf_counter(), time.process_time()
    result = xi.certify(layer, engine="packing", domain=options.domain, assume="full spark", timeout=options.timeout)
    wall, processor = time.perf_counter() - clocks[0], time.process_time() - clocks[1]
    if result.certificate is None:
        print(f"| {n} | {m:,} | {wall:.2f} | {processor:.2f} | {result.verdict}: {result.reason} | | | |", flush=True)
        return 1
    start = time.perf_counter()
    written = result.certificate.to_bytes()
    writing = time.perf_counter() - start
    start = time.perf_counter()
    valid = xi.check(result.certificate, layer).valid
    checking = time.perf_counter() - start - writing
    epsilon = "" if result.robust is None else f"{float(result.robust.epsilon):.1e}"
    figures = f"{wall:.2f} | {processor:.2f} | {epsilon} | {len(written) / 1e6:.2f} | {writing:.2f} | {checking:.2f}"
    print(f"| {n} | {m:,} | {figures} |", flush=True)
    return 0 if valid else 1


if __name__ == "__main__":
    raise SystemExit(main())
