"""A real SLURM on this machine: one controller and several nodes, each a slurmd with its own port, in one folder.

Debian's packages slurm-wlm and munge, and root, are needed. Nothing outside the folder is written. All processes of the
cluster, those of jobs too, are in one PID namespace, which the kernel ends with the tests, however these end. The nodes
claim more processors, memory and GPUs than the machine has, so that the guides' requests fit.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil

NODES = ("n1", "n2", "n3", "n4")
# A node with another processor, in a separate partition.
OTHER = "other"
OTHER_PROCESSOR = "Another Processor 9000"
# Of the folders of clusters, in the system's folder for temporary files: names of sockets are short.
_PREFIX = "dcase-energy-slurm-"
# Locked in the folder of a cluster whose tests run.
_OWNER = "owner"
# Of any wait: on a busy machine a job of a second may take minutes.
PATIENCE_S = 900.0
_PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "setpriv", "unshare")
_SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_OVER = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY"}
_NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=32 RealMemory=250000 "
    "Gres=gpu:1 Feature=a100 State=UNKNOWN"
)
_CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=10
CredType=cred/munge
MpiDefault=none
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
ReturnToService=2
SlurmUser=root
SlurmdUser=root
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/%n.pid
SlurmdSpoolDir={folder}/spool/%n
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/%n.log
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=100
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
GresTypes=gpu
KillWait=120
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1
MinJobAge=100000
{nodes}
PartitionName=main Nodes={main} Default=YES MaxTime=INFINITE State=UP
PartitionName=all Nodes={main},{other} MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """What this machine lacks for a cluster; None if nothing."""
    absent = [name for name in _PROGRAMS if shutil.which(name, path=_SEARCHED) is None]
    if absent:
        return f"{', '.join(absent)} not found: install slurm-wlm and munge"
    return None if os.geteuid() == 0 else "the daemons of a cluster need root"


def wait_for(goal: str, condition: Callable[[], object], known: Callable[[], object] = str) -> None:
    """Wait until something has happened; fail with what was waited for and what is known then."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE_S:g} s for {goal}; known now:\n{known()}")
        time.sleep(0.2)


class Slurm:
    """A running cluster.

    Parameters
    ----------
    folder
        Everything of it is there; ``home`` in it is the home folder of the jobs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self._started: subprocess.Popen[bytes] | None = None
        # The environment of who submits, and so that of the jobs: this checkout, and nothing of pytest's own folders.
        left_out = {"DCASE_ENERGY_LOCK", "DCASE_ENERGY_DATA", "PYTEST_CURRENT_TEST", "FORCE_COLOR", "GITHUB_ACTIONS"}
        clean = {name: value for name, value in os.environ.items() if name not in left_out}
        self.environment = {
            **{name: value for name, value in clean.items() if not name.startswith(("SLURM_", "SBATCH_"))},
            "SLURM_CONF": str(folder / "slurm.conf"),
            "HOME": str(self.home),
            # Locks of measurements lie there: those of the nodes, which are one machine, and no others.
            "TMPDIR": str(folder / "tmp"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), _SEARCHED]),
            "NO_COLOR": "1",
        }

    def call(self, *command: object, check: bool = True, folder: Path | None = None, tools: str = "") -> str:
        """Run a program beside the jobs, in a folder; returns what it printed. ``tools`` is searched first."""
        done = subprocess.run(
            [str(one) for one in command],
            env={**self.environment, "PATH": f"{tools}{os.pathsep}{self.environment['PATH']}"},
            cwd=folder or self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def submit(self, folder: Path, script: str, *options: str, arguments: Sequence[object] = ()) -> Job:
        """Submit a script from a folder, as a user does with sbatch."""
        path = folder / "job.sh"
        path.write_text(script if script.startswith("#!") else f"#!/bin/bash\n{script}\n", encoding="utf-8")
        return self.job(folder, self.call("sbatch", *options, path, *arguments, folder=folder))

    def job(self, folder: Path, printed: str) -> Job:
        """The job that was submitted from a folder, by what sbatch printed."""
        return Job(self, folder, re.findall(r"Submitted batch job (\d+)", printed)[0])

    def start(self) -> None:
        """Start the daemons and wait until all nodes are idle."""
        for name in ("state", "spool", "run", "log", "munge", "tmp", "home/dcase-energy"):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)  # munged insists on a socket that all can reach
        # What the guides call: ~/dcase-energy/.venv.
        (self.home / "dcase-energy" / ".venv").symlink_to(sys.prefix)
        self._configure()
        key = self.folder / "munge" / "key"
        key.write_bytes(os.urandom(64))
        key.chmod(0o600)
        # A node that sees another processor: its own mounts, and its own text in place of /proc/cpuinfo.
        text = re.sub(r"(?m)^model name.*$", f"model name\t: {OTHER_PROCESSOR}", Path("/proc/cpuinfo").read_text())
        (self.folder / "cpuinfo").write_text(text)
        (self.folder / "daemons.sh").write_text(self._daemons())
        with (self.folder / "log" / "started").open("ab") as log:
            # The kernel kills `unshare` with this process, then the first process of the namespace, and so all in it.
            bound = "setpriv --pdeathsig KILL unshare --pid --fork --kill-child --mount-proc sh daemons.sh"
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            # A separate session: Ctrl-C is for the tests, which then end the jobs first.
            self._started = subprocess.Popen(
                bound.split(), env=self.environment, cwd=self.folder, start_new_session=True, **streams
            )
        wait_for("all nodes of the cluster to be idle", lambda: self._idle() == {*NODES, OTHER}, self.logs)

    def _daemons(self) -> str:
        """The script that is the first process of the namespace: it starts the daemons and waits for them."""
        folder = shlex.quote(str(self.folder))
        files = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        munge = " ".join(f"--{option}={folder}/munge/{name}" for option, name in files.items())
        mounted = f"mount --bind {folder}/cpuinfo /proc/cpuinfo && exec slurmd -D -N {OTHER}"
        return "\n".join(
            [
                f"munged --foreground {munge} &",
                "until [ -S munge/socket ]; do sleep 0.1; done",
                "slurmctld -D &",
                *(f"slurmd -D -N {name} &" for name in NODES),
                f"unshare --mount sh -c {shlex.quote(mounted)} &",
                "wait",
                "",
            ]
        )

    def _configure(self) -> None:
        host, ports = socket.gethostname().partition(".")[0], _free_ports(len(NODES) + 2)
        names = [*NODES, OTHER]
        nodes = [_NODE.format(name=name, host=host, port=port) for name, port in zip(names, ports[1:], strict=True)]
        text = _CONFIGURATION.format(
            folder=self.folder, host=host, port=ports[0], nodes="\n".join(nodes), main=",".join(NODES), other=OTHER
        )
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text(f"NodeName={','.join(names)} Name=gpu File=/dev/null\n")

    def _idle(self) -> set[str]:
        return set(self.call("sinfo", "--noheader", "--Node", "--states=idle", "--format=%N", check=False).split())

    def logs(self) -> str:
        """The last lines of all logs."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-15:])
            for path in sorted(self.folder.glob("log/*"))
        )

    def end_jobs(self) -> None:
        """End all jobs and wait until none is left."""
        self.call("scancel", "--user=root", check=False)
        wait_for("all jobs to end", lambda: not self.call("squeue", "--noheader").strip(), lambda: self.call("squeue"))

    def stop(self) -> None:
        """End the daemons, the jobs and all that these started."""
        if self._started is not None:
            self._started.kill()
            self._started.wait()


