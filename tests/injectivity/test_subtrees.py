"""The search of sign-split in parts: the same answers as in one go, from any cut, after any end."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from oracles import brute_force_flats
from strategies import random_degenerate_layer, random_shape

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.certificate import Certificate
from exactinj.injectivity import sign_split
from exactinj.injectivity.sign_split import SignSplitEngine
from exactinj.injectivity.subtrees import outcomes, parts
from exactinj.injectivity.subtrees import search as search_module
from exactinj.injectivity.subtrees.nodes import ROOT, likely_nodes
from exactinj.injectivity.subtrees.part import OPEN
from exactinj.injectivity.subtrees.plan import Plan, jobs_of, opened
from exactinj.injectivity.subtrees.question import Question, searched
from exactinj.injectivity.subtrees.search import PRIMES, SubtreeSearch
from exactinj.injectivity.subtrees.stores import FolderStore, MemoryStore
from exactinj.kernels.recent import POOL_SCAN
from exactinj.work.clock import Clock

TINY = Plan(short=0, head=3, share=8, least=2, most=10, budget=4)
"""Cuts trees of a dozen nodes, and gives jobs back after four."""

DOMAINS = [
    xi.RealSpace(),
    xi.NonnegativeOrthant(),
    xi.Box(-1, 1),
    xi.Ball("3/2"),
    xi.NonnegativeBall(1),
    xi.Ball(1, center=["1/2"]),
]


def gaussian(m, n, seed=0, bias=False):
    rng = np.random.default_rng(seed)
    return xi.ReLULayer(rng.standard_normal((m, n)), rng.standard_normal(m) / 4 if bias else None)


def problem_of(layer, domain=None):
    return HomogeneousProblem(layer, (domain or xi.RealSpace()).for_dimension(layer.n))


def decided(layer, domain=None, *, jobs=1, folder=None, plan=TINY, clock=None):
    """The answer in parts; a proof has passed the checker."""
    problem = problem_of(layer, domain)
    answer = SignSplitEngine(jobs, folder, plan).decide(problem, clock or Clock())
    if answer.proof is not None:
        assert xi.check(Certificate(layer, problem.domain, answer.proof), layer).valid
    return answer


def bytes_of(layer, answer, domain=None):
    return Certificate(layer, problem_of(layer, domain).domain, answer.proof).to_bytes()


# ------------------------------------------------------------------ the same answers


@pytest.mark.parametrize("count", [24, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.text)
def test_degenerate_layers_in_tiny_parts(domain, count, tmp_path):
    """Against the search in one go, and on the cones against brute force."""
    rng = random.Random(domain.text)
    seen = Counter()
    for k in range(count):
        n = rng.randint(1, 4) if domain.dimension is None else domain.dimension
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=bool(k % 2))
        layer = xi.ReLULayer(W, b)
        folder = str(tmp_path / str(k)) if k % 3 else None
        answer = decided(layer, domain, folder=folder, jobs=1 if folder else None)  # None: joblib, in this process
        assert answer.verdict == SignSplitEngine().decide(problem_of(layer, domain), Clock()).verdict
        if domain.text in ("R^n", "nonneg"):
            assert (answer.verdict == "injective") == brute_force_flats(W, b, domain.text).injective
        seen[answer.verdict] += 1
        if folder and answer.verdict == "injective":
            assert bytes_of(layer, decided(layer, domain, folder=folder), domain) == bytes_of(layer, answer, domain)
    assert min(seen["injective"], seen["not_injective"]) >= count // 8


def test_the_proof_depends_neither_on_processes_nor_on_their_number(tmp_path):
    layer = gaussian(42, 6)
    plan = Plan(short=0, head=20, least=5, most=40, budget=30)
    here, two = (decided(layer, jobs=jobs, plan=plan) for jobs in (None, 2))
    kept = decided(layer, folder=str(tmp_path), plan=plan)
    assert here.verdict == "injective"
    assert bytes_of(layer, here) == bytes_of(layer, two) == bytes_of(layer, kept)
    assert (here.stats.nodes, here.stats.refuters) == (two.stats.nodes, two.stats.refuters)


def test_cuts_that_two_parts_made_are_named_once(tmp_path):
    """On a ball that touches what is not spanned every part needs cuts of its own, which are rows behind the others."""
    for seed in range(4):
        layer = xi.ReLULayer(np.random.default_rng(seed).integers(-2, 3, (16, 3)).tolist(), [1] * 16)
        domain = xi.Ball("3/4")
        whole = SignSplitEngine().decide(problem_of(layer, domain), Clock())
        assert decided(layer, domain, folder=str(tmp_path / str(seed))).verdict == whole.verdict


# ------------------------------------------------------------------ where the tree is cut


def leaves_below(problem, nodes, budget):
    """Everything below some nodes, searched with restarts from what is left open each time."""
    found, rounds = 0, 0
    while nodes:
        search = SubtreeSearch(problem, PRIMES[0], Clock())
        search.run(nodes, budget)
        found, rounds, nodes = found + search.nodes, rounds + 1, search.open
    return found, rounds


def test_a_search_goes_on_from_what_it_left_open():
    problem = problem_of(gaussian(36, 5))
    for budget in (1, 3, 50):
        found, rounds = leaves_below(problem, [ROOT], budget)
        assert found > 20
        assert rounds == -(-found // budget) or budget > 1


def test_open_nodes_part_the_space():
    """Of a random point's signs exactly one open node, or none where a proof closed the region, speaks."""
    layer = gaussian(48, 6)
    problem = problem_of(layer)
    search = SubtreeSearch(problem, PRIMES[0], Clock())
    search.run(budget=12)
    part = opened(search, Plan(short=0, head=12, share=20, least=2, most=100))
    assert np.count_nonzero(part.tokens == OPEN) == len(part.open) > 20
    values = np.random.default_rng(1).standard_normal((2000, 6)) @ np.array(layer.W.fractions(), dtype=float).T
    fits = [
        (values[:, list(node.path)] >= 0).all(axis=1) & (values[:, list(node.excluded)] < 0).all(axis=1)
        for node in part.open
    ]
    assert np.sum(fits, axis=0).max() == 1


