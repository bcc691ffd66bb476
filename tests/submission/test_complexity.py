"""Size, precision, limits and counters: what is found, with how much it is over; what is not compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.submission.validate import validate_paths
from tests.cli.run import run

ROOT = Path(__file__).parent.parent
GOOD = (ROOT / "acceptance" / "positive" / "C309" / "Adams_UNI_task1_3.meta.yaml").read_text()


def findings(folder, edition="dcase2025-task1", **lines):
    """What is found where lines of a good file are replaced, each system in its own file."""
    (folder / "Adams_UNI_task1_3").mkdir(exist_ok=True)
    text = GOOD
    for key, value in lines.items():
        old = next(line for line in text.splitlines() if line.strip().startswith(f"{key}:"))
        text = text.replace(old, f"{old.partition(':')[0]}: {value}")
    (folder / "Adams_UNI_task1_3" / "Adams_UNI_task1_3.meta.yaml").write_text(text)
    return [(one.code, one.message) for one in validate_paths([folder], load_edition(edition)).findings]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"macs": 30000001}, "macs is 1 MACs (3.33e-06 %) above the limit of 30,000,000 MACs for 1 s of audio"),
        ({"macs": 36000000}, "macs is 6,000,000 MACs (20 %) above the limit of 30,000,000 MACs for 1 s of audio"),
        (
            {"total_model_size": 244592},
            "total_model_size_bytes is 116,592 bytes (91.1 %) above the limit of 128,000 bytes",
        ),
        ({"total_model_size": 128000}, None),
    ],
)
def test_a_limit_is_named_with_the_amount_over(tmp_path, given, found):
    messages = [message for code, message in findings(tmp_path, **given) if code == "C309"]
    assert messages == ([] if found is None else [found])


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"total_model_size": 122296}, None),
        ({"total_model_size": "122296\n    parameter_bits: 16"}, None),
        ({"total_model_size": "122296\n    parameter_bits: 8"}, "parameters of 8 bits"),
        ({"total_model_size": "61148\n    parameter_bits: 16"}, "parameters of 16 bits"),
        ({"complexity_management": "precision_16, network design", "total_model_size": 61148}, "parameters of 16 bits"),
        ({"complexity_management": "precision_16, network design", "total_model_size": 122296}, None),
        # Two precisions, or a text that says so of a part alone: the range of all.
        ({"complexity_management": "precision_16, precision_8", "total_model_size": 61148}, None),
        ({"complexity_management": "8-bit weights in one layer", "total_model_size": 122296}, None),
    ],
)
def test_the_size_is_that_of_the_parameters_in_their_precision(tmp_path, given, found):
    messages = [message for code, message in findings(tmp_path, **given) if code == "C308"]
    assert [message for message in messages if found and found in message] == messages
    assert bool(messages) == (found is not None)


def test_macs_of_another_counter_are_not_compared_silently(tmp_path):
    assert findings(tmp_path, macs="29419156\n    macs_counter: torchinfo") == []
    (code, message), *others = findings(tmp_path, macs="29419156\n    macs_counter: nessi")
    assert (code, others) == ("C310", [])
    assert message.startswith("MACs were counted with nessi; edition dcase2025-task1 asks for torchinfo")


def test_systems_of_different_counters_are_named_where_the_edition_names_none(tmp_path):
    own = tmp_path / "edition.toml"
    own.write_text('base = "common"\nname = "own"\ntitle = "Own"\nopen_keys = true\nuse = ["macs", "macs_counter"]\n')
    for index, counter in enumerate(("thop", "thop", "fvcore"), 1):
        text = GOOD.replace("task1_3", f"task1_{index}").replace(
            "macs: 30000000", f"macs: 3\n    macs_counter: {counter}"
        )
        (tmp_path / f"Adams_UNI_task1_{index}.meta.yaml").write_text(text)
    found = validate_paths(sorted(tmp_path.glob("*.yaml")), load_edition(str(own))).findings
    assert [(one.where.file[-11:], one.message) for one in found if one.code == "C310"] == [
        ("3.meta.yaml", "MACs were counted with fvcore, those of 2 other systems with thop")
    ]


def test_a_table_of_different_counters_is_a_warning_and_has_them_in_the_sheet(tmp_path):
    own, table, out = tmp_path / "edition.toml", tmp_path / "results.csv", tmp_path / "out"
    own.write_text('base = "common"\nname = "own"\ntitle = "Own"\n[scores.accuracy]\ntitle = "Accuracy"\n')
    table.write_text("label,accuracy,macs,macs_counter\nA_B_task9_1,0.7,5,thop\nC_D_task9_1,0.6,4,fvcore\n")
    result = run("rank", table, "--edition", own, "--output-dir", out, "--formats", "csv")
    assert result.returncode == 0
    assert "results.csv:3: warning C310 MACs were counted with fvcore, those of earlier rows with thop" in result.stderr
    rows = [line.split(",") for line in (out / "ranking.csv").read_text().splitlines()]
    assert [row[rows[0].index("macs_counter")] for row in rows] == ["macs_counter", "thop", "fvcore"]


def test_the_counters_of_the_fields_are_those_that_an_edition_may_name():
    from dcase_energy.editions.parts import COUNTERS
    from dcase_energy.editions.shipped import edition_names

    fields = [load_edition(name).fields.get("macs_counter") for name in edition_names()]
    assert {field.choices for field in fields if field is not None} == {COUNTERS}