class Job:
    """A job that was submitted."""

    def __init__(self, slurm: Slurm, folder: Path, number: str) -> None:
        self.slurm = slurm
        self.folder = folder
        self.number = number

    def about(self) -> dict[str, str]:
        """What SLURM says of it."""
        text = self.slurm.call("scontrol", "--oneliner", "show", "job", self.number)
        return dict(re.findall(r"(\w+)=(\S*)", text.splitlines()[0]))

    @property
    def state(self) -> str:
        return self.about()["JobState"]

    @property
    def exit_code(self) -> int:
        return int(self.about()["ExitCode"].partition(":")[0])

    @property
    def output(self) -> str:
        path = self.folder / f"slurm-{self.number}.out"
        return path.read_text(errors="replace") if path.exists() else ""

    def known(self) -> str:
        """What is known of it, for messages."""
        return f"{self.about()}\n{self.output}"

    def wait(self, *states: str) -> Job:
        """Wait for a state; without one for any end."""
        expected = set(states) or _OVER
        goal = f"job {self.number} to be {' or '.join(sorted(expected))}"
        wait_for(goal, lambda: self.state in expected | _OVER, self.known)
        assert self.state in expected, f"expected {goal}\n{self.known()}"
        return self

    def wait_for(self, goal: str, condition: Callable[[], object]) -> None:
        """Wait until something has happened, which a job that has ended cannot bring about any more."""
        over: list[bool] = []

        def happened() -> bool:
            over.append(self.state in _OVER)
            return bool(condition()) or over[-1]

        wait_for(f"{goal} by job {self.number}", happened, self.known)
        assert condition(), f"job {self.number} ended without this: {goal}\n{self.known()}"

    def succeed_all(self) -> None:
        """Wait for the end of all jobs of an array, which must be exit code 0."""

        def states() -> set[str]:
            return set(re.findall(r"JobState=(\w+)", self.slurm.call("scontrol", "show", "job", self.number)))

        goal = f"all jobs of array {self.number} to end"
        wait_for(goal, lambda: states() <= _OVER, lambda: self.slurm.call("squeue"))
        assert states() == {"COMPLETED"}, self.slurm.call("scontrol", "show", "job", self.number)

    def succeed(self) -> Job:
        """Wait for its end, which must be exit code 0."""
        assert self.wait().state == "COMPLETED", self.known()
        return self


def _free_ports(count: int) -> list[int]:
    """Ports of this machine that are free now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def running() -> Iterator[Slurm]:
    """A cluster in a temporary folder, gone at the end; what an earlier one left is removed first."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_left_over(folder)
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name, (Path(name) / _OWNER).open("w") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
        slurm = Slurm(Path(name))
        try:
            slurm.start()
            yield slurm
        finally:
            slurm.stop()


def _remove_left_over(folder: Path) -> None:
    """Remove a cluster's folder whose tests are gone, and end what still runs of its daemons and jobs."""
    with contextlib.ExitStack() as stack:
        try:
            fcntl.flock(stack.enter_context((folder / _OWNER).open()), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:  # of another version, or made by another run a moment ago
            if time.time() - folder.stat().st_mtime < 60:
                return
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("SLURM_CONF") == str(folder / "slurm.conf"):
                    process.kill()
        shutil.rmtree(folder, ignore_errors=True)
