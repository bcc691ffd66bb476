"""Hostile CodeCarbon files and records (H-E 06, 18, 19; records)."""

from __future__ import annotations

import json

from tests.acceptance.make_packages import real_journal, record_for
from tests.builders.emissions import row, table
from tests.builders.packages import LABEL
from tests.hostile.case import Case, folder

_JOURNAL = real_journal()
_FILE = f"{LABEL}/emissions_training.csv"
_HEADER, _ROW = table().decode().splitlines()


def _csv(name: str, data: bytes | str, *codes: str, words: str = "") -> Case:
    return folder(name, {_FILE: data.encode() if isinstance(data, str) else data}, *codes, words=words)


def _json(name: str, data: bytes, *codes: str, words: str = "") -> Case:
    return folder(name, {f"{LABEL}/calibration.json": data}, *codes, words=words)


def _journal(name: str, data: bytes, *codes: str) -> Case:
    record = json.dumps(record_for(_JOURNAL)).encode()
    contents = {f"{LABEL}/calibration.json": record, f"{LABEL}/calibration.journal.jsonl": data}
    return folder(name, contents, *codes)


def _header_of(more: int) -> str:
    return ",".join([_HEADER, *(f"c{i}" for i in range(more))])


_LINES = _JOURNAL.splitlines(keepends=True)
CASES = [
    _csv("E06-nan", table(row(energy_consumed="nan")), "W815"),
    _csv("E06-inf", table(row(gpu_energy="inf")), "T104"),
    _csv("E06-huge", table(row(duration="1e400")), "T104"),
    _csv("E06-largest", table(row(**dict.fromkeys(("cpu_energy", "gpu_energy", "ram_energy"), "1.7e308"))), "W802"),
    _csv("E06-smallest", table(row(energy_consumed="1e-320")), "W804"),
    _csv("E06-sum", table(*(row(run_id=name, energy_consumed="1.7e308") for name in "ab")), "W802"),
    _csv("E07-comma", table(row(energy_consumed='"1,39"')), "T104"),
    _csv("E09-digits", table(row(energy_consumed="\u0661")), "T104"),
    _csv("E18-ragged", f"{_HEADER}\n{_ROW},1\n", "T103"),
    _csv("E18-order", table(row()).decode().replace("duration,emissions,", "emissions,duration,"), "W813"),
    _csv("E18-two-rows-of-a-run", table(row(duration=7200.0, energy_consumed=0.7, gpu_energy=0.434), row()), "W803"),
    _csv("E18-restart", table(row(run_id="a"), row(run_id="b")), "W805"),
    _csv("E18-backup-only", table().replace(b",", b";"), "W801"),
    _csv("E18-columns-twice", ",".join([_HEADER, *(f"c{i // 2}" for i in range(100_000))]) + "\n", "T102"),
    _csv("E18-many-columns", _header_of(20_000) + 50 * f"\n{_ROW}{',' * 19_000}", "T103"),
    _csv("E18-cut", f"{_HEADER}\n{_ROW}\n{_ROW[:100]}", "T103"),
    _csv("E18-no-header", f"{_ROW}\n", "W819"),
    _csv("E18-empty", "", "W815"),
    _csv("E18-quotes", f'{_HEADER}\n"{_ROW}\n', "T103"),
    _csv("E18-nul", table().replace(b"Linux", b"Li\x00nux")),
    _csv("E18-utf-16", table().decode().encode("utf-16"), "T101"),
    _csv("E18-large-cell", table(row(os="x" * 300_000)), "T103"),
    _csv("E18-many-rows", table(*[row(run_id=str(i)) for i in range(5_000)]), "W805"),
    folder(
        "E19-process",
        {
            _FILE: table(),
            f"{LABEL}/emissions_test.csv": table(
                row(
                    project_name="x DEVTEST",
                    tracking_mode="process",
                    energy_consumed=0.01934,
                    cpu_energy=0.0,
                    gpu_energy=0.01934,
                    ram_energy=0.0,
                    duration=200.0,
                    emissions_rate=0.00036,
                )
            ),
        },
        "W811",
    ),
    _csv("E20-duration-0", table(row(duration=0.0)), "W806"),
    _csv("E20-backwards", table(row(), row(duration=100.0, emissions_rate=0.00072)), "W806"),
    _json("R01-empty", b"", "X501"),
    _json("R02-list", b"[]", "X501"),
    _json("R03-deep", b'{"kind": "calibration", "a": ' + b"[" * 100_000, "X501"),
    _json("R04-not-finite", b'{"kind": "calibration", "a": NaN}', "X501"),
    _json("R05-twice", b'{"kind": "calibration", "kind": "calibration"}', "X501"),
    _json("R06-digits", b'{"kind": "calibration", "a": ' + b"9" * 5_000 + b"}", "X501"),
    _json("R07-version", b'{"kind": "calibration", "schema_version": "9.9"}', "X501"),
    _json("R08-surrogate", b'{"kind": "calibration", "schema_version": "1.0", "run_id": "\\ud800"}', "X501"),
    _json("R09-utf-16", '{"kind": "calibration"}'.encode("utf-16"), "X501"),
    _json("R10-energy", b'{"kind": "energy", "stages": 7, "digest": "x"}', "X501"),
    _json("R11-large", b" " * 11_000_000, "T108"),
    _journal("J01-empty", b"", "V701"),
    _journal("J02-torn-line", b"".join(_LINES)[:-40], "V701"),
    _journal("J03-line-missing", b"".join([*_LINES[:3], *_LINES[4:]]), "V701"),
    _journal("J04-line-edited", b"".join(_LINES).replace(b"cpu_kwh", b"gpu_kwh", 1), "V701"),
    _journal("J05-deep", b"[" * 100_000 + b"\n", "V701"),
    _journal("J06-binary", bytes(range(256)), "V701"),
    _journal("J07-not-utf-8", b"\xff\n", "V701"),
]
