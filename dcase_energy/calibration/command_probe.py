"""The probe of a baseline that is a command: its edition's short piece of the same work, where it was calibrated."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dcase_energy.calibration.command_files import CommandFiles, files_of
from dcase_energy.calibration.command_record import COMMAND
from dcase_energy.errors import CalibrationError
from dcase_energy.measure.environment import child_environment
from dcase_energy.measure.gpu import Gpus
from dcase_energy.measure.records import Calibration


@dataclass(frozen=True, slots=True)
class ProbePlace:
    """What a probe needs besides the record: in this user's own data folder, and never in a record.

    Attributes
    ----------
    probe, folder
        The words of the command, and where it runs.
    pass_env
        Environment variables that it gets besides those of `dcase_energy.measure.environment`.
    files
        Those behind the probe when it was calibrated.
    """

    probe: tuple[str, ...]
    folder: str
    pass_env: tuple[str, ...]
    files: CommandFiles

    def dumped(self) -> str:
        """The place as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def parsed(cls, text: str) -> ProbePlace:
        """The place that `dumped` wrote.

        Raises
        ------
        CalibrationError
            If it is anything else.
        """
        try:
            found = json.loads(text)
            words, names = tuple(map(str, found["probe"])), tuple(map(str, found["pass_env"]))
            return cls(words, str(found["folder"]), names, CommandFiles(**found["files"]))
        except (ValueError, KeyError, TypeError) as error:
            raise CalibrationError(f"what is kept of its command cannot be read ({error})") from None


def said_of(calibration: Calibration) -> dict[str, Any]:
    """What a journal's header says of probes: which calibration they measure again."""
    return {
        "calibration_digest": calibration.digest,
        "recipe": calibration.recipe,
        "recipe_sha256": calibration.recipe_sha256,
        "implementation": calibration.implementation.model_dump(),
    }


@dataclass(frozen=True, slots=True)
class CommandProbe:
    """A probe; see `dcase_energy.measure.probes.ProbeTask`.

    Attributes
    ----------
    said
        What the journal's header says of it.
    place
        What it runs, and where.
    device, variables
        ``cuda`` or ``cpu``, and what keeps it on the calibrated GPU.
    """

    said: Mapping[str, Any]
    place: ProbePlace
    device: str
    variables: Mapping[str, str]

    @classmethod
    def around(cls, header: Mapping[str, Any], place: ProbePlace, gpus: Gpus) -> CommandProbe:
        """Return the probe around the calibration whose journal has this header: later ones are compared with it."""
        said = {
            "calibration_digest": None,
            "recipe": header["recipe"]["name"],
            "recipe_sha256": header["recipe"]["sha256"],
            "implementation": {
                "name": header["implementation"], "version": header["version"], "execution_path": COMMAND
            },
        }  # fmt: skip
        return cls(said, place, "cuda" if gpus.boards else "cpu", gpus.environment)

    @classmethod
    def of(cls, calibration: Calibration, place: ProbePlace, gpus: Gpus) -> CommandProbe:
        """Return the probe that measures a calibration again.

        Raises
        ------
        CalibrationError
            If its folder is no longer there.
        """
        work = calibration.workload
        if work is None or not Path(place.folder).is_dir():
            raise CalibrationError("the folder in which its command was calibrated is not there any more")
        return cls(said_of(calibration), place, "cuda" if gpus.boards else "cpu", gpus.environment)

    def about(self) -> Mapping[str, Any]:
        """What the journal's header says."""
        return self.said

    def command(self, folder: Path) -> Sequence[str]:
        """The command to start in a folder for its files.

        Raises
        ------
        CalibrationError
            If the program or files behind it have changed since the calibration.
        """
        found, then = files_of([self.place.probe], Path(self.place.folder), self.environment()), self.place.files
        if (found.program_sha256, found.files_sha256) != (then.program_sha256, then.files_sha256):
            raise CalibrationError("its program or files have changed since the calibration; calibrate again")
        task = folder / "task.json"
        about = {"command": self.place.probe, "folder": self.place.folder, "device": self.device}
        task.write_text(json.dumps(about), encoding="utf-8")
        return [sys.executable, "-m", "dcase_energy.measure.executed", str(task)]

    def environment(self) -> Mapping[str, str]:
        """Its variables."""
        return {**child_environment({}, self.place.pass_env).variables, **self.variables}

    def unlike(self, mark: Mapping[str, Any]) -> str | None:
        """Why what the work says about itself is not as in the calibration; None, as it says only its device."""
        return None if mark.get("device") == self.device else f"it runs on {mark.get('device')}"
