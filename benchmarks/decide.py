"""Decide the same Gaussian layers with exactinj and with its peers, side by side in one run.

    python benchmarks/decide.py [--sizes 3,21 4,28 ...] [--seeds 3] [--limit 100] [--json FILE]

What is measured, and what each column means, is in ``benchmarks/README.md``. Every question is
answered in a process of its own. Exit status 1 if two tools disagree, if a certificate is rejected,
or if a tool failed; slow is never a failure.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import math
import platform
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from outcome import Answer, Outcome, Question
from processes import Finished, run_measured
from report import Check, Layers, Run, times_table, work_table

HERE = Path(__file__).resolve().parent
CHECKER = HERE.parent / "exactinj" / "checker" / "checker.py"
TOOLS = {  # tool: the module that must be importable, its distribution, the largest n it is asked about
    "exactinj": ("exactinj", "exactinj", 12),
    "tree": ("exactinj", "exactinj", 12),
    "highs": ("highspy", "highspy", 8),
    "cbc": ("pulp", "PuLP", 8),
    "z3": ("z3", "z3-solver", 5),
    "data-depth": ("depth", "data-depth", 7),
}
SIZES = ((3, 21), (4, 28), (5, 35), (6, 42), (7, 49), (8, 56))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status."""
    options = _parser().parse_args(arguments)
    tools = _installed(options.tools)
    groups = [Layers(n, m, options.clock, _runs(tools, n, m, options)) for n, m in options.sizes]
    print(_headline(tools, options, groups), times_table(groups), work_table(groups), sep="\n\n")
    if options.json is not None:
        options.json.write_text(json.dumps(_document(tools, options, groups), indent=1) + "\n")
    return _complain(groups)


# ------------------------------------------------------------------ running


def _runs(tools: Sequence[str], n: int, m: int, options: argparse.Namespace) -> list[Run]:
    """All tools that are asked about this n on all layers of one size, layer by layer."""
    largest = {tool: TOOLS[tool][2] for tool in tools} | dict(options.up_to)
    runs = []
    for seed in range(options.seeds):
        for tool in [tool for tool in tools if n <= largest[tool]]:
            with tempfile.TemporaryDirectory() as folder:
                certificate = str(Path(folder, "certificate.json"))
                run = _ask(Question(tool, n, m, seed, options.limit, options.epsilon, certificate))
            seconds = run.outcome.time.on(options.clock)
            print(f"n={n} m={m} seed={seed} {tool}: {run.outcome.answer} {seconds:.3g} s", file=sys.stderr)
            runs.append(run)
    return runs


def _ask(question: Question) -> Run:
    """One tool in its own process; a certificate that it leaves is checked in another one."""
    finished = run_measured([sys.executable, str(HERE / "worker.py"), question.to_json()])
    check = _lone_check(question.certificate) if Path(question.certificate).exists() else None
    return Run(question, _outcome(finished), finished.peak_bytes, check)


def _outcome(finished: Finished) -> Outcome:
    if finished.status == -signal.SIGALRM:
        return Outcome(Answer.TIMED_OUT, finished.time, {}, "killed")
    if finished.status != 0:
        reason = (finished.errors.strip().splitlines() or ["no message"])[-1]
        return Outcome(Answer.FAILED, finished.time, {}, f"exit status {finished.status}: {reason}")
    return Outcome.from_json(finished.output.splitlines()[-1])


def _lone_check(certificate: str) -> Check:
    finished = run_measured([sys.executable, "-I", str(CHECKER), certificate])
    message = (finished.output + finished.errors).strip()
    return Check(finished.status == 0, finished.time, finished.peak_bytes, message)


# ------------------------------------------------------------------ reporting


