"""Work spread over processes and over a real Dask cluster gives the same results in the same order."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dcase_energy.errors import ParallelError
from dcase_energy.parallel import run_all
from tests.unit.parallel_work import at_once, die, refuse, slowly, square_later

NUMBERS = list(range(6))
EXAMPLES = Path(__file__).parents[2] / "examples" / "packages"


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes behind a scheduler."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, processes=True, threads_per_worker=1, dashboard_address=":0") as started:
        yield started


def test_one_job_stays_in_this_process():
    assert list(run_all(square_later, NUMBERS)) == [(n * n, os.getpid()) for n in NUMBERS]


def test_processes_keep_the_order():
    results = list(run_all(square_later, NUMBERS, jobs=2))
    assert [value for value, _ in results] == [n * n for n in NUMBERS]
    assert len({process for _, process in results} - {os.getpid()}) == 2


def test_a_script_without_a_guard_does_not_start_itself_over(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(
        f"import dcase_energy\nprint('started')\nprint(len(dcase_energy.validate({str(EXAMPLES)!r}, jobs=2).systems))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["started", "5"], done.stderr


def test_a_cluster_keeps_the_order_and_uses_both_workers(cluster):
    results = list(run_all(square_later, NUMBERS, scheduler=cluster.scheduler_address))
    assert [value for value, _ in results] == [n * n for n in NUMBERS]
    assert len({process for _, process in results} - {os.getpid()}) == 2


def test_work_of_another_length_before_keeps_no_worker_idle():
    """Dask leaves pieces that it takes for short on the worker that has what they need."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, processes=True, threads_per_worker=1, dashboard_address=":0", resources={"measure": 1}
    ) as started:
        options = {"scheduler": started.scheduler_address, "resources": {"measure": 1}}
        assert list(run_all(at_once, [1], **options)) == [1]
        assert len(set(run_all(slowly, NUMBERS, **options))) == 2


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


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://here", "127.0.0.1", "tcp://127.0.0.1:99999"])
def test_a_scheduler_that_is_not_there(address):
    with pytest.raises(ParallelError, match="no Dask scheduler answers at " + re.escape(address)):
        list(run_all(square_later, NUMBERS, scheduler=address))


def test_a_scheduler_file(cluster, tmp_path):
    path = tmp_path / "scheduler.json"
    path.write_text(json.dumps({"address": cluster.scheduler_address}))
    assert [value for value, _ in run_all(square_later, [3], scheduler=str(path))] == [9]
    path.write_text("{}")
    with pytest.raises(ParallelError, match="not a scheduler file"):
        list(run_all(square_later, [3], scheduler=str(path)))


def test_a_cluster_without_workers(monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr("dcase_energy.parallel._WORKERS_TIMEOUT_S", 0)
    with (
        LocalCluster(n_workers=0, processes=False, protocol="tcp://", dashboard_address=":0") as empty,
        pytest.raises(ParallelError, match="has no workers"),
    ):
        list(run_all(square_later, [3], scheduler=empty.scheduler_address))


def test_workers_may_come_after_the_command():
    """Those of a batch job come a while after its scheduler."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, processes=False, protocol="tcp://", dashboard_address=":0") as empty:
        waiting = threading.Timer(1.0, empty.scale, [1])
        waiting.start()
        assert [value for value, _ in run_all(square_later, [3], scheduler=empty.scheduler_address)] == [9]
        waiting.join()


def test_jobs_below_one():
    assert list(run_all(abs, [-1, 2], jobs=0)) == [1, 2]
    with pytest.raises(ValueError, match="at least 1"):
        run_all(square_later, NUMBERS, jobs=-1)
