"""What is made from something else is what that makes today: the page of rules, the hooks and the action."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from dcase_energy.api.edition_calibration import calibration_sentences
from dcase_energy.api.shared import load_rules
from dcase_energy.cli import explain, validate
from dcase_energy.cli.main import COMMANDS
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.shipped import edition_names, shipped
from dcase_energy.errors import InputError
from dcase_energy.measure.guards import BY_CODE, GUARDS
from dcase_energy.rules import all_rules

ROOT = Path(__file__).parent.parent.parent


def made_by(name: str):
    """A module that makes a page of the documentation."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_rules_is_current():
    made = explain.page(load_rules())
    assert (ROOT / "docs/rules.md").read_text() == made, "run: dcase-energy explain --markdown > docs/rules.md"


def test_every_rule_has_a_page_a_family_and_a_name_of_its_own():
    rules = load_rules()
    text = explain.page(rules)
    assert {rule.code[0] for rule in rules} <= set(explain.FAMILIES)
    assert len({rule.name for rule in rules}) == len(rules)
    for rule in rules:
        assert f"\n### {rule.code} {rule.name}\n" in text
        assert f"(#{rule.anchor})" in text
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
        # Hints and titles go into sentences.
        assert not rule.title.endswith(".")
        assert not rule.fix.endswith(".")
    assert rules == all_rules()


@pytest.mark.parametrize("name", edition_names())
def test_the_pages_of_editions_are_current_and_what_explain_prints(name):
    page = (ROOT / "docs/reference/editions" / f"{name}.md").read_text()
    assert CliRunner().invoke(explain.command, ["--markdown", name]).output == page, "run: make editions"
    edition, text = load_edition(name), CliRunner().invoke(explain.command, [name]).output
    for shown in (edition.title, edition.source, edition.label_example, *edition.unknown, *edition.limits):
        assert shown.replace("`", "") in text.replace("`", "")


def test_the_page_of_calibrations_is_current_and_names_every_edition():
    page = (ROOT / "docs/reference/calibrations.md").read_text()
    assert page == made_by("make_calibrations").calibrations_page(), "run: make editions"
    assert all(f"(editions/{name}.md)" in page for name in edition_names())


def test_the_table_of_what_is_shipped_is_current():
    assert shipped() == made_by("make_shipped").shipped_tables(), "run: make editions"


def test_the_published_schema_of_a_ranking_is_current():
    made = made_by("make_ranking_schema")
    assert json.loads(made.SCHEMA.read_text()) == made.ranking_schema(), "run: make editions"


def test_an_edition_says_what_is_measured_and_what_divides():
    from dcase_baseline.recipe import load_recipe

    generic = " ".join(calibration_sentences(load_edition("generic")))
    recipe = load_recipe("dcase2023")
    assert f"{recipe.optimisation.epochs} epochs" in generic
    assert f"{recipe.data.test_clips:,} clips" in generic
    assert "execution path `fast`" in generic
    of_command = " ".join(calibration_sentences(load_edition("dcase2024-task4")))
    assert "-- python train_pretrained.py" in of_command
    assert "for 10 epochs (of 300; the energy is not scaled)" in of_command
    assert "no calibration is needed" in " ".join(calibration_sentences(load_edition("dcase2025-task1")))
    assert "does not measure this baseline" in " ".join(calibration_sentences(load_edition("dcase2023-task4a")))
    assert "1.717 kWh (training)" in " ".join(calibration_sentences(load_edition("dcase2022-task4")))


def test_every_guard_is_explained_as_its_page_tells_it():
    page = (ROOT / "docs/guards.md").read_text()
    rules = load_rules()
    assert not {rule.name for rule in rules} & set(BY_CODE)
    for guard in GUARDS:
        shown = CliRunner().invoke(explain.command, [guard.code]).output
        assert shown.startswith(f"{guard.code} (guard, evaluated {guard.moment} the run)\n")
        assert f"Rationale: {guard.source}\n" in shown
        assert f"Fix: {guard.fix}\n" in shown
        assert all(
            f"{value:g}" in shown or f"{value:.3%}".rstrip("0%").rstrip(".") in shown for value in guard.limits.values()
        )
        assert not guard.fix.endswith(".")
        section = CliRunner().invoke(explain.command, ["--markdown", guard.code]).output
        assert section.startswith(f"## {guard.code}\n")
        assert section.rstrip() in page
        assert f"](#{guard.code})" in page


