"""Whatever a team's files hold: findings come out, each with place, message and hint, never an exception."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dcase_energy.cli.render.github import findings_github
from dcase_energy.cli.render.json import findings_json
from dcase_energy.cli.render.sarif import findings_sarif
from dcase_energy.cli.render.summary import summary_text
from dcase_energy.cli.render.text import findings_text
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.shipped import edition_names
from dcase_energy.submission.validate import validate_paths
from tests.submission.mutations import VALID, mutated


@settings(max_examples=120)
@given(mutated(), mutated(), st.sampled_from(edition_names()))
def test_broken_systems_of_one_team_give_findings_in_every_format(first, second, name):
    with tempfile.TemporaryDirectory() as folder:
        for index, text in enumerate((first, second, VALID), 1):
            path = Path(folder) / f"Adams_UNI_task4_{index}.meta.yaml"
            path.write_text(text.replace("Adams_UNI_task4_1", path.name.removesuffix(".meta.yaml")))
        validation = validate_paths([Path(folder)], load_edition(name))
        again = validate_paths([Path(folder)], load_edition(name))
    assert validation.findings == again.findings
    for finding in validation.findings:
        assert finding.message
        assert finding.hint
        assert finding.where.file.startswith(folder)
    for render in (findings_text, findings_json, findings_github, findings_sarif, summary_text):
        assert render(validation).encode()
