"""Work spread over processes and over a real Dask cluster gives the same results in the same order."""

from __future__ import annotations

import os

import pytest

from dcase_energy.parallel import ParallelError, run_all
from tests.unit.parallel_work import die, refuse, square_later

NUMBERS = list(range(6))


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes behind a scheduler."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None) as started:
        yield started


def test_one_job_stays_in_this_process():
    assert list(run_all(square_later, NUMBERS)) == [(n * n, os.getpid()) for n in NUMBERS]


def test_processes_keep_the_order():
    results = list(run_all(square_later, NUMBERS, jobs=2))
    assert [value for value, _ in results] == [n * n for n in NUMBERS]
    assert len({process for _, process in results} - {os.getpid()}) == 2


def test_a_cluster_keeps_the_order_and_uses_both_workers(cluster):
    results = list(run_all(square_later, NUMBERS, scheduler=cluster.scheduler_address))
    assert [value for value, _ in results] == [n * n for n in NUMBERS]
    assert len({process for _, process in results} - {os.getpid()}) == 2


def test_equal_items_are_computed_each_time(cluster):
    assert len(list(run_all(square_later, [5, 5, 5], scheduler=cluster.scheduler_address))) == 3


@pytest.mark.parametrize("where", ["here", "processes", "cluster"])
def test_an_error_of_the_work_arrives_as_it_was(where, cluster):
    options = {"here": {}, "processes": {"jobs": 2}, "cluster": {"scheduler": cluster.scheduler_address}}[where]
    with pytest.raises(ValueError, match="0 is refused"):
        list(run_all(refuse, NUMBERS, **options))


def test_a_worker_that_dies_is_named():
    with pytest.raises(ParallelError, match="ended unexpectedly"):
        list(run_all(die, NUMBERS, jobs=2))


def test_a_scheduler_that_is_not_there(monkeypatch):
    monkeypatch.setattr("dcase_energy.parallel._CONNECT_TIMEOUT_S", 1)
    with pytest.raises(ParallelError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(run_all(square_later, NUMBERS, scheduler="tcp://127.0.0.1:9"))


def test_jobs_below_one():
    with pytest.raises(ValueError, match="at least 1"):
        run_all(square_later, NUMBERS, jobs=0)
