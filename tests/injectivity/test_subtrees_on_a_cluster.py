"""Subtrees searched by a real Dask cluster of two workers on this machine, one of which is killed on the way."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.certificate import Certificate
from exactinj.injectivity.sign_split import SignSplitEngine
from exactinj.injectivity.subtrees.plan import Plan
from exactinj.injectivity.subtrees.stores import FolderStore
from exactinj.work.clock import Clock

joblib = pytest.importorskip("joblib")
distributed = pytest.importorskip("distributed", reason="a cluster of one's own: pip install distributed")

PLAN = Plan(short=0, head=50, least=20, most=150, budget=120)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of what a killed worker leaves open
def test_a_cluster_that_loses_a_worker_gives_the_same_proof(tmp_path, monkeypatch):
    layer = xi.ReLULayer(np.random.default_rng(0).standard_normal((56, 8)))
    problem = HomogeneousProblem(layer, xi.RealSpace().for_dimension(8))
    here = SignSplitEngine(None, None, PLAN).decide(problem, Clock())
    kept = []
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config("dask"),
    ):
        workers = client.run(os.getpid)
        assert len(workers) == 2
        assert os.getpid() not in workers.values()
        keep = FolderStore.keep

        def keep_and_kill(store, nodes, part):
            keep(store, nodes, part)
            kept.append(nodes)
            if len(kept) == 10:
                os.kill(min(workers.values()), signal.SIGKILL)

        monkeypatch.setattr(FolderStore, "keep", keep_and_kill)
        answer = SignSplitEngine(None, str(tmp_path), PLAN).decide(problem, Clock())
        assert min(workers.values()) not in client.run(os.getpid).values()
    assert len(kept) > 20
    assert answer.verdict == "injective"
    proof = Certificate(layer, problem.domain, answer.proof)
    assert xi.check(proof, layer).valid
    assert proof.to_bytes() == Certificate(layer, problem.domain, here.proof).to_bytes()