def test_nodes_are_opened_while_there_is_no_room_for_another_circuit(monkeypatch):
    """The token of an opened node is its own, also where its circuit was the last for which there was room."""
    monkeypatch.setattr(search_module, "ROOM_FOR_CIRCUITS", POOL_SCAN + 1)
    layer, plan = gaussian(56, 7), Plan(short=0, head=300, share=10**6, least=1, most=40)
    problem = problem_of(layer)
    answer = parts.answer_in_parts(problem, PRIMES[0], Clock(), processes=1, folder=None, plan=plan)
    assert answer.stats.refuters > 2 * POOL_SCAN
    assert xi.check(Certificate(layer, problem.domain, answer.proof), layer).valid


def test_jobs_hold_neighbours_in_order():
    search = SubtreeSearch(problem_of(gaussian(48, 6)), PRIMES[0], Clock())
    search.run(budget=12)
    plan = Plan(short=0, head=12, share=20, least=2, most=100)
    part = opened(search, plan)
    jobs = jobs_of(part, 6, plan)
    assert [node for job in jobs for node in job.nodes] == [*part.open]
    places = np.flatnonzero(part.tokens == OPEN)
    assert [place for job in jobs for place in range(job.place, job.place + len(job.nodes))] == places.tolist()
    assert max(sum(node.likely(6) for node in job.nodes) for job in jobs if len(job.nodes) > 1) <= 100


def test_guesses_are_those_of_general_position():
    assert [likely_nodes(n + 1, n) for n in (1, 2, 3)] == [1, 4, 14]
    assert likely_nodes(0, 5) == 1
    assert likely_nodes(3, 0) == 0


# ------------------------------------------------------------------ files


def a_part(folder, layer):
    question = Question(layer, xi.RealSpace().for_dimension(layer.n), PRIMES[0])
    part = searched(question, 5, None, (ROOT,))
    FolderStore(folder, question).keep((ROOT,), part)
    return question, part


