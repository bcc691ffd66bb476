"""Energy rules of DCASE challenges: calibrate, measure, validate, score and rank.

``from dcase_energy import EnergyMeter, calibrate, validate, score, rank`` is what programs use; each is loaded when it
is asked for (PEP 562), so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dcase_energy.api.calibrating import calibrate
    from dcase_energy.api.energy_meter import EnergyMeter
    from dcase_energy.api.ranking import rank, report
    from dcase_energy.api.receipts import check_receipt, write_receipt
    from dcase_energy.api.records import compare_records, list_records, read_record, verify_record
    from dcase_energy.api.scores import score
    from dcase_energy.api.study import import_runs, report_study, run_study, study_status
    from dcase_energy.api.validating import fix, pack, validate
    from dcase_energy.errors import DcaseEnergyError, InputError

__version__ = "0.2.0"
__all__ = [
    "DcaseEnergyError",
    "EnergyMeter",
    "InputError",
    "__version__",
    "calibrate",
    "check_receipt",
    "compare_records",
    "fix",
    "import_runs",
    "list_records",
    "pack",
    "rank",
    "read_record",
    "report",
    "report_study",
    "run_study",
    "score",
    "study_status",
    "validate",
    "verify_record",
    "write_receipt",
]

_MODULES = {
    "DcaseEnergyError": "errors",
    "EnergyMeter": "api.energy_meter",
    "InputError": "errors",
    "calibrate": "api.calibrating",
    "check_receipt": "api.receipts",
    "compare_records": "api.records",
    "fix": "api.validating",
    "import_runs": "api.study",
    "list_records": "api.records",
    "pack": "api.validating",
    "rank": "api.ranking",
    "read_record": "api.records",
    "report": "api.ranking",
    "report_study": "api.study",
    "run_study": "api.study",
    "score": "api.scores",
    "study_status": "api.study",
    "validate": "api.validating",
    "verify_record": "api.records",
    "write_receipt": "api.receipts",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is asked for."""
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(f"dcase_energy.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, before they are loaded too."""
    return sorted({*globals(), *__all__})
