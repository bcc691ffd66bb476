"""The one place that knows about parallelism: this process, processes of this machine, or a Dask cluster.

`run_all` maps a function over items and gives the results in their order, whatever ran them. Function and items
travel by pickle: the function must be importable (or a `functools.partial` of one that is), and what it names on disk
must be there where it runs.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from dcase_energy.errors import InputError, ParallelError

Item = TypeVar("Item")
Result = TypeVar("Result")

_CONNECT_TIMEOUT_S = 20
# Workers of a batch job come a while after its scheduler.
_WORKERS_TIMEOUT_S = 120
_POLL_S = 0.5
_MAX_SCHEDULER_FILE = 1_000_000
_ADDRESS = re.compile(r"(?:(?:tcp|tls)://)?(?P<host>[^/]+):(?P<port>[0-9]{1,5})")


def usable_threads() -> int:
    """Return the number of logical processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_count(asked: int | None) -> int:
    """Return how many threads to compute with: as many as asked, or all that are usable.

    Raises
    ------
    InputError
        If more are asked for than this process may use: they would wait for each other at the machine's full power.
    """
    usable = usable_threads()
    if asked is not None and asked > usable:
        raise InputError(f"threads: this process may use {usable} of this machine, found {asked:,}")
    return asked or usable


def run_all(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    resources: Mapping[str, float] | None = None,
) -> Iterator[Result]:
    """Apply a function to every item; results come in the order of the items, each as soon as it can.

    Parameters
    ----------
    function, items
        What to do, and to what.
    jobs
        Processes of this machine; 0 for as many as there are processors. With 1, or a single item, everything
        runs in this process.
    scheduler
        Address of a Dask scheduler (``tcp://host:8786``, or the path of its ``--scheduler-file``). It takes the place
        of ``jobs``.
    resources
        What an item takes of a worker of the cluster (`dask worker --resources "measure=1"`); workers without it are
        given none.

    Raises
    ------
    ParallelError
        If a worker process dies, if no scheduler answers, or if the extra ``cluster`` is not installed.
    ValueError
        If ``jobs`` is negative.
    """
    if jobs < 0:
        raise ValueError(f"jobs is {jobs}; it must be at least 1, or 0 for all processors")
    jobs = jobs or usable_threads()
    if scheduler is not None:
        return _on_cluster(function, items, scheduler, resources)
    if jobs == 1 or len(items) < 2:
        return map(function, items)
    return _on_this_machine(function, items, min(jobs, len(items)))


def _on_this_machine(function: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> Iterator[Result]:
    # Imported here: most commands spread nothing.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    from dcase_energy.orphans import end_with_parent

    # Not plain fork: the parent may hold threads of BLAS or Arrow, and a lock of theirs would stay locked in the child.
    method = "spawn" if sys.platform == "win32" else "forkserver"
    context = multiprocessing.get_context(method)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=end_with_parent)
    try:
        with _no_main_module():
            results = pool.map(function, items)  # starts all workers
        yield from results
    except BrokenProcessPool:
        message = "a worker process ended unexpectedly (out of memory?); try fewer --jobs"
        raise ParallelError(message) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Start workers that do not import the caller's main module.

    They need nothing from it, importing it may take seconds, and a script without a ``__name__ == "__main__"`` guard
    would start itself over.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _on_cluster(
    function: Callable[[Item], Result], items: Sequence[Item], scheduler: str, resources: Mapping[str, float] | None
) -> Iterator[Result]:
    try:
        from distributed import Client
    except ImportError:
        message = "--scheduler needs Dask: pip install 'dcase-energy[cluster]'"
        raise ParallelError(message) from None
    address = _address_of(scheduler)
    try:
        client = Client(address, timeout=_CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ParallelError(f"no Dask scheduler answers at {address}: {error}") from None
    try:
        _wait_for_workers(client, scheduler, resources or {})
        # What the function carries (a ground truth) is sent once, and is computed anew where its worker dies. Not pure:
        # two equal items are two pieces of work, and no result of an earlier command is taken for ours.
        options = {"pure": False, "retries": 1, "resources": resources}
        carried = client.submit(pickle.loads, pickle.dumps(function), **options)
        # Dask expects pieces of one name to take equally long, and leaves short ones on the worker that has them.
        named = getattr(function, "func", function).__name__
        futures = client.map(_apply, [carried] * len(items), items, key=named, **options)
        del carried
        for _ in items:
            # Taken out of the list, so that the cluster can forget each result.
            yield _result_of(futures.pop(0), scheduler)
    finally:
        client.close()


def _apply(function: Callable[[Item], Result], item: Item) -> Result:
    return function(item)


def _result_of(future: Any, scheduler: str) -> Any:
    """The result of a piece of work on a cluster; what the cluster could not do is a `ParallelError`."""
    from concurrent.futures import CancelledError

    from distributed.scheduler import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        raise ParallelError(f"workers of {scheduler} died over one item: {error}") from None
    except CancelledError:
        raise ParallelError(f"the Dask scheduler at {scheduler} was lost") from None
    except ModuleNotFoundError as error:
        message = f"a worker of {scheduler} lacks {error.name}; it needs the same dcase-energy as this machine"
        raise ParallelError(message) from None


def _wait_for_workers(client: Any, scheduler: str, resources: Mapping[str, float]) -> None:
    """Wait until the first worker has come; those that come later are given work, too."""
    deadline = time.monotonic() + _WORKERS_TIMEOUT_S
    while not (workers := client.scheduler_info(n_workers=-1)["workers"].values()):
        if time.monotonic() > deadline:
            raise ParallelError(f"the Dask scheduler at {scheduler} has no workers; start some with `dask worker`")
        time.sleep(_POLL_S)
    for name in resources:
        if not any(worker.get("resources", {}).get(name) for worker in workers):
            raise ParallelError(
                f'no worker of {scheduler} offers {name}; start them with `dask worker --resources "{name}=1"`'
            )


def _address_of(scheduler: str) -> str:
    """Return the scheduler's address if something listens there; Dask itself would retry for minutes."""
    address = scheduler
    if scheduler.endswith(".json"):
        try:
            if not Path(scheduler).is_file():
                raise FileNotFoundError(scheduler)  # a pipe would never end
            with Path(scheduler).open(encoding="utf-8") as file:
                address = str(json.loads(file.read(_MAX_SCHEDULER_FILE))["address"])
        except (OSError, ValueError, KeyError, TypeError):
            raise ParallelError(f"{scheduler} is not a scheduler file (`dask scheduler --scheduler-file`)") from None
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ParallelError(f"no Dask scheduler answers at {address}: an address is tcp://HOST:PORT or tls://HOST:PORT")
    import socket

    try:
        socket.create_connection((match["host"].strip("[]"), int(match["port"])), _CONNECT_TIMEOUT_S).close()
    except (OSError, OverflowError) as error:
        raise ParallelError(f"no Dask scheduler answers at {address}: {error}") from None
    return address
