"""Random layers drawn, decided and counted: the same whatever the order, honest about what is not decided."""

from __future__ import annotations

import json
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

import exactinj as xi
from exactinj.gaussian import (
    Counts,
    Ensemble,
    Entries,
    count_decisions,
    decide_trial,
    estimate_probability,
    exact_probability,
    orthant_probability,
)
from exactinj.gaussian.probability import decide_all
from exactinj.gaussian.trials import KIND, Decision
from exactinj.sweep.lines import read_lines
from exactinj.work.verdict import Verdict

pytest.importorskip("joblib")

ENSEMBLES = (
    Ensemble(),
    Ensemble(entries="signs"),
    Ensemble(entries="sparse:1/2"),
    Ensemble(bias="gaussian:1", domain="ball:1"),
)


def lines_of(path):
    return sorted(path.read_bytes().splitlines())


@pytest.mark.parametrize("ensemble", ENSEMBLES, ids=lambda ensemble: ensemble.text)
def test_fewer_rows_are_the_first_ones_of_more(ensemble):
    few, many = (ensemble.trial(3, m, 4, seed=9).layer() for m in (5, 11))
    assert [few.W[i, j] for i in range(5) for j in range(3)] == [many.W[i, j] for i in range(5) for j in range(3)]
    assert few.integer_rows == many.integer_rows[:5]
    assert ensemble.trial(3, 5, 5, seed=9).layer() != few != ensemble.trial(3, 5, 4, seed=8).layer()


def test_entries_follow_their_law():
    random = np.random.default_rng(1)
    signs, sparse = Entries.parse("signs").draw(400, 5, random), Entries.parse("sparse:0.25").draw(4000, 5, random)
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert abs(signs.mean()) < 0.1
    assert abs(np.count_nonzero(sparse) / sparse.size - 0.25) < 0.015
    assert abs(sparse[sparse != 0].std() - 1) < 0.03


@pytest.mark.parametrize("text", ["sparse", "sparse:0", "sparse:2", "signs:1", "normal", "gaussian:1"])
def test_other_entries_are_refused(text):
    with pytest.raises(xi.InputError, match=r"expected gaussian, signs or sparse:p"):
        Ensemble(entries=text)


def test_ensembles_have_one_spelling_and_a_convex_domain():
    assert Ensemble("sparse:0.5", "gaussian:0.1", "nonneg") == Ensemble("sparse:1/2", "gaussian:1/10", "nonneg")
    with pytest.raises(xi.InputError, match="expected a convex one"):
        Ensemble(domain="sphere:1")


def test_the_verdict_is_that_of_certify():
    task = Ensemble(bias="gaussian:1", domain="ball:1").trial(2, 8, 3, seed=1)
    layer = task.layer()
    decision = decide_trial(task)
    assert decision.verdict == xi.certify(layer, domain="ball:1").verdict
    assert decision.layer == layer.digest


@pytest.mark.parametrize(("n", "ms"), [(1, (2, 3)), (2, (7,))])
def test_shares_agree_with_the_formula(n, ms):
    for m in ms:
        counts, p = estimate_probability(n, m, trials=80, seed=3), float(exact_probability(n, m))
        assert abs(counts.share - p) < 4 * sqrt(p * (1 - p) / 80)
        assert counts.unknown == 0


def test_shares_on_the_orthant_agree_with_the_formula():
    counts, p = estimate_probability(2, 5, trials=80, ensemble=Ensemble(domain="nonneg")), 0.5478515625
    assert float(orthant_probability(2, 5)) == p
    assert abs(counts.share - p) < 4 * sqrt(p * (1 - p) / 80)


