"""Where this machine's calibrations are kept between commands: the user's data folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dcase_energy.errors import RecordError
from dcase_energy.measure.machine import Flat, describe_host, unlike_host
from dcase_energy.measure.records import VERSIONS, Calibration, Evidence, load_calibration
from dcase_energy.stats import BetweenSessions
from dcase_energy.writing.files import write_text

FOLDER_VARIABLE = "DCASE_ENERGY_DATA"
_BESIDE = ".private"


def store_folder() -> Path:
    """The folder; the environment variable DCASE_ENERGY_DATA names another. Of a user without a home it is none."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named) / "calibrations"
    import platformdirs

    # Some releases of platformdirs raise an error without a home, others give a name that begins with `~`.
    try:
        folder = platformdirs.user_data_path("dcase-energy", appauthor=False)
    except RuntimeError:
        folder = Path("~")
    return (folder if folder.is_absolute() else Path(os.devnull)) / "calibrations"


def keep(record: Calibration, beside: str | None = None) -> Path | None:
    """Keep a copy of a record; None if the folder cannot be written, which does not fail a calibration.

    ``beside`` is what only this user may know of it, such as folders: `kept_beside` finds it again.
    """
    path = _path(record)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, record.model_dump_json(indent=2) + "\n")
        if beside is not None:
            write_text(path.with_suffix(_BESIDE), beside)
    except OSError:
        return None
    return path


def _path(record: Calibration) -> Path:
    return store_folder() / f"{record.created.replace(':', '')}-{record.run_id[:8]}.json"


def kept_beside(record: Calibration) -> str | None:
    """What was kept beside a record by this user; None where nothing was."""
    try:
        return _path(record).with_suffix(_BESIDE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def kept() -> Iterator[Calibration]:
    """The kept records of this host that can be read, the newest first."""
    host = describe_host()
    try:
        paths = sorted(store_folder().glob("*.json"), reverse=True)
    except OSError:
        return
    for path in paths:
        try:
            record = load_calibration(path)
        except RecordError:
            continue
        if made_on(record, host):
            yield record


def made_on(record: Evidence, host: Flat) -> bool:
    """Whether a record is of a host as `dcase_energy.measure.machine.describe_host` describes it."""
    return not unlike_host(record.hardware, host)


def between_sessions(
    recipe_sha256: str, execution_path: str, device: str, gpu_uuid_sha256: str | None
) -> BetweenSessions:
    """How much this machine's sessions of the same training differ, by the kept records."""
    energies_kwh = [
        training.full_recipe_energy_kwh
        for record in kept()
        if record.recipe_sha256 == recipe_sha256
        and record.implementation.execution_path == execution_path
        and record.hardware.get("device") == device
        and record.hardware.get("gpu_uuid_sha256") == gpu_uuid_sha256
        and record.schema_version != VERSIONS[0]  # scaled in another way
        and (training := record.stages.get("training")) is not None
        and training.full_recipe_energy_kwh > 0
    ]
    return BetweenSessions.seen(energies_kwh)
