"""Runs to tables: medians over seeds, ratios, and whether the answers agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from outcome import Answer, Outcome, Question
from timing import Elapsed

MILP_TOOLS = ("highs", "cbc")
MEGABYTE = 1e6
NONE = "-"
WORDS = {Answer.INJECTIVE: "yes", Answer.NOT_INJECTIVE: "no"}


@dataclass(frozen=True)
class Check:
    """The standalone checker on the certificate of one run: its own process, interpreter start included."""

    valid: bool
    time: Elapsed
    peak_bytes: int
    message: str


@dataclass(frozen=True)
class Run:
    """One tool on one layer. `peak_bytes` is that of the tool's whole process."""

    question: Question
    outcome: Outcome
    peak_bytes: int
    check: Check | None = None

    def to_json(self) -> dict[str, object]:
        """The raw numbers. The certificate itself is not kept."""
        question = asdict(self.question)
        del question["certificate"]
        return {
            **question,
            **asdict(self.outcome),
            "peak_bytes": self.peak_bytes,
            "check": None if self.check is None else asdict(self.check),
        }


@dataclass(frozen=True, order=True)
class Time:
    """Seconds, or a lower bound on them when a run was stopped by the limit. Stopped ones sort last."""

    stopped: bool
    seconds: float

    def __str__(self) -> str:
        return f"{'> ' if self.stopped else ''}{_number(self.seconds)}"

    def over(self, other: Time) -> str:
        """How many times longer than the other."""
        if other.stopped:
            return NONE
        return f"{'> ' if self.stopped else ''}{_number(self.seconds / other.seconds)}"


@dataclass(frozen=True)
class Layers:
    """All runs on the layers of one size, and the clock that is shown: "wall" or "cpu"."""

    n: int
    m: int
    clock: str
    runs: Sequence[Run]

    def of(self, tool: str) -> list[Run]:
        """The tool's runs that answered or reached the limit, one per seed."""
        return [run for run in self.runs if run.question.tool == tool and run.outcome.answer is not Answer.FAILED]

    def time(self, tool: str) -> Time | None:
        """The median time of the tool."""
        return median_time([self._time(run) for run in self.of(tool)])

    def best_milp(self) -> Time | None:
        """The median over the seeds of the faster of the two MILP solvers, chosen per seed."""
        times: dict[int, list[Time]] = {}
        for run in [run for tool in MILP_TOOLS for run in self.of(tool)]:
            times.setdefault(run.question.seed, []).append(self._time(run))
        return median_time([min(each) for each in times.values()])

    def evidence_time(self) -> Time | None:
        """The median of exactinj's search, the writing of the certificate, and the lone check together."""
        return median_time([self._evidence_time(run) for run in self.of("exactinj")])

    def decided(self) -> dict[int, list[Run]]:
        """Per seed the runs that ended in a yes or a no."""
        seeds = sorted({run.question.seed for run in self.runs})
        decided = [run for run in self.runs if run.outcome.answer.decides]
        return {seed: [run for run in decided if run.question.seed == seed] for seed in seeds}

    def answers(self) -> str:
        """How many layers are injective, such as "2 yes, 1 no"; "disputed" if two tools differ."""
        said = [{WORDS[run.outcome.answer] for run in runs} for runs in self.decided().values()]
        counts = Counter("/".join(sorted(words)) for words in said)
        words = {"yes": "yes", "no": "no", "no/yes": "disputed", "": "undecided"}
        return ", ".join(f"{counts[found]} {word}" for found, word in words.items() if counts[found])

    def disagreements(self) -> list[str]:
        """One line per layer on which two tools gave different answers."""
        return [
            f"DISAGREEMENT at n = {self.n}, m = {self.m}, seed {seed}: "
            + ", ".join(f"{run.question.tool}: {run.outcome.answer}" for run in runs)
            for seed, runs in self.decided().items()
            if len({run.outcome.answer for run in runs}) > 1
        ]

    def agreement(self) -> str:
        """Yes or NO, or a dash if no layer was decided by two different tools (the tree is exactinj)."""
        if self.disagreements():
            return "NO"
        tools = [{run.question.tool for run in runs} - {"tree"} for runs in self.decided().values()]
        return "yes" if any(len(names) > 1 for names in tools) else NONE

    def write_time(self, run: Run) -> float | None:
        """Seconds to write the certificate."""
        return None if run.outcome.write is None else run.outcome.write.on(self.clock)

    def check_time(self, run: Run) -> float | None:
        """Seconds of the lone checker."""
        return None if run.check is None else run.check.time.on(self.clock)

    def _time(self, run: Run) -> Time:
        seconds, stopped = run.outcome.time.on(self.clock), run.outcome.answer is Answer.TIMED_OUT
        return Time(stopped, min(seconds, run.question.limit) if stopped else seconds)

    def _evidence_time(self, run: Run) -> Time:
        search = self._time(run)
        return Time(search.stopped, search.seconds + (self.write_time(run) or 0.0) + (self.check_time(run) or 0.0))

    def middle(self, tool: str, value: Callable[[Run], float | None]) -> float | None:
        """The median of a number over the tool's runs that decided and have it."""
        decided = [run for run in self.of(tool) if run.outcome.answer.decides]
        found = [number for run in decided if (number := value(run)) is not None]
        return median(found) if found else None


