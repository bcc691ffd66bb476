"""Every sheet is read back: the same strings and the same numbers, whatever the teams call themselves."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.sheet import COLUMNS
from dcase_energy.ranking.sheets import write_sheets
from dcase_energy.ranking.sheets.html import MOST_ROWS, to_html
from dcase_energy.ranking.sheets.json import ranking_schema
from dcase_energy.units import format_significant
from tests.ranking.hostile import HOSTILE
from tests.ranking.readers import Page, csv_rows, latex_rows, markdown_rows
from tests.ranking.systems import entry, ranking, sure

ROOT = Path(__file__).parent.parent.parent
SCHEMA = ROOT / "schemas" / "records" / "ranking.schema.json"
BY_NAME = {column.name: column for column in COLUMNS}
FIGURES = [column.name for column in COLUMNS if column.kind == "number"]


def hostile_ranking() -> Ranking:
    """A system a string: as label, team, carried note, and as the reason for having no rank."""
    systems = [
        entry(
            text, 0.9 - 0.5 * place / len(HOSTILE), team=text, intervals=sure(0.3, 0.95), macs=10**9 + place,
            extra={"notes": text}, components_kwh={"gpu": 1.5, "cpu": 0.0, "ram": None},
        )
        for place, text in enumerate(HOSTILE.values())
    ]  # fmt: skip
    out = [entry(f"out {text}"[:90_000], excluded=text) for text in HOSTILE.values()]
    return ranking(*systems, *out)


@pytest.fixture(scope="module")
def made() -> tuple[Ranking, dict[str, bytes]]:
    found = hostile_ranking()
    return found, write_sheets(found, ["csv", "md", "html", "latex", "xlsx", "json"])


def line_of(text: str) -> str:
    """What a sheet for people shows of a text: one line, control characters spelled out."""
    line = text.replace("\r\n", " ")
    spelled = {c: f"\\x{ord(c):02x}" for c in "\0\x07\x1b"} | {c: f"\\u{ord(c):04x}" for c in "\u061c\u202e\u200b"}
    spelled |= {"\u00ad": "\\xad", "\U000e0041": "\\U000e0041"}
    spelled |= dict.fromkeys("\n\r\t", " ")
    return "".join(spelled.get(c, c) for c in line)


def cut(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]} (cut, {len(text)} characters)"


def test_csv(made):
    found, files = made
    rows = csv_rows(files["ranking.csv"])
    assert len(rows) == len(found.systems)
    for row, one in zip(rows, found.systems, strict=True):
        for name, text in (("label", one.entry.label), ("team", one.entry.team), ("excluded", one.entry.excluded)):
            assert row[name] == (text or "").replace("\0", "")
        assert row["notes"] == one.entry.extra.get("notes", "").replace("\0", "")
        for name in FIGURES:
            assert row[name] == repr_of(one, name)


def test_csv_offers_a_spreadsheet_no_formula(made):
    _, files = made
    import csv as reader

    for row in reader.reader(io.StringIO(files["ranking.csv"].decode(), newline="")):
        for cell in row:
            start = cell.lstrip(" ")[:1]
            assert start not in {*"=+@\t\r\n＝＋－＠"} - {""}
            assert start != "-" or re.fullmatch(r"-[0-9.e-]+", cell)


def test_views_and_sensitivity_in_csv(made):
    found, files = made
    views = csv_rows(files["ranking_views.csv"])
    assert {row["view"] for row in views} == {
        "score", "ew_training", "ew_test", "team_best", "no_ensembles", "front_training", "front_test", "front_macs"
    }  # fmt: skip
    labels = {one.entry.label.replace("\0", "") for one in found.systems}
    assert {row["label"] for row in views} <= labels
    assert {row["label"] for row in csv_rows(files["ranking_sensitivity.csv"])} <= labels


def test_json(made):
    found, files = made
    document = json.loads(files["ranking.json"])
    for row, one in zip(document["systems"], found.systems, strict=True):
        for name in ("label", "team", "excluded", *FIGURES):
            assert row[name] == BY_NAME[name].value(one)
    jsonschema.Draft7Validator(ranking_schema()).validate(document)


def test_the_published_schema_is_the_one_in_the_code():
    assert json.loads(SCHEMA.read_text()) == ranking_schema()


def test_the_schema_refuses_what_is_wrong(made):
    document = json.loads(made[1]["ranking.json"])
    validator = jsonschema.Draft7Validator(ranking_schema())
    document["systems"][0]["psds1"] = "0.5"
    assert not validator.is_valid(document)


def test_xlsx(made):
    import openpyxl

    found, files = made
    book = openpyxl.load_workbook(io.BytesIO(files["ranking.xlsx"]))
    head, *rows = book["ranking"].iter_rows()
    names = [cell.value for cell in head]
    assert len(rows) == len(found.systems)
    for row, one in zip(rows, found.systems, strict=True):
        cells = dict(zip(names, row, strict=True))
        assert not any(cell.data_type == "f" or cell.hyperlink for cell in row)
        for name, text in (
            ("label", one.entry.label),
            ("team", one.entry.team),
            ("notes", one.entry.extra.get("notes")),
        ):
            value = cells[name].value
            if text is not None and len(text) > 32_767:
                assert len(value) == 32_767
                assert value.endswith(f"(cut, {len(text)} characters)")
            else:
                assert (value and controls(value)) == text
        for name in FIGURES:
            assert cells[name].value == BY_NAME[name].value(one)
    assert {"sensitivity_training", "ew_test", "team_best", "front_macs", "about"} <= set(book.sheetnames)


def test_markdown(made):
    found, files = made
    rows = markdown_rows(files["ranking.md"].decode(), "Ranking")
    assert len(rows) == len(found.placed)
    for row, one in zip(rows, found.placed, strict=True):
        assert row[:3] == [str(one.rank) + rank_ends(one), line_of(one.entry.label), line_of(one.entry.team)]
        assert row[3].split(" ")[0] == format_significant(one.entry.psds1)
        assert row[3].endswith("(0.3000 to 0.9500)")
    left_out = markdown_rows(files["ranking.md"].decode(), "Systems without a rank")
    reasons = sorted(line_of(text) for text in HOSTILE.values())
    assert sorted(row[2] for row in left_out) == reasons
    assert "http://" not in files["ranking.md"].decode()


def test_latex(made):
    found, files = made
    rows = latex_rows(files["ranking.tex"].decode(), "ranking")
    assert len(rows) == len(found.placed)
    for row, one in zip(rows, found.placed, strict=True):
        assert row[:3] == [str(one.rank) + rank_ends(one), cut(line_of(one.entry.label)), cut(line_of(one.entry.team))]
        assert row[3].split(" ")[0] == format_significant(one.entry.psds1)


def compiled(folder: Path, compiler: str, text: bytes) -> list[str]:
    """Complaints of a LaTeX compiler; none if all is well."""
    (folder / "a.tex").write_bytes(text)
    command = [compiler, "-no-shell-escape", "-interaction=batchmode", "-halt-on-error", "a.tex"]
    result = subprocess.run(command, cwd=folder, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if result.returncode == 0 and (folder / "a.pdf").stat().st_size > 1000:
        return []
    log = (folder / "a.log").read_text(errors="replace") if (folder / "a.log").exists() else "!nothing"
    return [line for line in log.splitlines() if line.startswith("!")]


@pytest.mark.slow
@pytest.mark.parametrize("compiler", ["pdflatex", "xelatex", "lualatex"])
def test_latex_compiles(made, tmp_path, compiler):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    whole = made[1]["ranking.tex"]
    alone = whole[: whole.index(b"\\section*")] + b"a\\end{document}\n"
    if complaints := compiled(tmp_path, compiler, alone):
        pytest.skip(f"{compiler} lacks fonts or packages: {complaints[0]}")
    assert compiled(tmp_path, compiler, whole) == []


def test_html(made):
    found, files = made
    page = Page(files["ranking.html"].decode())
    systems = page.systems()
    assert len(systems) == len(found.systems)
    for row, one in zip(systems, found.systems, strict=True):
        assert row["label"][0] == line_of(one.entry.label)
        assert row["team"][0] == line_of(one.entry.team)
        assert row["notes"][0] == line_of(one.entry.extra.get("notes", ""))
        for name in FIGURES:
            if name in row:
                value = BY_NAME[name].value(one)
                assert row[name][1].get("data-v") == (None if value is None else repr(value))
                assert row[name][0] == ("" if value is None else format_significant(value))


def test_a_page_of_many_systems_keeps_all_of_them():
    many = ranking(*(entry(f"T{n}_U_1", 0.2 + n / 9000) for n in range(MOST_ROWS + 7)))
    text = to_html(many)
    whole, rest = text.split('<template id="rest">')
    rest = rest.split("</template>")[0]
    ids = [re.findall(r'<tr id="s([0-9]+)"', part) for part in (whole, rest)]
    assert [len(part) for part in ids] == [MOST_ROWS, 7]
    assert [int(number) for part in ids for number in part] == list(range(MOST_ROWS + 7))
    assert f"The first {MOST_ROWS} systems" in text
    few = to_html(ranking(*(entry(f"T{n}_U_1", 0.2 + n / 9000) for n in range(MOST_ROWS))))
    assert "<template" not in few


def test_html_has_one_script_and_one_style_and_names_them_by_their_hashes(made):
    page = Page(made[1]["ranking.html"].decode())
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    for text, directive in ((page.scripts, "script-src"), (page.styles, "style-src")):
        assert len(text) == 1
        digest = base64.b64encode(hashlib.sha256(text[0].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_html_reaches_for_nothing_and_no_text_became_markup(made):
    page = Page(made[1]["ranking.html"].decode())
    known = {
        "html", "head", "meta", "link", "title", "style", "body", "h1", "h2", "p", "section", "figure", "figcaption",
        "b", "svg", "polyline", "text", "circle", "rect", "a", "div", "label", "select", "option", "input", "fieldset",
        "legend", "table", "thead", "tbody", "tr", "th", "td", "button", "bdi", "small", "details", "summary", "footer",
        "script", "nav", "wbr",
    }  # fmt: skip
    assert {tag for tag, _ in page.tags} <= known
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        assert attributes.get("href", "#").startswith(("#", "data:,"))
        assert "src" not in attributes
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_html_can_be_used_without_a_mouse(made):
    page = Page(made[1]["ranking.html"].decode())
    tags = [tag for tag, _ in page.tags]
    heads = [a for tag, a in page.tags if tag == "th" and "data-name" in a]
    assert tags.count("button") == len(heads) > 10
    assert any(tag == "input" and a.get("type") == "search" for tag, a in page.tags)
    assert all("tabindex" in a for tag, a in page.tags if tag == "div" and a.get("class") == "scroll")


def test_the_same_ranking_gives_the_same_bytes(made):
    again = write_sheets(hostile_ranking(), ["csv", "md", "html", "latex", "xlsx", "json"])
    assert {name: again[name] == content for name, content in made[1].items()} == dict.fromkeys(made[1], True)


def controls(text: str) -> str:
    """Control characters are spelled out inside a workbook; programs show them, openpyxl leaves them as they are.

    So is an underscore that would begin such a spelling.
    """
    return re.sub(r"_x00(5F|[01][0-9A-F])_", lambda match: chr(int(match[1], 16)), text)


def repr_of(one: Ranked, name: str) -> str:
    value = BY_NAME[name].value(one)
    return "" if value is None else repr(value)


def rank_ends(one: Ranked) -> str:
    interval = one.uncertainty.rank
    return "" if interval is None else f" ({interval.low} to {interval.high})"
