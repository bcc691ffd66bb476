"""The tab key, as the shell asks: commands, options, editions, rules, files."""

from __future__ import annotations

import pytest

from tests.cli.run import run


def offered(line: str) -> list[str]:
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    result = run(_DCASE_ENERGY_COMPLETE="bash_complete", **asked)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("dcase-energy va", ["plain,validate"]),
        ("dcase-energy study re", ["plain,report"]),
        ("dcase-energy records ve", ["plain,verify"]),
        ("dcase-energy rank --edi", ["plain,--edition"]),
        ("dcase-energy rank --edition dcase2023", ["plain,dcase2023-task1", "plain,dcase2023-task4a"]),
        ("dcase-energy validate --edition gen", ["plain,generic"]),
        ("dcase-energy validate --edition ./our", ["file,./our"]),
        ("dcase-energy validate exam", ["file,exam"]),
        ("dcase-energy validate --format js", ["plain,json"]),
        ("dcase-energy explain e20", ["plain,E201", "plain,E202", "plain,E203"]),
        ("dcase-energy explain energy-not", ["plain,energy-not-positive"]),
        ("dcase-energy explain gpu-ex", ["plain,gpu-exclusive"]),
        ("dcase-energy explain dcase2025", ["plain,dcase2025-task1", "plain,dcase2025-task4"]),
        ("dcase-energy init Adams_task3_1 --edition bio", ["plain,biodcase2026-task3"]),
        ("dcase-energy schema --edition dcase2026-task4", ["plain,dcase2026-task4"]),
    ],
)  # fmt: skip
def test_what_is_offered(line, expected):
    assert offered(line)[: len(expected)] == expected
