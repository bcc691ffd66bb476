"""Every format is read back: the same texts and the same figures, whatever the systems call themselves."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import mimetypes
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dcase_energy.sheets import FORMATS, write_report
from dcase_energy.sheets.report import Report, Sheet
from dcase_energy.sheets.table import Cell, Column, Table
from dcase_energy.units import format_significant
from tests.sheets.hostile import HOSTILE
from tests.sheets.readers import Page, csv_rows, latex_rows, markdown_rows
from tests.sheets.reports import COLUMNS, SCORES, TEXTS, hostile_report, hostile_table


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return write_report(hostile_report(), FORMATS)


TYPES = {name: mimetypes.guess_type(f"a.{name}")[0] for name in ("csv", "json", "md", "tex", "xlsx")}


def line_of(text: str) -> str:
    """What a sheet for people shows of a text: one line, characters that cannot be seen spelled out."""
    line = text.replace("\r\n", " ")
    spelled = {c: f"\\x{ord(c):02x}" for c in "\0\x07\x1b\u00ad"} | {
        c: f"\\u{ord(c):04x}" for c in "\u061c\u202e\u200b"
    }
    spelled |= {"\U000e0041": "\\U000e0041"} | dict.fromkeys("\n\r\t", " ")
    return "".join(spelled.get(c, c) for c in line)


def cut(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]} (cut, {len(text)} characters)"


def test_every_format_is_a_file_of_its_name(made):
    assert FORMATS == ("csv", "datatable", "html", "json", "latex", "md", "xlsx")
    files = [f"ranking.{end}" for end in ("csv", "html", "json", "md", "tex", "xlsx")]
    assert sorted(made) == [*files, "ranking_datatable.html", "ranking_datatable.yaml"]


def test_csv(made):
    rows = csv_rows(made["ranking.csv"])
    for row, values in zip(rows, hostile_table().values, strict=True):
        for name, value in zip((column.name for column in COLUMNS), values, strict=True):
            text = (value or "").replace("\0", "") if isinstance(value, str | None) else repr(value)
            assert row[name] == text


def test_csv_offers_a_spreadsheet_no_formula(made):
    for row in csv.reader(io.StringIO(made["ranking.csv"].decode(), newline="")):
        for cell in row:
            start = cell.lstrip(" ")[:1]
            assert start not in {*"=+@\t\r\n＝＋－＠"} - {""}
            assert start != "-" or re.fullmatch(r"-[0-9.e-]+", cell)


def test_json(made):
    assert json.loads(made["ranking.json"]) == {"ranking": hostile_table().records}
    facts = replace(hostile_report(), facts={"a": [1.5, None]})
    assert json.loads(write_report(facts, ["json"])["ranking.json"]) == {"a": [1.5, None]}


def test_xlsx(made):
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(made["ranking.xlsx"]))
    assert book.sheetnames == ["ranking", "about"]
    head, *rows = book["ranking"].iter_rows()
    assert [cell.value for cell in head] == [column.name for column in COLUMNS]
    for row, values in zip(rows, hostile_table().values, strict=True):
        assert not any(cell.data_type == "f" or cell.hyperlink for cell in row)
        for cell, value in zip(row, values, strict=True):
            if isinstance(value, str) and len(value) > 32_767:
                assert len(cell.value) == 32_767
                assert cell.value.endswith(f"(cut, {len(value)} characters)")
            else:
                assert (controls(cell.value) if isinstance(cell.value, str) else cell.value) == value
    assert [cell.value for cell in book["about"]["A"]] == ["Title <b>", "A note & a rule.", "Edition <b>."]


def test_xlsx_is_ready_to_read_and_to_print(made):
    import openpyxl

    sheet = openpyxl.load_workbook(io.BytesIO(made["ranking.xlsx"]))["ranking"]
    cells = dict(zip((column.name for column in COLUMNS), sheet[3], strict=True))
    assert (cells["rank"].number_format, cells["count"].number_format) == ("#,##0", "#,##0")
    assert cells["score"].number_format == "[>=1000]#,##0;[>=1]0.000;0.0000##"
    assert cells["label"].number_format == "General"
    last = f"F{len(TEXTS) + 2}"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("C2", f"A1:{last}")
    assert sheet.print_area == f"'ranking'!$A$1:$F${len(TEXTS) + 2}"
    assert (sheet.print_title_rows, sheet.page_setup.orientation) == ("$1:$1", "landscape")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_markdown(made):
    text = made["ranking.md"].decode()
    rows = markdown_rows(text, "Ranking")
    assert rows[-1] == ["", "last", "", "", "", ""]
    for place, row in enumerate(rows[:-1]):
        count = "" if place % 3 == 0 else f"1,000,000,{place:03}"
        figure = f"{format_significant(SCORES[place])} (0.3000 to 0.9500)"
        assert row == [str(place + 1), line_of(TEXTS[place]), line_of(TEXTS[place]), figure, count, "E101 E999"]
    assert "http://" not in text
    assert "<b>" not in text.replace("\\<b\\>", "")


def test_latex(made):
    rows = latex_rows(made["ranking.tex"].decode(), "ranking")
    assert rows[-1] == ["", "last", "", "", "", ""]
    for place, row in enumerate(rows[:-1]):
        assert row[:3] == [str(place + 1), *[cut(line_of(TEXTS[place]))] * 2]
        assert row[3] == f"{format_significant(SCORES[place])} (0.3000 to 0.9500)"


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
    whole = made["ranking.tex"]
    alone = whole[: whole.index(b"\\section*")] + b"a\\end{document}\n"
    if complaints := compiled(tmp_path, compiler, alone):
        pytest.skip(f"{compiler} lacks fonts or packages: {complaints[0]}")
    assert compiled(tmp_path, compiler, whole) == []
    parts = write_report(replace(hostile_report(), fragments=True), ["latex"])["ranking.tex"]
    head = b"\\documentclass{article}\\usepackage{booktabs,graphicx,array,textcomp}\\usepackage[T1]{fontenc}"
    assert compiled(tmp_path, compiler, head + b"\\begin{document}\n" + parts + b"\\end{document}\n") == []


def test_what_stands_beside_a_figure():
    row = [Cell(0.5, "0.50", "0.01", "2 of 3", best=True), Cell(None, note="0 of 3")]
    table = Table("t", "T", [Column("a", "A"), Column("b", "B")], [row])
    files = write_report(
        Report("r", "R", [Sheet("s", "S", [table])], page=[table], fragments=True), ["md", "latex", "html"]
    )
    assert "| **0.50 ± 0.01** (2 of 3) | (0 of 3) |" in files["s.md"].decode()
    assert r"\noted{\textbf{0.50} $\pm$ 0.01}{2 of 3} & \noted{}{0 of 3} \\" in files["s.tex"].decode()
    page = files["r.html"].decode()
    assert '<td class="n" data-v="0.5"><b>0.50 ± 0.01</b><small>2 of 3</small></td>' in page
    assert '<td class="n"><small>0 of 3</small></td>' in page
    assert "<script" not in page


def test_html(made):
    page = Page(made["ranking.html"].decode())
    rows = page.systems()
    assert len(rows) == len(TEXTS) + 1
    for row, values in zip(rows, hostile_table().values, strict=True):
        for column, value in zip(COLUMNS, values, strict=True):
            text, attributes = row[column.name]
            if isinstance(value, str | None):
                assert text == line_of(value or "")
                assert "data-v" not in attributes
            else:
                assert attributes["data-v"] == repr(value)
                assert text == (format_significant(value) if isinstance(value, float) else f"{value:,}")


def test_html_carries_what_the_other_formats_write(made):
    tags = Page(made["ranking.html"].decode()).tags
    carried = {a["download"]: a["href"].partition(",")[2] for tag, a in tags if "download" in a}
    others = {name: content for name, content in made.items() if not name.endswith((".html", ".yaml"))}
    assert {name: base64.b64decode(text) for name, text in carried.items()} == others


def test_large_sheets_are_not_carried_and_what_would_exceed_the_limit_is_not_written(monkeypatch):
    monkeypatch.setattr("dcase_energy.sheets.formats.html.MOST_BYTES", 1)
    monkeypatch.delattr("dcase_energy.sheets.formats.xlsx.write")
    page = Page(write_report(hostile_report(), ["html"])["ranking.html"].decode())
    assert not [tag for tag, attributes in page.tags if "download" in attributes]


def test_html_has_one_script_and_one_style_and_names_them_by_their_hashes(made):
    page = Page(made["ranking.html"].decode())
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    for text, directive in ((page.scripts, "script-src"), (page.styles, "style-src")):
        assert len(text) == 1
        digest = base64.b64encode(hashlib.sha256(text[0].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_html_reaches_for_nothing_and_no_text_became_markup(made):
    page = Page(made["ranking.html"].decode())
    known = {
        "html", "head", "meta", "link", "title", "style", "body", "h1", "h2", "p", "section", "figure", "figcaption",
        "b", "svg", "polyline", "text", "circle", "path", "rect", "a", "div", "label", "select", "option", "input",
        "fieldset", "legend", "table", "thead", "tbody", "tr", "th", "td", "button", "bdi", "small", "details",
        "summary", "footer", "script", "nav", "wbr", "header", "main", "dl", "dt", "dd", "ul", "li", "span",
        "line",
    }  # fmt: skip
    assert {tag for tag, _ in page.tags} <= known
    assert sum(tag == "b" for tag, _ in page.tags) == 2  # the charts' titles in their captions
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        carried = f"data:{TYPES.get(attributes.get('download', '').rpartition('.')[2])};base64,"
        assert attributes.get("href", "#").startswith(("#", "data:,", carried))
        assert "src" not in attributes
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_html_can_be_used_without_a_mouse(made):
    page = Page(made["ranking.html"].decode())
    tags = [tag for tag, _ in page.tags]
    heads = [a for tag, a in page.tags if tag == "th" and "data-name" in a]
    assert tags.count("button") == len(heads) + 2
    assert len(heads) == len(COLUMNS)
    assert any(tag == "input" and a.get("type") == "search" for tag, a in page.tags)
    assert all("tabindex" in a for tag, a in page.tags if tag == "div" and "scroll" in a.get("class", ""))


def test_a_page_keeps_all_of_a_thousand_systems():
    table = Table("t", "Systems", COLUMNS, [[n, f"T{n}", "team", 0.5, n, ""] for n in range(1000)])
    report = hostile_report()
    assert report.overview is not None
    page = write_report(replace(report, overview=replace(report.overview, table=table)), ["html"])["ranking.html"]
    assert re.findall(rb'<tbody id="s([0-9]+)"', page) == [b"%d" % n for n in range(1000)]


def test_the_same_report_gives_the_same_bytes(made):
    again = write_report(hostile_report(), FORMATS)
    assert {name: again[name] == content for name, content in made.items()} == dict.fromkeys(made, True)


def test_the_hostile_texts_reach_every_edge():
    """What formats treat in a special way is among the texts."""
    joined = "".join(HOSTILE.values())
    assert all(c in joined for c in "=+-@|<>&\"'`\\{}$#%^~[]*_!,\r\n\t\0\u200b\u200d\u202e\U000e0041")


def controls(text: str) -> str:
    """Control characters are spelled out inside a workbook; programs show them, openpyxl leaves them as they are.

    So is an underscore that would begin such a spelling.
    """
    return re.sub(r"_x00(5F|[01][0-9A-F])_", lambda match: chr(int(match[1], 16)), text)
