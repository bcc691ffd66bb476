"""A real SLURM on this machine: one controller and several nodes, each a slurmd with its own port, in one folder.

Debian's packages slurm-wlm and munge, and root, are needed. Nothing outside the folder is written; what was started is
stopped. The nodes claim more processors, memory and GPUs than the machine has, so that the guides' requests fit.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil

NODES = ("n1", "n2", "n3", "n4")
# A node with another processor, in a separate partition.
OTHER = "other"
OTHER_PROCESSOR = "Another Processor 9000"
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
KillWait=20
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


def wait_for(condition: Callable[[], object], timeout_s: float, what: Callable[[], object] = str) -> None:
    """Wait until something has happened; fail with what is known then."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s:\n{what()}")
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
        self._daemons: list[subprocess.Popen[bytes]] = []
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
        parts = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self._daemon("munged", "--foreground", *(f"--{key}={self.folder}/munge/{name}" for key, name in parts.items()))
        wait_for((self.folder / "munge" / "socket").exists, 30)
        self._daemon("slurmctld", "-D")
        for name in NODES:
            self._daemon("slurmd", "-D", "-N", name)
        # A node that sees another processor: its own mounts, and its own text in place of /proc/cpuinfo.
        text = re.sub(r"(?m)^model name.*$", f"model name\t: {OTHER_PROCESSOR}", Path("/proc/cpuinfo").read_text())
        (self.folder / "cpuinfo").write_text(text)
        mounted = f"mount --bind {self.folder}/cpuinfo /proc/cpuinfo && exec slurmd -D -N {OTHER}"
        self._daemon("unshare", "--mount", "sh", "-c", mounted)
        wait_for(lambda: self._idle() == {*NODES, OTHER}, 60, self.logs)

    def _daemon(self, *command: str) -> None:
        """Start what ends with this process, however that ends."""
        with (self.folder / "log" / "started").open("ab") as log:
            bound = ["setpriv", "--pdeathsig", "TERM", *command]
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            # A separate session: Ctrl-C is for the tests, which then end the jobs first.
            started = subprocess.Popen(bound, env=self.environment, start_new_session=True, **streams)
        self._daemons.append(started)

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
        wait_for(lambda: not self.call("squeue", "--noheader").strip(), 60, lambda: self.call("squeue"))

    def stop(self) -> None:
        """Stop what was started, and nothing else."""
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in self._daemons:
            try:
                daemon.wait(30)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        # Jobs that were still there: all that was started here has this variable.
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("SLURM_CONF") == self.environment["SLURM_CONF"]:
                    process.kill()


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

    def wait(self, *states: str, timeout_s: float = 500) -> Job:
        """Wait for a state; without one for any end."""
        expected = set(states) or _OVER
        wait_for(lambda: self.state in expected, timeout_s, lambda: f"{self.about()}\n{self.output}")
        return self

    def succeed_all(self, timeout_s: float = 300) -> None:
        """Wait for the end of all jobs of an array, which must be exit code 0."""

        def states() -> set[str]:
            return set(re.findall(r"JobState=(\w+)", self.slurm.call("scontrol", "show", "job", self.number)))

        wait_for(lambda: states() <= _OVER, timeout_s, lambda: self.slurm.call("squeue"))
        assert states() == {"COMPLETED"}, self.slurm.call("scontrol", "show", "job", self.number)

    def wait_for_output(self, text: str, timeout_s: float = 120) -> Job:
        """Wait until it has printed something."""
        wait_for(lambda: text in self.output, timeout_s, lambda: f"{self.about()}\n{self.output}")
        return self

    def succeed(self, timeout_s: float = 500) -> Job:
        """Wait for its end, which must be exit code 0."""
        assert self.wait(timeout_s=timeout_s).state == "COMPLETED", self.output
        return self


def _free_ports(count: int) -> list[int]:
    """Ports of this machine that are free now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Slurm]:
    """A cluster in a folder, stopped at the end."""
    slurm = Slurm(folder)
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()
