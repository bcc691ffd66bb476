"""Records of system and baseline beside each other: time, work, repeatability, and what the report says of them."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.shipped import known_recipe
from dcase_energy.measure.baseline_parts import Probe, ProbeWork
from dcase_energy.measure.meter import COMPONENTS
from dcase_energy.measure.record_parts import RecipeWork
from dcase_energy.measure.records import Basis, Energy, load_calibration
from dcase_energy.ranking.bases import time_ratio
from dcase_energy.ranking.order import make_ranking
from dcase_energy.ranking.packages import assess
from dcase_energy.stats import Interval
from dcase_energy.submission.validate import validate_paths
from tests.cli.run import ROOT, run

PACKAGE = ROOT / "examples" / "packages" / "Adams_UNI"
CALIBRATION = ROOT / "tests" / "data" / "example_1_0" / "calibration.json"
NAME = "Adams_UNI_task4_1"
GENERIC = load_edition("generic")


def record_of_both(
    folder: Path, *, time: float = 0.71, stage: str = "training", scope=None, probes=(), **changes: object
) -> Path:
    """The package of the example with an energy record of its figure, on the machine of its calibration.

    ``time`` is its duration over that of the baseline.
    """
    shutil.copytree(PACKAGE / NAME, folder / NAME)
    calibration = load_calibration(CALIBRATION)
    base = {
        name: one.model_copy(
            update={"full_recipe_own_cpu_s": 4000.0, "bases": [Basis.TOTAL, Basis.WORK], **within(one), **units(one)}
        )
        for name, one in calibration.stages.items()
    }
    work = known_recipe(calibration.recipe).counts
    common = {
        "schema_version": "1.1",
        "stages": base,
        "constants_w": {"cpu": 8.0, "ram": 20.0},
        "recipe_work": RecipeWork(**work),
    }
    baseline = calibration.model_copy(update=common).seal()
    (folder / NAME / "calibration.json").write_text(baseline.model_dump_json())
    of = baseline.stages[stage]
    energy_kwh = {"training": 0.8412, "test": 0.0003173}[stage]
    own = of.model_copy(
        update={
            **dict.fromkeys(("energy_kwh", "full_recipe_energy_kwh"), energy_kwh),
            "full_recipe_duration_s": time * of.full_recipe_duration_s,
            "full_recipe_own_cpu_s": 3000.0,
            "full_recipe_energy_interval": None,
            "scope": scope,
            "components": {name: one.model_copy(update=scaled(one, time)) for name, one in of.components.items()},
            **changes,
        }
    )
    shared = {name: getattr(baseline, name) for name in Energy.model_fields if hasattr(baseline, name)}
    left_out = {"kind", "stages", "repeats", "all_energy"}
    record = Energy(
        **{name: value for name, value in shared.items() if name not in left_out},
        stage=stage, stages={stage: own}, command_sha256=None, exit_code=0, executions=1,
        calibration_digest=baseline.digest, probes=probes_of(baseline, *probes),
    ).seal()  # fmt: skip
    (folder / NAME / f"energy_{stage}.json").write_text(record.model_dump_json())
    return folder / NAME


def scaled(component, time):
    """What is estimated is constant power times time, or less."""
    names = ("energy_kwh", "full_recipe_energy_kwh")
    return {n: None if (value := getattr(component, n)) is None else min(1.0, time) * value for n in names}


def units(stage):
    """Records of 1.0 have no steps and clips of phases."""
    both = {"steps": stage.steps, "clips": stage.clips}
    return {"phases": {name: phase.model_copy(update=both) for name, phase in stage.phases.items()}}


def within(stage):
    """An interval of 10 %, of which 6 % are within the session."""
    ends = (stage.full_recipe_energy_kwh * (1 - share) for share in (0.10, 0.06))
    above = (stage.full_recipe_energy_kwh * (1 + share) for share in (0.10, 0.06))
    names = ("full_recipe_energy_interval", "within_session_interval")
    return {n: Interval(low, high, "probes", 0.95) for n, low, high in zip(names, ends, above, strict=True)}


@pytest.mark.parametrize(("time", "codes"), [(0.71, []), (0.58, []), (0.5, ["K808"]), (0.88, []), (1.0, ["K808"])])
def test_a_ratio_that_disagrees_with_that_of_times_is_a_warning(tmp_path, time, codes):
    found = validate_paths([record_of_both(tmp_path, time=time)], GENERIC)
    assert [finding.code for finding in found.findings if finding.code.startswith("K")] == codes
    if codes:
        (finding,) = (one for one in found.findings if one.code == "K808")
        assert finding.message == f"training: 0.713 times the baseline's energy in {time:.3g} times its time"
        assert finding.severity == "warning"


def test_what_is_not_divided_is_not_judged_by_its_time(tmp_path):
    package = record_of_both(tmp_path, time=9.0, stage="test", scope=["inference", "scoring"])
    found = validate_paths([package], GENERIC)
    assert [finding.code for finding in found.findings if finding.code.startswith("K")] == ["K801"]
    (reason,) = (finding.message for finding in found.findings if finding.code == "K801")
    assert "measure a command that predicts and does not score (measure --stage test --scope inference)" in reason


def test_the_report_says_which_basis_time_work_and_what_the_interval_contains(tmp_path):
    text = run("report", record_of_both(tmp_path)).stdout
    assert "  basis of training: total; beside it time 0.7100, work (CPU time) 0.7500\n" in text
    assert "  basis of test: declared\n" in text
    assert "  the ratio of training is an estimate dominated by time: no sensor counted the energy\n" in text
    assert (
        "  the interval of training contains: the baseline within its session 6.0%, between sessions 8.0%, nothing for "
        "repeats of the system\n"
    ) in text


def test_repeats_of_the_system_enter_the_interval(tmp_path):
    own = Interval(0.95 * 0.8412, 1.05 * 0.8412, "mean-of-windows", 0.95, 5)
    package = record_of_both(tmp_path, full_recipe_energy_interval=own)
    one = make_ranking([assess(validate_paths([package], GENERIC))[0].entry], GENERIC).systems[0]
    found, ratio = one.uncertainty.intervals["energy_ratio_training"], one.figures.energy_ratio["training"]
    up = math.hypot(math.log(1.05), math.log(1 / 0.9))
    assert (found.high, found.level) == (pytest.approx(ratio * math.exp(up)), 0.95)
    assert "repeats of the system 5.0%" in run("report", package).stdout


def probes_of(calibration, *costs):
    """Probes whose steps and clips cost so many times what they cost in the calibration."""
    about = {name: getattr(calibration, name) for name in ("recipe", "recipe_sha256", "implementation")}
    found = []
    for number, cost in enumerate(costs):
        work = {}
        for kind, unit in (("training_window", "steps"), ("validation_window", "clips")):
            phase = calibration.stages["training"].phases[kind]
            work[kind] = ProbeWork(
                units=getattr(phase, unit),
                windows=2,
                energy_kwh=cost * phase.energy_kwh,
                components=dict.fromkeys(COMPONENTS),
                duration_s=phase.duration_s,
            )
        when = ("before", "after")[number]
        found.append(Probe(when=when, begin_s=40.0 * number, end_s=40.0 * number + 30, work=work, **about))
    return found


def test_probes_of_the_systems_record_give_the_denominator(tmp_path):
    found = validate_paths([record_of_both(tmp_path, probes=(1.2, 1.4))], GENERIC).systems[0].baseline
    plain = validate_paths([record_of_both(tmp_path / "plain")], GENERIC).systems[0].baseline
    assert found.energy_kwh["training"] == pytest.approx(1.3 * plain.energy_kwh["training"])
    assert found.energy_kwh["test"] == plain.energy_kwh["test"]
    assert found.source.endswith("; probed: 2 probes; " + plain.source.partition("; ")[2])
    assert found.evidence == "record"
    text = run("report", tmp_path / NAME).stdout
    assert "the interval of training contains: the baseline by its probes" in text
    assert "probed: 2 probes" in text
    run("rank", tmp_path / NAME, "--output-dir", tmp_path / "r", "--formats", "csv")
    assert "probed: 2 probes" in (tmp_path / "r" / "ranking.csv").read_text()


@pytest.mark.parametrize(("scope", "codes"), [(None, ["K810"]), (["inference"], [])])
def test_a_record_that_does_not_state_its_scope_is_divided_with_a_warning(tmp_path, scope, codes):
    found = validate_paths([record_of_both(tmp_path, time=1.0, stage="test", scope=scope)], GENERIC)
    assert [finding.code for finding in found.findings if finding.code == "K810"] == codes
    assert found.systems[0].baseline.energy_kwh["test"] > 0


def stating(folder: Path, time: str) -> Path:
    """The package of the example with its calibration and this training time, without an energy record."""
    shutil.copytree(PACKAGE / NAME, folder / NAME)
    shutil.copy(CALIBRATION, folder / NAME / "calibration.json")
    (metadata,) = (folder / NAME).glob("*.meta.yaml")
    text = metadata.read_text()
    (line,) = (one for one in text.splitlines() if "training_time" in one)
    metadata.write_text(text.replace(line, f"{line.partition(':')[0]}: {time}"))
    return folder / NAME


@pytest.mark.parametrize(
    ("time", "known", "codes"),
    [
        ("25 h", True, ["K808"]),
        ("20 h + 5 h", False, []),
        ("25 h (2 RTX 3090)", False, []),
        ("some hours", False, []),
    ],
)
def test_a_stated_training_time_gives_the_time_ratio_where_no_record_does(tmp_path, time, known, codes):
    package = stating(tmp_path, time)
    found = validate_paths([package], GENERIC)
    assert [finding.code for finding in found.findings if finding.code == "K808"] == codes
    entry = assess(found)[0].entry
    baseline_s = found.systems[0].baseline.stages["training"].full_recipe_duration_s
    ratio = time_ratio(entry, "training")
    assert ratio == (pytest.approx(25 * 3600 / baseline_s) if known else None)
    assert "training" not in entry.compared


def test_each_stage_has_the_interval_of_its_own_baseline_where_an_edition_asks_for_one_figure(tmp_path):
    stages = {name: replace(one, baseline="energy_baseline_training_kwh") for name, one in GENERIC.stages.items()}
    (found,) = assess(validate_paths([record_of_both(tmp_path)], replace(GENERIC, stages=stages)))
    for stage, baseline_kwh in found.entry.baseline_kwh.items():
        interval = found.entry.intervals[f"energy_baseline_{stage}_kwh"]
        assert interval.low <= baseline_kwh <= interval.high
