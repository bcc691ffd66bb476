"""A system without outputs: no finding for metadata alone, one for a package that is submitted."""

from __future__ import annotations

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.submission.validate import validate_paths
from tests.builders.packages import LABEL, META, files, metadata, write
from tests.builders.zips import archive, package

OTHER = "Adams_UNI_task4_2"
SECOND = metadata(OTHER).replace("1.3907", "1.4123").encode()


def found(path, jobs=1):
    validation = validate_paths([path], load_edition("generic"), jobs=jobs)
    return [(one.code, one.where.file, one.where.member) for one in validation.findings]


def test_metadata_alone_is_work_in_progress(tmp_path):
    assert found(write(tmp_path / "package", {META: metadata().encode()})) == []


def test_an_archive_of_metadata_alone_lacks_its_outputs(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(archive(package({META: metadata().encode()})))
    assert found(path) == [("O622", str(path), META)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_system_of_a_team_without_outputs_is_told(tmp_path, jobs):
    contents = {**files(runs=1), f"{OTHER}/{OTHER}.meta.yaml": SECOND}
    folder = write(tmp_path / "package", contents)
    assert found(folder, jobs) == [("O622", str(folder / OTHER / f"{OTHER}.meta.yaml"), None)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_report_serves_a_team_wherever_it_lies_above_a_system(tmp_path, jobs):
    own = tmp_path / "edition.toml"
    own.write_text('base = "generic"\nname = "with-report"\nreport = true\n')
    contents = {**files(runs=1), f"{OTHER}/{OTHER}.meta.yaml": SECOND}
    pdf = b"%PDF-1.7\n%%EOF\n"
    outputs = f"{LABEL}/{LABEL}_run1.output"
    for place, told in (
        ("report.pdf", []),
        (f"{LABEL}/r.PDF", []),
        (f"{outputs}/r.pdf", ["N111"]),
        ("x/r.pdf", ["N111"]),
    ):
        folder = write(tmp_path / place.replace("/", "-"), {**contents, place: pdf})
        validation = validate_paths([folder], load_edition(str(own)), jobs=jobs)
        reports = [one for one in validation.findings if one.code == "N111"]
        assert [one.code for one in reports] == told
        assert all(one.where.file == str(folder / LABEL) for one in reports)