def median_time(times: Sequence[Time]) -> Time | None:
    """The median, with stopped runs last; a lower bound if one of them is in the middle."""
    if not times:
        return None
    ranked = sorted(times)
    half = len(ranked) // 2
    middle = ranked[half : half + 1] if len(ranked) % 2 else ranked[half - 1 : half + 1]
    return Time(any(time.stopped for time in middle), median(time.seconds for time in middle))


# ------------------------------------------------------------------ the two tables


def times_table(groups: Iterable[Layers]) -> str:
    """Seconds side by side, the ratios, and whether the answers agree."""
    titles = ["n", "m", "injective", "exactinj", "write", "check", "tree alone", "HiGHS", "CBC", "z3", "data-depth"]
    titles += ["MILP / exactinj", "MILP / all three", "z3 / exactinj", "agree"]
    return markdown(titles, [_times_row(group) for group in groups])


def _times_row(group: Layers) -> list[str]:
    own, milp = group.time("exactinj"), group.best_milp()
    return [
        str(group.n),
        str(group.m),
        group.answers(),
        _shown(own),
        _number(group.middle("exactinj", group.write_time)),
        _number(group.middle("exactinj", group.check_time)),
        *(_shown(group.time(tool)) for tool in ("tree", "highs", "cbc", "z3", "data-depth")),
        _ratio(milp, own),
        _ratio(milp, group.evidence_time()),
        _ratio(group.time("z3"), own),
        group.agreement(),
    ]


def work_table(groups: Iterable[Layers]) -> str:
    """The size of the searches and of the evidence, and peak memory."""
    titles = ["n", "m", "exactinj nodes", "refuters", "certificate MB", "exactinj peak MB", "check peak MB"]
    titles += ["HiGHS nodes", "CBC nodes", "z3 conflicts"]
    return markdown(titles, [_work_row(group) for group in groups])


def _work_row(group: Layers) -> list[str]:
    def counted(tool: str, name: str) -> str:
        return _count(group.middle(tool, lambda run: run.outcome.work.get(name)))

    return [
        str(group.n),
        str(group.m),
        counted("exactinj", "nodes"),
        counted("exactinj", "refuters"),
        _megabytes(group.middle("exactinj", lambda run: run.outcome.work.get("certificate_bytes"))),
        _megabytes(group.middle("exactinj", lambda run: run.peak_bytes)),
        _megabytes(group.middle("exactinj", lambda run: run.check.peak_bytes if run.check else None)),
        counted("highs", "nodes"),
        counted("cbc", "nodes"),
        counted("z3", "conflicts"),
    ]


def _shown(time: Time | None) -> str:
    return NONE if time is None else str(time)


def _ratio(slow: Time | None, fast: Time | None) -> str:
    return NONE if slow is None or fast is None else slow.over(fast)


def _number(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _count(value: float | None) -> str:
    return NONE if value is None else f"{value:,.0f}"


def _megabytes(value: float | None) -> str:
    return _number(None if value is None else value / MEGABYTE)


def markdown(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An aligned Markdown table."""
    widths = [max(2, *map(len, column)) for column in zip(titles, *rows, strict=True)]
    rule = ["-" * (width - 1) + ":" for width in widths]
    lines = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in (titles, rule, *rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
