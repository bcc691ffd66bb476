"""Measurements in jobs: on shared and whole nodes, in arrays, without a home, with other memory and cores."""

from __future__ import annotations

import os
from pathlib import Path

from dcase_energy.measure.records import load_calibration, load_energy
from tests.cluster.slurm import wait_for

TINY = Path(__file__).parent.parent / "calibration" / "data" / "tiny.toml"
# A command that lasts until the file ``enough`` is there.
HELD = "sh -c 'touch begun; until [ -e enough ]; do sleep 0.1; done'"
_BUSY = "another dcase-energy session measures on this machine"


def measure(output: str, command: str = "sleep 1") -> str:
    return f"dcase-energy measure --stage training --output {output} -- {command}"


def calibrate(options: str) -> str:
    """A calibration of a second; options that follow prevail."""
    return f"dcase-energy calibrate --recipe {TINY} --device cpu --threads 1 --idle 0 {options}"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.json")}


def test_the_number_of_the_job_is_in_the_record(slurm, tmp_path):
    job = slurm.submit(tmp_path, measure("energy.json")).succeed()
    record = load_energy(tmp_path / "energy.json")
    assert (record.complete, record.batch_job.system, record.batch_job.id) == (True, "slurm", job.number)


def test_constants_are_those_of_the_machine_whatever_the_job_may_use(slurm, tmp_path):
    one_core = f"taskset --cpu-list {min(os.sched_getaffinity(0))} "  # as nodes bind jobs to processors
    requests = {
        "small": (one_core, "--mem=8G", "--cpus-per-task=1"),
        "large": ("", "--mem=200G", "--cpus-per-task=16"),
        "whole": ("", "--mem=0", "--exclusive"),
    }
    for name, (prefix, *options) in requests.items():
        slurm.submit(tmp_path, prefix + measure(f"{name}.json"), *options).succeed()
    slurm.call("sh", "-c", f"cd {tmp_path} && {measure('outside.json')}")
    outside, *inside = (load_energy(tmp_path / f"{name}.json") for name in ("outside", *requests))
    assert outside.batch_job is None
    assert outside.constants_w["ram"] > 0
    for record in inside:
        assert record.constants_w == outside.constants_w
        assert record.hardware_sha256 == outside.hardware_sha256
    assert inside[0].hardware["cpu_threads_usable"] == 1


def test_a_second_job_on_a_node_is_refused_and_disturbs_nothing(slurm, tmp_path):
    first = slurm.submit(tmp_path, measure("first.json", HELD), "--nodelist=n1")
    first.wait_for("the command's begin", (tmp_path / "begun").exists)
    second = slurm.submit(tmp_path, measure("second.json", "touch executed"), "--nodelist=n1").wait()
    assert (second.state, second.exit_code) == ("FAILED", 125)
    assert _BUSY in second.output
    assert not (tmp_path / "executed").exists()
    (tmp_path / "enough").touch()
    first.succeed()
    assert load_energy(tmp_path / "first.json").complete
    refused = load_energy(tmp_path / "second.json")
    assert (refused.complete, refused.stages) == (False, {})
    assert any(_BUSY in reason for reason in refused.reasons)


def test_exclusive_jobs_wait_for_each_other(slurm, tmp_path):
    options = ("--exclusive", "--nodelist=n1")
    jobs = [slurm.submit(tmp_path, measure(f"{name}.json", HELD), *options) for name in ("first", "second")]
    jobs[0].wait_for("the command's begin", (tmp_path / "begun").exists)
    assert (jobs[0].state, jobs[1].state) == ("RUNNING", "PENDING")
    (tmp_path / "enough").touch()
    for job, name in zip(jobs, ("first", "second"), strict=True):
        job.succeed()
        assert load_energy(tmp_path / f"{name}.json").batch_job.id == job.number


def test_an_array_writes_one_record_each_and_replaces_none(slurm, tmp_path):
    # Each node of a cluster has its own folder for locks, and all see the folder of the records.
    script = 'export TMPDIR="$TMPDIR/$SLURMD_NODENAME"; mkdir -p "$TMPDIR"\n' + measure("energy.json", "sleep 3")
    array = slurm.submit(tmp_path, script, "--array=1-3", "--exclusive", "--output=array-%a.out")
    array.succeed_all()
    records = [load_energy(tmp_path / name) for name in ("energy.json", "energy.2.json", "energy.3.json")]
    assert names(tmp_path) == {"energy.json", "energy.2.json", "energy.3.json"}
    assert len({record.batch_job.id for record in records}) == 3
    for record, path in zip(records, sorted(tmp_path.glob("energy*.json")), strict=True):
        assert record.complete, record.reasons
        journal = path.with_name(f"{path.stem}.journal.jsonl").read_text().splitlines()
        assert journal


def test_a_cancelled_job_leaves_a_record_that_is_not_complete(slurm, tmp_path):
    job = slurm.submit(tmp_path, measure("energy.json", "sh -c 'touch begun; exec sleep 600'"))
    job.wait_for("the command's begin", (tmp_path / "begun").exists)
    slurm.call("scancel", job.number)
    job.wait("CANCELLED")
    wait_for("the record of the cancelled job", (tmp_path / "energy.json").exists, job.known)
    record = load_energy(tmp_path / "energy.json")
    assert (record.complete, record.valid, record.batch_job.id) == (False, False, job.number)
    slurm.submit(tmp_path, measure("energy.json")).succeed()
    assert load_energy(tmp_path / "energy.json").complete
    assert names(tmp_path) == {"energy.json", "energy.failed.json"}


def test_a_job_without_a_home_measures(slurm, tmp_path):
    slurm.submit(tmp_path, f"unset HOME\n{measure('root.json')}").succeed()
    # A user whom the node does not know, as where its directory service is down.
    nobody = "unset HOME USER LOGNAME\nunshare --mount sh -c 'mount --bind /dev/null /etc/passwd && exec {}'"
    slurm.submit(tmp_path, nobody.format(measure("unknown.json"))).succeed()
    assert load_energy(tmp_path / "root.json").complete
    assert load_energy(tmp_path / "unknown.json").complete
    assert not (tmp_path / "~").exists()


def test_a_store_that_cannot_be_written_fails_no_calibration(slurm, tmp_path):
    """Homes are read-only on the nodes of some clusters."""
    mounted = "mkdir -p store && mount -t tmpfs -o ro none store && exec"
    script = f"DCASE_ENERGY_DATA=$PWD/store unshare --mount sh -c '{mounted} {calibrate('--epochs 1')}'"
    job = slurm.submit(tmp_path, script).wait()
    record = load_calibration(tmp_path / "calibration.json")
    assert record.complete
    if record.valid:
        assert "not kept for `report`" in job.output
