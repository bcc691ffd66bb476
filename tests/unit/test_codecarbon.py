"""CodeCarbon's files as every release writes them, and as its defects and editors leave them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from dcase_energy.documents.codecarbon.columns import HEADERS
from dcase_energy.documents.codecarbon.identities import several_runs
from dcase_energy.documents.codecarbon.reading import read_emissions
from dcase_energy.documents.codecarbon.rows import Emissions
from dcase_energy.documents.device_names import most_power_w
from dcase_energy.findings import Finding
from tests.builders.emissions import row, table

NO_GPU = {"gpu_count": "", "gpu_model": "", "gpu_power": 0.0, "gpu_energy": 0.0, "energy_consumed": 0.266}
# What a version writes in its own way.
VERSIONS = {
    "1.0 to 1.1": {},
    "1.2": {"experiment_id": "0df9711e-6191-4944-94a4-d9d7e79bf126"},
    "2.0 to 2.1": {"emissions_rate": 0.005},
    "2.2.0 to 2.2.2": {"codecarbon_version": "2.2.1"},
    "2.2.3 to 2.6": {"codecarbon_version": "2.3.4"},
    "2.7 to 3.0.7": {"codecarbon_version": "3.0.2", "ram_power": 20.0},
    "3.0.8 to 3.2.0": {"codecarbon_version": "3.1.1", "ram_power": 20.0},
    "3.2.1 to 3.3": {"codecarbon_version": "3.3.0", "ram_power": 20.0},
}
SECOND = "5b1c2a1e-0000-4000-8000-000000000002"


@dataclass
class Read:
    """A file as read, with everything that a package with it alone would have as findings."""

    emissions: Emissions
    findings: list[Finding]

    @property
    def rows(self):
        return self.emissions.rows


def read(data: bytes, name: str = "emissions.csv") -> Read:
    emissions, findings = read_emissions(data, name)
    assert emissions is not None
    return Read(emissions, [*findings, *several_runs(emissions.usable()), *emissions.problems()])


def codes(read: Read) -> list[str]:
    return sorted(finding.code for finding in read.findings)


def energies(read: Read) -> list[float]:
    return [row.energy_kwh for row in read.emissions.usable()]


def lines(columns, *rows) -> bytes:
    return (
        "\n".join([",".join(columns), *(",".join(str(one[name]) for name in columns) for one in rows)]).encode() + b"\n"
    )


def dropped(cells: dict, columns, *names: str) -> str:
    """A row as releases 3.2.9 and 3.3.0 append it: without the cells that are None."""
    return ",".join(str(cells[name]) for name in columns if name not in names)


def test_all_releases_are_held():
    assert set(VERSIONS) == set(HEADERS)


@pytest.mark.parametrize("gpu", [{}, NO_GPU], ids=["gpu", "no-gpu"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_true_file_of_every_release_has_no_finding(version, gpu):
    emissions = read(table(row(**VERSIONS[version], **gpu), versions=version))
    # Before 2.0 no RAM is counted: not a fault of the file, but its energy cannot be compared.
    assert codes(emissions) == (["W807"] if version.startswith("1.") else [])
    assert energies(emissions) == [gpu.get("energy_consumed", 1.3907)]
    assert emissions.emissions.versions == version


@pytest.mark.parametrize("version", VERSIONS)
def test_the_order_of_the_columns_does_not_matter(version):
    true = row(**VERSIONS[version])
    for order in (sorted(HEADERS[version]), HEADERS[version][::-1]):
        emissions = read(lines(order, true))
        assert [code for code in codes(emissions) if code != "W807"] == []
        assert energies(emissions) == [1.3907]


def test_columns_without_a_value_may_be_absent():
    columns = [name for name in HEADERS["3.0.8 to 3.2.0"] if name not in ("gpu_count", "gpu_model")]
    emissions = read(lines(columns, row(**VERSIONS["3.0.8 to 3.2.0"], **NO_GPU)))
    assert (codes(emissions), energies(emissions)) == ([], [0.266])


@pytest.mark.parametrize("grams", [True, False])
@pytest.mark.parametrize("version", [name for name in VERSIONS if not name.startswith("1.")])
def test_the_rate_is_in_grams_only_where_no_version_is_written(version, grams):
    rate = 0.005 if grams else 0.000005
    emissions = read(table(row(**{**VERSIONS[version], "emissions_rate": rate}), versions=version))
    assert codes(emissions) == (["W803"] if grams and version != "2.0 to 2.1" else [])


@pytest.mark.parametrize(
    "gone",
    [
        ("region", "longitude", "latitude"),
        ("longitude", "latitude"),
        ("region", "gpu_count", "gpu_model", "longitude", "latitude"),
        ("gpu_count", "gpu_model"),
    ],
    ids=len,
)
def test_cells_that_codecarbon_drops_are_put_back(gone):
    columns = HEADERS["3.2.1 to 3.3"]
    blank = dict.fromkeys(gone, "") | (NO_GPU if "gpu_count" in gone else {})
    first = row(**VERSIONS["3.2.1 to 3.3"], **blank)
    second = {**first, "run_id": SECOND}
    emissions = read(lines(columns, first) + dropped(second, columns, *gone).encode() + b"\n")
    assert codes(emissions) == ["W805", "W813"]
    restored = emissions.rows[1]
    assert (restored.energy_kwh, restored.ram_total_gb, restored.texts) == (
        emissions.rows[0].energy_kwh,
        64.0,
        emissions.rows[0].texts,
    )
    assert "ragged" not in str(emissions.findings)


def test_of_a_row_that_cannot_be_put_back_the_energies_are_read():
    columns = HEADERS["3.2.1 to 3.3"]
    first = row(**VERSIONS["3.2.1 to 3.3"], longitude=2.3, latitude=48.9)
    emissions = read(lines(columns, first) + dropped({**first, "run_id": SECOND}, columns, "latitude").encode())
    assert codes(emissions) == ["W805", "W813"]
    assert (energies(emissions), emissions.rows[1].partial) == ([1.3907, 1.3907], True)
    assert emissions.rows[1].texts["gpu_model"] == ""


def test_a_row_in_another_order_than_the_header_is_put_back():
    columns = sorted(HEADERS["3.2.1 to 3.3"])
    first = row(**VERSIONS["3.2.1 to 3.3"])
    second = {**first, "run_id": SECOND, "energy_consumed": 1.4, "gpu_energy": 1.134}
    appended = ",".join(str(second[name]) for name in HEADERS["3.2.1 to 3.3"])
    emissions = read(lines(columns, first) + appended.encode() + b"\n")
    assert codes(emissions) == ["W805", "W813"]
    assert energies(emissions) == [1.3907, 1.4]


@pytest.mark.parametrize("version", ["1.2", "2.0 to 2.1", "2.2.3 to 2.6"])
def test_two_rows_in_one_line_are_both_read(version):
    true = table(row(**VERSIONS[version]), versions=version)
    other = row(**VERSIONS[version], run_id=SECOND, energy_consumed=1.4, gpu_energy=1.134)
    if version == "1.2":
        other["experiment_id"] = SECOND
    emissions = read(true.rstrip(b"\n") + table(other, versions=version).partition(b"\n")[2])
    assert [code for code in codes(emissions) if code != "W807"] == ["W805", "W813"]
    assert energies(emissions) == [1.3907, 1.4]


@pytest.mark.parametrize("nothing", ["None", "", "nan", "NaN"])
def test_rows_without_an_identifier_are_separate_runs(nothing):
    one, two = row(run_id=nothing), row(run_id=nothing, timestamp="2026-03-02T12:00:00", emissions=0.072)
    assert energies(read(table(one, two))) == [1.3907, 1.3907]


def test_rows_without_an_identifier_that_began_together_and_grow_are_one_run():
    early = row(run_id="None", timestamp="2026-03-01T10:00:00", duration=7200.0, emissions_rate=0.00001)
    early |= {"gpu_energy": 0.5, "cpu_energy": 0.1, "ram_energy": 0.05, "energy_consumed": 0.65}
    emissions = read(table(early, row(run_id="None")))
    assert (codes(emissions), energies(emissions)) == ([], [1.3907])


def test_runs_of_two_projects_in_one_file_are_told_apart():
    test = row(project_name="DCASE Task 4 SED DEVTEST", run_id=SECOND)
    assert codes(read(table(row(), test))) == []


PADDED = table().replace(b",", b"   ,   ")


def test_padded_cells_are_one_finding_and_are_read():
    emissions = read(PADDED)
    assert (codes(emissions), energies(emissions)) == (["W814"], [1.3907])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cpu_energy": "", "energy_consumed": ""}, "W815"),
        ({"energy_consumed": "None"}, "W815"),
        ({"energy_consumed": "nan", "duration": "nan"}, "W815"),
        ({"cpu_energy": -0.17, "energy_consumed": 1.0507}, "W806"),
        ({"gpu_energy": -10.0, "energy_consumed": -9.734}, "W806"),
        ({"duration": 0.0}, "W806"),
    ],
)
def test_an_energy_that_cannot_be_used_is_one_finding_and_no_figure(changes, code):
    emissions = read(table(row(**changes)))
    assert (codes(emissions), energies(emissions)) == ([code], [])


def test_an_energy_too_small_to_be_divided_is_a_finding():
    assert codes(read(table(row(energy_consumed="1e-320")))) == ["W802", "W804"]


def test_no_run_of_many_without_a_usable_energy_is_taken_for_a_good_one():
    emissions = read(table(*(row(run_id=f"run-{number}", energy_consumed=-0.5) for number in range(8))))
    assert energies(emissions) == []
    assert [finding.message[-13:] for finding in emissions.findings if finding.code == "W806"][4:] == [" (and 3 more)"]


def test_a_task_without_energy_leaves_the_other_tasks_alone():
    columns = ["task_name", *(name for name in HEADERS["2.2.3 to 2.6"] if name != "pue")]
    none = dict.fromkeys(("cpu_energy", "gpu_energy", "ram_energy", "energy_consumed"), 0)
    emissions = read(lines(columns, row(task_name="train"), row(task_name="test", **none)), "emissions_base_5b1c.csv")
    assert (codes(emissions), energies(emissions)) == (["W815"], [1.3907])


@pytest.mark.parametrize(("data", "code"), [(b"", "W815"), (b"video,views\nA lecture,3\n", "W819")])
def test_only_a_name_makes_a_file_without_codecarbons_columns_a_finding(data, code):
    assert codes(read(data)) == [code]
    assert read_emissions(data, "notes.csv") == (None, [])


def test_no_hint_asks_to_change_a_file():
    spoiled = [
        PADDED,
        table().replace(b",", b";"),
        table(row(cpu_energy=-0.17)),
        table(row(emissions_rate=7.0)),
        table(row(), row(run_id=SECOND)),
        table(row(energy_consumed='"1,39"')),
        table() + b"2026-03-01T12:00:00,cut\n",
        b"timestamp,project_name,duration,emissions\n2026-03-01T12:00:00,x,1,1\n",
    ]
    hints = [finding.hint for data in spoiled for finding in read(data).findings]
    assert len(hints) >= len(spoiled)
    for hint, word in itertools.product(hints, ("edit", "delete", "keep the rows", "decimal point", "number of cells")):
        assert word not in hint


def test_what_a_processor_can_draw():
    assert most_power_w("Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz") == 2 * 4 * 1.25 * 150
    assert most_power_w("13th Gen Intel(R) Core(TM) i9-13900K") == 506
    assert most_power_w("AMD EPYC 7713 64-Core Processor") == 2 * 2 * 1.25 * 225
    assert most_power_w("AMD A10-7700K APU") is None
    assert most_power_w("Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz") == 162.5
