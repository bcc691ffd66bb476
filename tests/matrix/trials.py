"""The GitHub action and the pre-commit hooks, tried with what was built: part of ``make release``.

The action's steps are read from ``action.yml`` and run as a runner does: `bash -e -o pipefail`, inputs in the
environment, the wheel in the place of the action's checkout. The hooks run in pre-commit itself, from a repository made
of the source archive, with the tag that the install page names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples" / "packages"
EXPRESSION = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")
GOOD, FAULTY = "Adams_UNI", "Clark_INST"
# A key that misspells a known one.
SLIP = ("machine_learning_method:", "machine_learning_methd:")


@dataclass(frozen=True)
class Done:
    """What a program ended with and printed."""

    code: int
    text: str


def run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> Done:
    """Run a program; its two outputs are one text."""
    done = subprocess.run(
        [*map(str, command)],
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout)


def clean_environment(environment: Path) -> dict[str, str]:
    """The variables of this process, with an environment first on the search path and no checkout in Python's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GITHUB_", "GIT_"))}
    return {**kept, "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def run_action(workspace: Path, environment: Mapping[str, str], wheel: Path | None, **inputs: str) -> Done:
    """Run the steps of ``action.yml`` up to the first that fails; without a wheel none that installs."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    values = {name: str(one.get("default", "")) for name, one in action["inputs"].items()}
    values |= {name.replace("_", "-"): value for name, value in inputs.items()}
    runner = {**environment, "GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": str(wheel), "CI": "true"}
    text = ""
    for step in action["runs"]["steps"]:
        if "run" not in step or (wheel is None and step["run"].startswith("python -m pip")):
            continue
        own = {name: EXPRESSION.sub(lambda m: values[m[1]], value) for name, value in step.get("env", {}).items()}
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", str(step["run"])]
        done = run(command, workspace, runner | own)
        text += done.text
        if done.code:
            return Done(done.code, text)
    return Done(0, text)


def try_action(workspace: Path, environment: Path, wheel: Path) -> list[str]:
    """Run the action over good and faulty packages; what was not as it should be."""
    for name in (GOOD, FAULTY):
        shutil.copytree(EXAMPLES / name, workspace / "our packages" / name)
    found = clean_environment(environment)
    good, faulty, there = f"'our packages/{GOOD}'", f'"our packages/{FAULTY}"', workspace / "found.sarif"
    at = f"::error file=our packages/{FAULTY}/{FAULTY}_task4_1/{FAULTY}_task4_1.meta.yaml,line=21,"
    cases = (
        ({"paths": good}, 0, "2 metadata files"),
        ({"paths": f"{good}\n{faulty}\n", "sarif": there.name}, 1, at),
        ({"paths": good, "edition": "dcase2023-task4a", "strict": "true"}, 1, "::warning file=our packages/"),
        ({"paths": "no/such/folder", "sarif": "none.sarif"}, 1, "no/such/folder"),
        ({"paths": "'no end"}, 1, "quote"),
        ({"paths": f"{good} ; touch injected $(touch injected)", "edition": "`touch injected`"}, 2, ""),
        ({"paths": ""}, 2, ""),
    )
    problems = []
    for number, (inputs, code, shown) in enumerate(cases):
        done = run_action(workspace, found, None if number else wheel, **inputs)
        if done.code != code or shown not in done.text or "Traceback" in done.text:
            problems.append(f"action with {inputs} ended with {done.code}, expected {code} and {shown!r}: {done.text}")
    if (workspace / "injected").exists():
        problems.append("action: an input was executed as a command")
    if not there.exists() or '"E201"' not in there.read_text(encoding="utf-8"):
        problems.append("action: the SARIF file lacks the findings")
    return problems


def try_hooks(folder: Path, environment: Path, archive: Path) -> list[str]:
    """Run both hooks in pre-commit over a clean, a faulty and a fixable file; what was not as it should be."""
    found = clean_environment(environment) | {"PRE_COMMIT_HOME": str(folder / "cache"), "GIT_CONFIG_GLOBAL": os.devnull}
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    product = folder / archive.name.removesuffix(".tar.gz")
    config = shown_config(product)
    _commit(product, found)
    run(["git", "tag", config["repos"][0]["rev"]], product, found)
    config["repos"][0]["repo"] = str(product)
    problems = []
    shown_hooks = config["repos"][0]["hooks"]
    fix = [{"id": "dcase-energy-fix"}]
    whole = [{"id": "dcase-energy-validate", "args": [f"{GOOD}/"], "pass_filenames": False}]
    for hooks, name, code, shown in (
        (shown_hooks, GOOD, 0, "Passed"),
        (whole, GOOD, 0, "2 metadata files (edition generic): no problems found"),
        (shown_hooks, FAULTY, 1, "error E201"),
        (fix, "misspelt", 1, "files were modified by this hook"),
        ([*shown_hooks, *fix], "misspelt", 0, "Passed"),
    ):
        config["repos"][0]["hooks"] = hooks
        place = _repository(folder / name, name, config, found)
        done = run([environment / "bin/pre-commit", "run", "--all-files", "--verbose"], place, found)
        if done.code != code or shown not in done.text or "Traceback" in done.text:
            problems.append(f"hooks with {name} ended with {done.code}, expected {code} and {shown!r}: {done.text}")
    return problems


def shown_config(product: Path) -> dict[str, list[dict[str, Any]]]:
    """The configuration of pre-commit that the install page shows."""
    page = (product / "docs" / "install.md").read_text(encoding="utf-8")
    block = page.partition("# .pre-commit-config.yaml\n")[2].partition("```")[0]
    return yaml.safe_load(block)  # type: ignore[no-any-return]


def _repository(folder: Path, name: str, config: object, environment: Mapping[str, str]) -> Path:
    """A team's repository with its package and the configuration."""
    if not folder.exists():
        source = FAULTY if name == FAULTY else GOOD
        shutil.copytree(EXAMPLES / source, folder / source)
        if name == "misspelt":
            meta = folder / source / f"{source}_task4_1" / f"{source}_task4_1.meta.yaml"
            meta.write_text(meta.read_text(encoding="utf-8").replace(*SLIP), encoding="utf-8")
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    _commit(folder, environment)
    return folder


def _commit(folder: Path, environment: Mapping[str, str]) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "--quiet"], ["add", "--all"], [*who, "commit", "--quiet", "--message", "files"]):
        done = run(["git", *command], folder, environment)
        if done.code:
            raise RuntimeError(f"git {' '.join(command)}: {done.text}")


def main() -> int:
    """Try both in a folder that is not there yet: ``python -m tests.matrix.trials WHEEL ARCHIVE FOLDER``."""
    wheel, archive, folder = map(Path, sys.argv[1:])
    for name in ("action", "hooks"):
        (folder / name).mkdir(parents=True)
    venv.create(folder / "venv", with_pip=True)
    problems = try_action(folder / "action", folder / "venv", wheel)
    problems += try_hooks(folder / "hooks", Path(sys.executable).parent.parent, archive)
    print("\n".join(problems))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