def test_a_stopped_count_goes_on_and_shards_are_a_partition(tmp_path):
    whole = estimate_probability(2, 7, trials=30, results_path=tmp_path / "whole.jsonl")
    assert estimate_probability(2, 7, trials=30) == whole
    lines = (tmp_path / "whole.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "part.jsonl").write_bytes(b"".join(lines[:11]) + lines[11][:40])  # killed in the middle of a line
    assert estimate_probability(2, 7, trials=30, results_path=tmp_path / "part.jsonl") == whole
    assert (tmp_path / "part.jsonl").read_bytes().startswith(b"".join(lines[:11]))
    assert lines_of(tmp_path / "part.jsonl") == lines_of(tmp_path / "whole.jsonl")
    parts = [
        estimate_probability(2, 7, trials=30, shard=(k, 3), results_path=tmp_path / f"{k}.jsonl") for k in (1, 2, 3)
    ]
    assert sum(counts.trials for counts in parts) == 30 > max(counts.trials for counts in parts)
    merged = b"".join((tmp_path / f"{k}.jsonl").read_bytes() for k in (1, 2, 3))
    assert sorted(merged.splitlines()) == lines_of(tmp_path / "whole.jsonl")
    assert count_decisions(read_lines([tmp_path / f"{k}.jsonl" for k in (3, 1, 2)], KIND)) == [whole]


def test_a_joblib_backend_gives_the_same_counts(tmp_path):
    import joblib

    with joblib.parallel_config(backend="threading", n_jobs=2):
        counts = estimate_probability(2, 6, trials=12, jobs=None)
    assert counts == estimate_probability(2, 6, trials=12)


def test_unknown_layers_count_at_both_ends():
    counts = Counts(3, 13, 40, 50, 10)
    low, high = counts.interval()
    assert low == Counts(3, 13, 40, 60).interval()[0]
    assert high == Counts(3, 13, 50, 50).interval()[1]
    assert (counts.trials, counts.share) == (100, 40 / 90)
    assert Counts(3, 13, 0, 0, 5).interval() == (0.0, 1.0)


def test_a_layer_counts_once_and_the_decision_wins():
    task = Ensemble().trial(2, 6, 0, timeout=1.0)
    undecided = Decision(task, "d", Verdict.TIMED_OUT)
    decided = Decision(replace(task, timeout=60.0), "d", Verdict.INJECTIVE)
    for order in ([undecided, decided], [decided, undecided]):
        assert count_decisions(order) == [Counts(2, 6, 1, 0, 0)]
    assert count_decisions([undecided]) == [Counts(2, 6, 0, 0, 1)]
    other = Decision(Ensemble(entries="signs").trial(2, 6, 1), "d", Verdict.INJECTIVE)
    with pytest.raises(xi.InputError, match="2 ensembles"):
        count_decisions([decided, other])


@pytest.mark.parametrize(
    "change",
    [
        {"format": "exactinj sweep 1"},
        {"exact": "perhaps"},
        {"key": "0"},
        {"layer": 7},
        {"task": {"n": 2}},
        {
            "task": {
                **json.loads(Decision(Ensemble().trial(2, 6, 0), "d", Verdict.INJECTIVE).to_line())["task"],
                "n": "2",
            }
        },
    ],
)
def test_lines_that_are_no_results_are_refused(tmp_path, change):
    line = Decision(Ensemble().trial(2, 6, 0), "d", Verdict.INJECTIVE).to_line()
    path = tmp_path / "found.jsonl"
    path.write_bytes(line + json.dumps(json.loads(line) | change).encode() + b"\n")
    with pytest.raises(xi.InputError, match=r"line 2: found .*expected a result of exactinj gaussian"):
        read_lines(path, KIND)


def test_counts_survive_json_and_have_to_add_up():
    counts = Counts(3, 13, 4, 5, 1)
    assert Counts.from_json(json.loads(json.dumps(counts.to_json()))) == counts
    with pytest.raises(xi.InputError, match="do not add up"):
        Counts.from_json({**counts.to_json(), "trials": 11})


@pytest.mark.parametrize("arguments", [{"n": 0, "m": 2}, {"n": 3, "m": 2}, {"n": 1, "m": 2, "trials": 0}])
def test_shapes_without_sense(arguments):
    with pytest.raises(xi.InputError, match="expected 1 <= n <= m"):
        estimate_probability(**arguments)


def test_only_what_is_asked_for_comes_back(tmp_path):
    path = tmp_path / "found.jsonl"
    tasks = [Ensemble().trial(1, 2, number) for number in range(4)]
    decide_all(tasks, path)
    assert [decision.task for decision in decide_all(tasks[1:3], path)] == tasks[1:3]