def test_explain_lists_rules_and_guards_and_finds_both_by_name():
    listed = CliRunner().invoke(explain.command, []).output
    assert "\nE201  error    " in listed
    assert "\nmin-duration       a measured window lasts at least a minute\n" in listed
    both = CliRunner().invoke(explain.command, ["energy-not-positive", "Min-Duration"]).output
    assert both.startswith("E201 energy-not-positive (error)\n")
    assert "\nmin-duration (guard" in both
    rule = CliRunner().invoke(explain.command, ["--markdown", "E201"]).output
    assert rule.rstrip() in (ROOT / "docs/rules.md").read_text()
    for wrong, meant in (("min-duraton", "min-duration"), ("energy-not-positve", "E201 (energy-not-positive)")):
        result = CliRunner().invoke(explain.command, [wrong])
        assert isinstance(result.exception, InputError)
        assert f"Did you mean {meant}?" in str(result.exception)


def options() -> set[str]:
    return {name for param in validate.command.params if isinstance(param, click.Option) for name in param.opts}


def test_hooks_call_options_that_exist():
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["dcase-energy-validate", "dcase-energy-fix"]
    for hook in hooks:
        program, command, *arguments = hook["entry"].split()
        assert (program, command) == ("dcase-energy", "validate")
        assert set(arguments) <= options()
        assert re.search(hook["files"], "team/Adams_UNI_task4_1/Adams_UNI_task4_1.meta.yaml")
        assert not re.search(hook["files"], "mkdocs.yaml")


def test_the_action_calls_options_that_exist_and_puts_no_input_into_a_script():
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    for script in scripts:
        assert "${{" not in script
    used = set(re.findall(r"(?<=\s|\()--[a-z]+", scripts[-1]))
    assert used
    assert used <= options()
    named = {value for step in action["runs"]["steps"] for value in re.findall(r"inputs\.([a-z-]+)", str(step))}
    assert named == set(action["inputs"])
    for step in action["runs"]["steps"]:
        assert "run" not in step or step["shell"] == "bash"


def test_workflows_run_what_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    steps = [
        step
        for path in (ROOT / ".github/workflows").glob("*.yml")
        for job in yaml.safe_load(path.read_text())["jobs"].values()
        for step in job["steps"]
    ]
    assert len(steps) > 10
    for words in (line.split() for step in steps for line in step.get("run", "").splitlines()):
        if words[0] == "make":
            assert set(words[1:]) <= targets, words
        elif "/" in words[0]:
            assert os.access(ROOT / words[0], os.X_OK), words
        else:
            assert shutil.which(words[0]), words
            assert all((ROOT / word).exists() for word in words[1:] if word in {"schemas", "man", "docs"}), words


@pytest.fixture(scope="module")
def manual() -> dict[str, str]:
    return made_by("make_man").pages()


def test_the_manual_pages_are_current(manual):
    assert {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "man").iterdir()} == manual, "run: make man"


def test_there_is_a_manual_page_for_every_command_and_option(manual):
    assert {f"dcase-energy-{name}.1" for name in COMMANDS} < set(manual)
    for name in options():
        shown = name.replace("-", r"\-")
        assert rf"\fB{shown}\fR" in manual["dcase-energy-validate.1"], name
    assert "dcase-energy-study-run.1" in manual


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_manual_pages_are_good_roff(manual):
    for name, text in manual.items():
        done = subprocess.run(
            ["groff", "-man", "-ww", "-z", "-Tascii"], input=text, capture_output=True, text=True, check=True
        )
        assert done.stderr == "", name
