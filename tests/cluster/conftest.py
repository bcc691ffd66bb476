"""A real SLURM, from Debian's packages slurm-wlm and munge; `make cluster-test` installs and requires it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster.slurm import Slurm, missing, running


@pytest.fixture(scope="session")
def _cluster() -> Iterator[Slurm]:
    if (lacks := missing()) is not None:
        message = f"no cluster here ({lacks}), or run `make cluster-test`"
        if os.environ.get("CLUSTER_REQUIRED"):
            pytest.fail(message)
        pytest.skip(message)
    with running() as slurm:
        yield slurm


@pytest.fixture
def slurm(_cluster) -> Iterator[Slurm]:
    """The cluster; no job of one test is there in the next."""
    yield _cluster
    _cluster.end_jobs()
