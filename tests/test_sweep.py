"""Sweeps: the same results whatever the order, jobs, shards and interruptions, and files that survive a kill."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import fields, replace

import numpy as np
import pytest

import exactinj as xi
import exactinj.sweep.run as sweep_run
from exactinj.sampling.samplers import UniformBall
from exactinj.sweep import Bias, SweepPlan, grid, read_results, run_sweep, summary
from exactinj.sweep.cell import draw_layer, run_task
from exactinj.sweep.results import CellResult
from exactinj.sweep.summary import clopper_pearson, wilson

pytest.importorskip("joblib")

PLAN = SweepPlan(grid([2, 3], [5, 9]), trials=3, seed=7, samples=200)
SHORT = SweepPlan(((2, 4), (3, 8)), samples=50, exact_up_to=2)


def lines_of(path):
    return sorted(path.read_bytes().splitlines())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("sweep") / "all.jsonl"
    outcome = run_sweep(PLAN, path)
    assert (outcome.tasks, outcome.found, outcome.computed) == (12, 0, 12)
    return path


@pytest.fixture
def copy(finished, tmp_path):
    path = tmp_path / "copy.jsonl"
    path.write_bytes(finished.read_bytes())
    return path


def test_two_jobs_give_the_same_lines(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(sweep_run, "HEAD_START", 0.0)  # processes from the first layer on
    monkeypatch.setattr(sweep_run, "processes_for", lambda jobs: jobs)
    import joblib

    for jobs, backend in ((2, "loky"), (None, "threading")):
        path = tmp_path / f"{backend}.jsonl"
        with joblib.parallel_config(backend=backend, n_jobs=2):  # as a cluster's backend would be chosen
            run_sweep(PLAN, path, jobs=jobs)
        assert lines_of(path) == lines_of(finished)


def test_a_dask_cluster_gives_the_same_lines(finished, tmp_path):
    distributed = pytest.importorskip("distributed")
    import joblib

    local = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**local) as cluster, distributed.Client(cluster), joblib.parallel_config("dask"):
        run_sweep(PLAN, tmp_path / "dask.jsonl")
    assert lines_of(tmp_path / "dask.jsonl") == lines_of(finished)


def test_backends_without_streams_work_too(finished, tmp_path, monkeypatch):
    import joblib

    class Old(joblib.Parallel):
        def __init__(self, return_as="list"):
            if return_as != "list":
                raise ValueError("does not support return_as")
            super().__init__()

    monkeypatch.setattr(joblib, "Parallel", Old)
    run_sweep(PLAN, tmp_path / "old.jsonl")
    assert lines_of(tmp_path / "old.jsonl") == lines_of(finished)


def test_shards_are_a_partition_and_merge_by_concatenation(finished, tmp_path):
    parts = []
    for part in (3, 1, 2):
        path = tmp_path / f"{part}.jsonl"
        run_sweep(PLAN, path, shard=(part, 3))
        parts.append(path)
    merged = tmp_path / "merged.jsonl"
    merged.write_bytes(b"".join(path.read_bytes() for path in parts))
    assert lines_of(merged) == lines_of(finished)
    assert read_results(parts) == read_results(merged)
    assert summary(read_results(merged)) == summary(read_results(finished))


def test_a_finished_run_adds_nothing_and_more_trials_only_append(copy):
    before = copy.read_bytes()
    assert run_sweep(PLAN, copy).computed == 0
    assert copy.read_bytes() == before
    outcome = run_sweep(replace(PLAN, trials=4), copy)
    assert (outcome.found, outcome.computed) == (12, 4)
    assert copy.read_bytes().startswith(before)


@pytest.mark.parametrize("cut", [1, 2, 40, 10**6])
def test_a_truncated_last_line_is_ignored_and_made_again(copy, finished, cut):
    lines = copy.read_bytes().splitlines(keepends=True)
    last = lines[-1][: max(len(lines[-1]) - cut, 0)]
    copy.write_bytes(b"".join(lines[:-1]) + last)
    complete = cut == 1  # only the newline is missing
    assert len(read_results(copy)) == 11 + complete
    assert run_sweep(PLAN, copy).computed == 1 - complete
    assert copy.read_bytes().splitlines() == finished.read_bytes().splitlines()
    assert copy.read_bytes().endswith(b"\n")


KILLED = """
import os, signal, sys
from exactinj.sweep import SweepPlan, grid, run_sweep
from exactinj.sweep.results import ResultsFile
append, count = ResultsFile.append, []
def killing(self, result):
    count.append(1)
    if len(count) == 6:  # in the middle of a line
        os.write(self._stream.fileno(), result.to_line()[:50])
        os.kill(os.getpid(), signal.SIGKILL)
    append(self, result)