def test_a_file_holds_a_part(tmp_path):
    question, part = a_part(tmp_path, gaussian(30, 4))
    again = FolderStore(tmp_path, question).known((ROOT,))
    assert np.array_equal(again.supports, part.supports)
    assert np.array_equal(again.tokens, part.tokens)
    assert (again.open, again.cuts, again.stats.nodes) == (part.open, part.cuts, 5)
    assert FolderStore(tmp_path, question).known(part.open) is None
    assert MemoryStore().known((ROOT,)) is None


def damaged(data, rng):
    """Bytes of a file in which something is wrong."""
    place = rng.randrange(len(data))
    return rng.choice(
        [data[:place], data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :], b"", b"PK"]
    )


def read_again(folder, question):
    """The part, or what is said about its file."""
    try:
        return FolderStore(folder, question).known((ROOT,))
    except xi.InputError as error:
        return str(error)


def test_damaged_and_foreign_files_are_refused(tmp_path):
    """Whatever is wrong with a file, it is refused in one line, or nothing that matters has changed."""
    question, part = a_part(tmp_path, gaussian(30, 4))
    (place,) = tmp_path.rglob("*.npz")
    data = place.read_bytes()
    rng = random.Random(0)
    refused = 0
    for _ in range(150):
        place.write_bytes(damaged(data, rng))
        outcome = read_again(tmp_path, question)
        if isinstance(outcome, str):
            refused += 1
            assert str(place) in outcome
            assert "\n" not in outcome
        else:
            assert np.array_equal(outcome.tokens, part.tokens)
            assert np.array_equal(outcome.supports, part.supports)
            assert outcome.open == part.open
    assert refused > 100
    other, _ = a_part(tmp_path / "other", gaussian(30, 4, seed=1))
    (foreign,) = (tmp_path / "other").rglob("*.npz")
    place.write_bytes(foreign.read_bytes())
    with pytest.raises(xi.InputError, match="damaged or not about this search"):
        FolderStore(tmp_path, question).known((ROOT,))
    assert other.digest != question.digest


def test_layers_and_domains_share_a_folder(tmp_path):
    for layer, domain in (
        (gaussian(42, 6), None),
        (gaussian(42, 6), xi.NonnegativeOrthant()),
        (gaussian(42, 6, 1), None),
    ):
        assert decided(layer, domain, folder=str(tmp_path)).verdict == "injective"
    assert len([*tmp_path.iterdir()]) == 3


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(xi.InputError, match="cannot make the folder"):
        decided(gaussian(42, 6), folder=str(tmp_path / "file"))


# ------------------------------------------------------------------ ends


def test_what_was_done_in_time_is_kept(tmp_path):
    """Runs of hundredths of a second each come to an end together."""
    layer = gaussian(49, 7)
    plan = Plan(short=0, head=50, least=20, most=200, budget=100)
    whole = decided(layer, jobs=None, plan=plan)
    for _ in range(200):
        answer = decided(layer, folder=str(tmp_path), plan=plan, clock=Clock(0.25))
        if answer.verdict != "timed_out":
            break
        assert "run this again to go on" in answer.reason or not answer.stats.nodes
    assert answer.verdict == whole.verdict == "injective"


@dataclass(frozen=True)
class Dying(outcomes.Workers):
    """Processes that are killed at some job: once, or every time."""

    mark: Path = Path()
    times: int = 1

    def __call__(self, job):
        if len(job.nodes[0].path) == 2 and (self.times > 1 or not self.mark.exists()):
            self.mark.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(job)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.filterwarnings("ignore:A worker stopped while some jobs")
@pytest.mark.parametrize(("times", "verdict"), [(1, "injective"), (99, "unknown")])
def test_a_lost_process_costs_what_it_was_at(times, verdict, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "Workers", partial(Dying, mark=tmp_path / "mark", times=times))
    folder, plan = str(tmp_path / "parts"), Plan(short=0, head=50, least=20, most=200, budget=100)
    layer = gaussian(49, 7)
    answer = decided(layer, jobs=2, folder=folder, plan=plan)
    assert answer.verdict == verdict
    assert (tmp_path / "mark").exists()
    if times > 1:
        assert "lost twice, perhaps out of memory (TerminatedWorkerError" in answer.reason
        assert answer.stats.nodes > 100  # the others were done
        monkeypatch.undo()
        assert decided(layer, folder=folder, plan=plan).verdict == "injective"