def _headline(tools: Sequence[str], options: argparse.Namespace, groups: Sequence[Layers]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in _versions(tools).items())
    times = [run.outcome.time for group in groups for run in group.runs]
    busy = sum(time.wall for time in times) / sum(time.cpu for time in times) if times else 1.0
    return (
        f"Medians over {options.seeds} Gaussian layers a size, {options.clock} seconds. "
        f"Limit {options.limit:g} s a solve (wall).\n"
        f"All runs together took {busy:.2f} times as much wall time as CPU time (1 on an idle machine).\n"
        f"Python {platform.python_version()} on {platform.machine()}; {versions}.\n"
        f"HiGHS and CBC decide a program with margin {options.epsilon:g}: no proof. data-depth computes in floats."
    )


def _versions(tools: Sequence[str]) -> dict[str, str]:
    names = [TOOLS[tool][1] for tool in tools]
    return {name: importlib.metadata.version(name) for name in [*names, "numpy", "numba"]}


def _document(tools: Sequence[str], options: argparse.Namespace, groups: Sequence[Layers]) -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": _versions(tools),
        "limit": options.limit,
        "epsilon": options.epsilon,
        "runs": [run.to_json() for group in groups for run in group.runs],
    }


def _complain(groups: Sequence[Layers]) -> int:
    """Print what is wrong, where nobody can overlook it. Returns the exit status."""
    lines = [line for group in groups for line in group.disagreements()]
    for run in (run for group in groups for run in group.runs):
        asked = f"{run.question.tool} at n = {run.question.n}, m = {run.question.m}, seed {run.question.seed}"
        if run.outcome.answer is Answer.FAILED:
            lines.append(f"FAILED: {asked}: {run.outcome.note}")
        if run.check is not None and not run.check.valid:
            lines.append(f"CERTIFICATE NOT ACCEPTED: {asked}: {run.check.message}")
        if run.question.tool == "exactinj" and run.outcome.answer.decides and run.check is None:
            lines.append(f"NO CERTIFICATE: {asked}")
    if lines:
        print("", "!" * 100, *lines, "!" * 100, sep="\n")
    else:
        print("\nNo two answers differ; the standalone checker accepted every certificate.")
    return 1 if lines else 0


# ------------------------------------------------------------------ options


def _installed(wanted: Sequence[str]) -> list[str]:
    """The tools that can be imported; says which are missing."""
    found = [tool for tool in wanted if importlib.util.find_spec(TOOLS[tool][0]) is not None]
    for tool in wanted:
        if tool not in found:
            print(f"{tool}: not measured, as {TOOLS[tool][1]} is not installed")
    return found


def _size(text: str) -> tuple[int, int]:
    words = text.split(",")
    if len(words) != 2 or not all(map(str.isdecimal, words)) or not 1 <= int(words[0]) <= int(words[1]):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected N,M with 1 <= N <= M, such as 8,56")
    return int(words[0]), int(words[1])


def _limit_on_n(text: str) -> tuple[str, int]:
    tool, _, n = text.partition("=")
    if tool not in TOOLS or not n.isdecimal():
        raise argparse.ArgumentTypeError(f"found {text!r}, expected TOOL=N, such as z3=5")
    return tool, int(n)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"found {text}, expected a positive number")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected at least 1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compare deciders of injectivity on Gaussian layers.")
    parser.add_argument("--sizes", nargs="+", type=_size, default=SIZES, metavar="N,M", help="inputs and rows")
    parser.add_argument("--seeds", type=_count, default=3, metavar="K", help="layers a size: seeds 0 to K-1 (3)")
    parser.add_argument("--limit", type=_positive, default=100.0, metavar="SECONDS", help="for one solve (100)")
    parser.add_argument("--epsilon", type=_positive, default=1e-4, help="margin of the MILP, rows of length 1 (1e-4)")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="seconds to show (wall)")
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS), help="whom to ask")
    parser.add_argument(
        "--up-to",
        nargs="+",
        type=_limit_on_n,
        default=(),
        metavar="TOOL=N",
        help=f"the largest n that a tool is asked about ({', '.join(f'{tool}={TOOLS[tool][2]}' for tool in TOOLS)})",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw numbers")
    return parser


if __name__ == "__main__":
    sys.exit(main())