ResultsFile.append = killing
run_sweep(SweepPlan(grid([2, 3], [5, 9]), trials=3, seed=7, samples=200), sys.argv[1])
"""


def test_a_killed_run_goes_on(finished, tmp_path, run_python):
    path = tmp_path / "killed.jsonl"
    assert run_python("-c", KILLED, path).returncode == -signal.SIGKILL
    before = path.read_bytes()
    assert len(read_results(path)) == 5
    outcome = run_sweep(PLAN, path)
    assert (outcome.found, outcome.computed) == (5, 7)
    assert path.read_bytes().startswith(before[: before.rindex(b"\n") + 1])
    assert lines_of(path) == lines_of(finished)


def test_of_duplicates_the_first_counts(copy):
    first = read_results(copy)[0]
    other = replace(first, rows=first.rows - 1 if first.rows else 1, unselected=0)
    copy.write_bytes(copy.read_bytes() + other.to_line() + first.to_line())
    results = read_results(copy)
    assert len(results) == 12
    assert first in results
    assert read_results([copy, copy]) == results


def change(line, **values):
    document = json.loads(line)
    for name, value in values.items():
        part, _, field = name.rpartition("__")
        (document[part] if part else document)[field] = value
    return json.dumps(document).encode()


BROKEN = {
    "garbage": lambda _: b"\xff{",
    "two lines in one": lambda line: line[:30] + line,
    "another number": lambda line: change(line, task__samples=201),
    "too many rows": lambda line: change(line, estimate__rows=99),
    "a float of rows": lambda line: change(line, estimate__rows=2.0),
    "no estimate": lambda line: change(line, estimate=None),
    "another verdict": lambda line: change(line, exact="perhaps"),
    "no verdict": lambda line: change(line, exact=None),
    "another format": lambda line: change(line, format="exactinj sweep 0"),
    "a list": lambda _: b"[]",
    "no task": lambda line: json.dumps({"format": json.loads(line)["format"]}).encode(),
    "a task of text": lambda line: change(line, task="n"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_lines_are_refused_with_their_number(copy, name):
    lines = copy.read_bytes().splitlines()
    lines[4] = BROKEN[name](lines[4])
    copy.write_bytes(b"\n".join(lines) + b"\n")
    before = copy.read_bytes()
    for reader in (read_results, lambda path: run_sweep(PLAN, path)):
        with pytest.raises(xi.InputError, match=r"copy.jsonl, line 5: found .*, expected a result"):
            reader(copy)
    assert copy.read_bytes() == before


def test_a_broken_last_line_with_its_end_is_refused(copy):
    copy.write_bytes(copy.read_bytes() + b"{}\n")
    with pytest.raises(xi.InputError, match="line 13"):
        read_results(copy)


def test_lines_can_be_read_back(finished):
    for result in read_results(finished):
        assert CellResult.from_line(result.to_line()) == result


def test_one_writer_at_a_time(tmp_path):
    pytest.importorskip("fcntl")
    path = tmp_path / "busy.jsonl"

    def second(_):
        with pytest.raises(xi.InputError, match="another sweep is writing"):
            run_sweep(SHORT, path)

    assert run_sweep(SHORT, path, report=second).computed == 2


OTHER = {
    "n": 4,
    "m": 9,
    "trial": 1,
    "seed": 8,
    "bias": "constant:1/4",
    "samples": 201,
    "domain": "sphere:1",
    "exact": False,
    "timeout": 61.0,
    "version": "0.1.1",
    "revision": 2,
}


def test_keys_change_with_everything_that_matters():
    task = next(PLAN.tasks())
    assert set(OTHER) == {field.name for field in fields(task)}
    keys = {replace(task, **{name: value}).key for name, value in OTHER.items()} | {task.key}
    assert len(keys) == len(OTHER) + 1
    assert replace(task, n=4).key == replace(replace(task, n=4)).key


def test_keys_do_not_change_with_what_does_not_matter():
    keys = {task.key for task in PLAN.tasks()}
    assert keys < {task.key for task in replace(PLAN, trials=4).tasks()}
    assert keys < {task.key for task in replace(PLAN, cells=grid([2, 3, 4], [5, 6, 9])).tasks()}
    assert keys == {task.key for task in replace(PLAN, exact_up_to=3).tasks()}
    sampled = {task.key for task in replace(PLAN, exact_up_to=2).tasks()}
    assert len(keys & sampled) == 6  # those with n = 2
    assert sampled - keys == {task.key for task in replace(PLAN, exact_up_to=2, timeout=None).tasks() if task.n == 3}


def test_layers_of_different_cells_and_trials_differ_and_biases_share_them():
    plan = replace(PLAN, bias=Bias.parse("gaussian:0.1"))
    layers = [draw_layer(task)[0].digest for task in plan.tasks()]
    assert len(set(layers)) == 12
    for task, biased in zip(PLAN.tasks(), plan.tasks(), strict=True):
        (layer, zero), (other, alpha) = draw_layer(task), draw_layer(biased)
        assert layer.W == other.W
        assert not zero.any()
        assert other == xi.ReLULayer(layer.W.fractions(), alpha=alpha)


@pytest.mark.parametrize("bias", ["zero", "constant:-0.25", "gaussian:0.1"])
def test_results_agree_with_certify_and_a_plain_loop(bias):
    plan = SweepPlan(((2, 5), (3, 9)), trials=6, bias=Bias.parse(bias), samples=60)
    for task in plan.tasks():
        result = run_task(task)
        layer, alpha = draw_layer(task)
        assert result.layer == layer.digest
        assert result.verdict == xi.certify(layer, domain=xi.Ball(1)).verdict
        seed = int(task.seeds()[2].generate_state(1, np.uint64)[0])
        rows, least = layer.W.to_float(), [float("inf")] * layer.m
        for x in UniformBall().points(60, layer.n, seed):
            products = rows @ x
            for j in np.argsort(-products)[: layer.n]:
                least[j] = min(least[j], products[j])
        assert result.rows == sum(bound <= value for bound, value in zip(alpha, least, strict=True))
        assert result.unselected == least.count(float("inf"))
        assert result.hamming == result.rows / layer.m


def test_a_positive_constant_bias_is_never_injective_on_the_ball():
    plan = SweepPlan(((2, 12),), trials=3, bias=Bias.parse("constant:0.25"), samples=50)
    assert {run_task(task).verdict for task in plan.tasks()} == {"not_injective"}


def test_out_of_time_is_unknown(tmp_path):
    plan = SweepPlan(((8, 50),), samples=20, timeout=1e-6)
    run_sweep(plan, tmp_path / "slow.jsonl")
    (result,) = read_results(tmp_path / "slow.jsonl")
    assert result.verdict == "timed_out"
    (cell,) = summary([result])
    assert (cell.unknown, cell.decided, cell.share_injective) == (1, 0, None)
    assert cell.share_interval == (0, 1)
    (cell,) = summary([result, replace(result, task=replace(result.task, timeout=9.0), verdict="injective")])
    assert (cell.trials, cell.unknown, cell.injective) == (1, 0, 1)


def test_summaries_count_and_refuse_mixtures(finished):
    results = read_results(finished)
    random.Random(0).shuffle(results)
    cells = summary(results)
    assert [(cell.n, cell.m) for cell in cells] == [(2, 5), (2, 9), (3, 5), (3, 9)]
    for cell in cells:
        mine = [result for result in results if (result.task.n, result.task.m) == (cell.n, cell.m)]
        assert cell.trials == len(mine) == 3
        assert cell.hamming == pytest.approx(np.mean([result.hamming for result in mine]))
        assert cell.injective == sum(result.verdict == "injective" for result in mine)
        assert cell.injective + cell.not_injective == 3
        assert cell.share_injective == cell.injective / 3
        assert cell.missed == sum(result.verdict == "not_injective" and result.hamming == 1 for result in mine)
    other = replace(results[0], task=replace(results[0].task, bias="constant:1/4"))
    with pytest.raises(xi.InputError, match="2 experiments"):
        summary([*results, other])


def test_intervals_hold_what_they_promise():
    """Against the textbook definitions: a score test, and tails of the binomial distribution."""
    from scipy.stats import binom, binomtest

    for successes, trials in ((0, 5), (3, 7), (20, 20), (453, 1000)):
        test = binomtest(successes, trials)
        expected = test.proportion_ci(method="wilson")
        assert wilson(successes, trials) == pytest.approx((expected.low, expected.high))
        low, high = clopper_pearson(successes, trials)
        assert successes == 0 or binom.sf(successes - 1, trials, low) == pytest.approx(0.025)
        assert successes == trials or binom.cdf(successes, trials, high) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"cells": ()}, "no cells"),
        ({"cells": ((3, 2),)}, "m < n"),
        ({"trials": 0}, "0 trials"),
        ({"seed": -1}, "seed -1"),
        ({"timeout": 0.0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"domain": xi.RealSpace()}, "to sample from"),
        ({"domain": xi.Sphere(1), "exact_up_to": 2}, "nothing is decided exactly"),
    ],
)
def test_plans_that_cannot_be(change, match):
    with pytest.raises(xi.InputError, match=match):
        replace(PLAN, **change)


@pytest.mark.parametrize("text", ["", "zero:1", "constant", "gaussian:-1", "gaussian:x", "normal:1", "constant:1e999"])
def test_biases_that_cannot_be(text):
    with pytest.raises(xi.InputError, match="expected zero"):
        Bias.parse(text)


def test_biases_are_named_by_their_value():
    assert Bias.parse("constant:0.25").text == Bias.parse("constant:1/4").text == "constant:1/4"
    assert Bias.parse("zero") == Bias()
    draws = Bias.parse("gaussian:4").draw(20_000, np.random.default_rng(0))
    assert draws.std() == pytest.approx(2, rel=0.02)


def test_spheres_are_sampled_only():
    tasks = list(replace(PLAN, domain=xi.Sphere(1)).tasks())
    assert not any(task.exact for task in tasks)
    assert run_task(tasks[0]).verdict is None


def test_the_picture_shows_the_cells(finished):
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    from exactinj.plotting import plot_sweep

    results = read_results(finished)
    _, ax = plt.subplots()
    assert plot_sweep(results, ax) is ax
    tiles, dots = ax.collections[:2]
    cells = summary(results)
    shown = tiles.get_array().reshape(2, 2)
    assert shown.ravel().tolist() == [cell.hamming for cell in cells]
    assert tiles.get_coordinates()[0, :, 0].tolist() == [3, 7, 11]
    assert dots.get_offsets().tolist() == [[cell.m, cell.n] for cell in cells]
    assert dots.get_array().tolist() == [cell.share_injective for cell in cells]
    red = [line for line in ax.lines if line.get_color() == "red"]
    assert all(x == pytest.approx(6.7 * y) for line in red for x, y in line.get_xydata())
    assert len(red) == 1
    with pytest.raises(xi.InputError, match="no results"):
        plot_sweep([], ax)
    plt.close("all")


def test_the_picture_marks_half_and_unknown():
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    from exactinj.plotting import plot_sweep

    tasks = list(SweepPlan(((2, 4), (2, 8), (3, 8)), trials=4).tasks())
    verdicts = {(2, 4): ["injective"] + 3 * ["not_injective"], (2, 8): 4 * ["injective"], (3, 8): 4 * ["timed_out"]}
    results = [CellResult(task, "0", 1, 0, verdicts[task.n, task.m][task.trial]) for task in tasks]
    _, ax = plt.subplots()
    plot_sweep(results, ax, colorbar=False)
    assert ax.lines[-1].get_xydata().tolist() == [[pytest.approx(4 + 4 / 3), 2]]
    assert ax.collections[-1].get_offsets().tolist() == [[8, 3]]
    assert np.ma.getmaskarray(ax.collections[0].get_array()).reshape(2, 2).tolist() == [[False, False], [True, False]]
    plt.close("all")


def test_the_command_line(run_command, tmp_path, capsys, monkeypatch):
    from exactinj.cli.main import main

    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    small = ("sweep", "--n", "2,3", "--m", "5:9:4", "--trials", "3", "--seed", "7", "--samples", "200")
    done = run_command(*small, "--out", "r.jsonl", "--plot", "p.png", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["layers"] == {"planned": 12, "found": 0, "computed": 12}
    assert document["cells"] == [
        json.loads(json.dumps(c.to_json())) for c in summary(read_results(tmp_path / "r.jsonl"))
    ]
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert main([*small, "--out", "r.jsonl"]) == 0
    again = capsys.readouterr().out
    assert "0 layers computed, 12 were there" in again
    assert "p_H (estimate)" in again
    quiet = ["sweep", "--grid", "2x4,3x8", "--shard", "2/2", "--samples", "9", "--out", "q.jsonl", "--quiet"]
    assert main(quiet) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--n", "a"], "--n: found 'a'"),
        (["--m", "2:9:0"], "--m: found"),
        (["--grid", "3"], "--grid: found"),
        (["--grid", "5x3"], "m < n"),
        (["--bias", "gauss"], "the bias 'gauss'"),
        (["--shard", "0/4"], "shards count from 1"),
        (["--shard", "x"], "--shard: found"),
        (["--trials", "0"], "0 trials"),
        (["--jobs", "0"], "jobs = 0"),
        (["--domain", "R^n"], "to sample from"),
        (["--domain", "sphere:1", "--exact-up-to", "2"], "nothing is decided"),
        (["--plot", "p.doc"], "--plot: found"),
        (["--out", "missing/r.jsonl"], "cannot write"),
    ],
)
def test_bad_input_is_one_line(arguments, match, tmp_path, capsys, monkeypatch):
    from exactinj.cli.main import main

    monkeypatch.chdir(tmp_path)
    assert main(["sweep", "--n", "2", "--m", "4", "--samples", "9", "--out", "r.jsonl", *arguments]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert match in printed.err
    assert printed.err.count("\n") == 1


def test_jobs_are_capped_by_layers_and_processors(tmp_path, monkeypatch, capsys):
    from exactinj.cli.main import main
    from exactinj.work import processes

    asked = []

    def spread(work, tasks, jobs):
        asked.append((len(tasks), jobs))
        return map(work, tasks)

    monkeypatch.setattr(sweep_run, "_spread", spread)
    monkeypatch.setattr(sweep_run, "HEAD_START", 0.0)
    monkeypatch.setattr(processes, "available_processors", lambda: 8)
    monkeypatch.chdir(tmp_path)
    for cells, most in (("2x4", 1), ("2x4,2x5,3x8", 3), (",".join(f"2x{m}" for m in range(2, 30)), 8)):
        name = f"{most}.jsonl"
        assert (
            main(["sweep", "--grid", cells, "--samples", "9", "--out", name, "--jobs", "5000", "--exact-up-to", "0"])
            == 0
        )
        assert asked.pop() == (cells.count("x"), most)
        assert capsys.readouterr().err == (
            "exactinj: --jobs 5000: at most 8 processes are used, by the processors of this machine\n"
        )


def test_a_short_sweep_starts_no_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(sweep_run, "_spread", None)  # would fail
    run_sweep(SHORT, tmp_path / "r.jsonl", jobs=2)
    assert len(read_results(tmp_path / "r.jsonl")) == 2


def test_a_full_disk_is_one_line_and_the_next_run_goes_on(finished, tmp_path, monkeypatch):
    from exactinj.sweep import results

    writes = []

    def full(_):
        writes.append(1)
        if len(writes) == 5:
            raise OSError(28, "No space left on device")

    path = tmp_path / "r.jsonl"
    monkeypatch.setattr(results.os, "fsync", full)
    with pytest.raises(xi.InputError, match=r"No space left on device; make room and run again to go on from here"):
        run_sweep(PLAN, path)
    assert len(read_results(path)) == 5
    monkeypatch.undo()
    run_sweep(PLAN, path)
    assert lines_of(path) == lines_of(finished)


def test_a_picture_is_whole_or_not_there(tmp_path, monkeypatch, capsys):
    from exactinj.cli.main import main
    from exactinj.work import atomic

    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)

    def full(_):
        raise OSError(28, "No space left on device")

    small = ["sweep", "--grid", "2x4", "--samples", "9", "--out", "r.jsonl"]
    assert main([*small, "--quiet"]) == 0
    monkeypatch.setattr(atomic.os, "fsync", full)
    assert main([*small, "--plot", "p.png"]) == 3
    assert capsys.readouterr().err == (
        "exactinj: --plot: cannot write p.png: No space left on device; choose another place\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.jsonl"]


def test_layers_of_other_sweeps_in_the_file_are_named(tmp_path, monkeypatch, capsys):
    from exactinj.cli.main import main

    monkeypatch.chdir(tmp_path)
    small = ["sweep", "--grid", "2x4,2x5", "--samples", "9", "--exact-up-to", "0", "--out", "r.jsonl"]
    assert main([*small, "--seed", "3"]) == 0
    assert "other sweeps" not in capsys.readouterr().out
    assert main([*small, "--seed", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["other_layers_in_file"] == {"count": 2, "seeds": [3]}
    assert main([*small, "--seed", "4"]) == 0
    assert "(2 layers of other sweeps in this file, seed 3, are not counted here)" in capsys.readouterr().out


def test_without_joblib_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(xi.ExactinjError, match=r"exactinj\[sweep\]"):
        run_sweep(SHORT, tmp_path / "r.jsonl")


@pytest.mark.parametrize("jobs", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_an_interrupt_leaves_a_valid_file(tmp_path, jobs):
    """Ctrl-C on a terminal reaches the whole process group, workers included."""
    path = tmp_path / "r.jsonl"
    arguments = ["--grid", "4x19", "--trials", "9999", "--samples", "50", "--out", path, "--jobs", jobs]
    command = [sys.executable, "-m", "exactinj", "sweep", *map(str, arguments)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    until = time.monotonic() + 60
    while time.monotonic() < until and not (path.exists() and path.read_bytes().count(b"\n") > 8):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    said = f"exactinj: interrupted; finished layers are in {path}, and the same command goes on from there\n"
    assert (out, err.decode()) == (b"", said)
    assert read_results(path)
    assert path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/null"])
def test_a_device_is_no_results_file(device):
    with pytest.raises(xi.InputError, match="not a regular file"):
        run_sweep(SHORT, device)
    with pytest.raises(xi.InputError, match="not a regular file"):
        read_results(device)


def test_a_file_that_is_something_else_is_left_alone(tmp_path):
    for text in ('{"W":[[1,0],[0,1],[-1,-1]]}', "hello"):
        path = tmp_path / "layer.json"
        path.write_text(text)
        with pytest.raises(xi.InputError, match="expected a result"):
            run_sweep(SweepPlan(cells=((2, 5),), samples=10), path)
        assert path.read_text() == text