SCRIPT = """
import sys
import numpy as np
import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.certificate import Certificate
from exactinj.injectivity.sign_split import SignSplitEngine
from exactinj.injectivity.subtrees.plan import Plan
from exactinj.kernels.recent import POOL_SCAN
from exactinj.work.clock import Clock
layer = xi.ReLULayer(np.load("layer.npy"))
problem = HomogeneousProblem(layer, xi.RealSpace().for_dimension(layer.n))
print("begin", flush=True)
plan = Plan(short=0, head=200, least=50, most=300, budget=250)
answer = SignSplitEngine(int(sys.argv[1]), "parts", plan).decide(problem, Clock())
Certificate(layer, problem.domain, answer.proof).write("proof.json")
print(answer.verdict)
"""


def run_until(folder, jobs, seconds):
    """Run the script, and kill it so long after it began to search; its answer if it was quicker."""
    process = subprocess.Popen(
        [sys.executable, "script.py", jobs], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    process.stdout.readline()
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return ""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize(
    ("jobs", "kills", "n"), [("1", 3, 7), pytest.param("2", 10, 9, marks=pytest.mark.slow)], ids=["one", "two"]
)
def test_a_killed_search_goes_on(jobs, kills, n, tmp_path):
    """Nothing that was finished is done again, no file is broken, and the proof is that of a search without kills."""
    layer = gaussian(7 * n, n)
    np.save(tmp_path / "layer.npy", np.array(layer.W.fractions(), dtype=float))
    (tmp_path / "script.py").write_text(SCRIPT)
    rng = random.Random(n)
    question = Question(layer, xi.RealSpace().for_dimension(n), PRIMES[0])
    times = {}
    for _ in range(kills):
        run_until(tmp_path, jobs, rng.uniform(0.1, 1.5 if jobs == "1" else 6))
        time.sleep(1)  # processes notice that their parent has gone
        found = {path: path.stat().st_mtime_ns for path in (tmp_path / "parts").rglob("*")}
        assert all(found[path] == at for path, at in times.items() if path.suffix == ".npz")
        times = found
        assert all(path.is_dir() or path.suffix == ".npz" for path in found)
    assert run_until(tmp_path, jobs, 300) == "injective\n"
    assert xi.check(tmp_path / "proof.json", layer).valid
    assert FolderStore(tmp_path / "parts", question).known((ROOT,)) is not None
    whole = decided(layer, jobs=None, plan=Plan(short=0, head=200, least=50, most=300, budget=250))
    assert (tmp_path / "proof.json").read_bytes() == bytes_of(layer, whole)


def test_one_that_collides_ends_all():
    layer = gaussian(30, 7)
    answer = decided(layer, jobs=None, plan=Plan(short=0, head=5, least=5, most=40, budget=30))
    assert answer.verdict == "not_injective"


# ------------------------------------------------------------------ as users ask


def test_certify_takes_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sign_split, "PLAN", Plan(short=0, head=50, least=20, most=400, budget=400))
    layer = gaussian(64, 8)
    first = xi.certify(layer, resume=tmp_path, engine="sign-split")
    assert first.verdict == "injective"
    assert [*tmp_path.rglob("*.npz")]
    second = xi.certify(layer, resume=tmp_path)
    assert (second.engine, second.certificate.to_bytes()) == ("sign-split", first.certificate.to_bytes())


@pytest.mark.parametrize("engine", ["tree", "finder", "packing"])
def test_other_engines_take_no_folder(engine, tmp_path):
    with pytest.raises(xi.InputError, match="expected auto or sign-split"):
        xi.certify(gaussian(12, 3), engine=engine, resume=tmp_path)
