"""The page in a real browser: it sorts, searches and filters, by keyboard too, asks for nothing and keeps text text."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from tests.cli.run import run
from tests.ranking.systems import entry, ranking
from tests.sheets.hostile import HOSTILE

DATA = Path(__file__).parent.parent / "data"
TABLE = DATA / "dcase2023_task4a_results_sample.csv"
WIDTHS = {"wide": (1400, 1000), "phone": (390, 844)}


# Height of the smallest letters on the screen, those of plots scaled as the plots are.
SMALLEST_LETTERS = """
const scale = (e) => e.closest('svg') ? e.closest('svg').clientWidth / e.closest('svg').viewBox.baseVal.width : 1;
const all = Array.from(document.querySelectorAll('svg text, td, th'));
return Math.min(...all.map((e) => parseFloat(getComputedStyle(e).fontSize) * scale(e)));
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    arguments = ("--edition", "dcase2023-task4a", "--output-dir", folder, "--formats", "csv,html")
    assert run("rank", TABLE, *arguments).returncode == 0
    return folder


@pytest.fixture
def page(browser, results):
    browser.open(results / "ranking.html")
    return browser


def rows(results: Path) -> list[dict[str, str]]:
    with (results / "ranking.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_it_opens_without_a_word_and_asks_for_nothing(page, results):
    assert page.messages() == []
    assert {url.partition(":")[0] for url in page.requests()} <= {"file", "data"}
    assert page.shown() == [row["label"] for row in rows(results)]
    assert page.find("#count").text == "49 of 49 systems shown"


def test_a_network_request_from_the_page_is_refused(page):
    page.run("fetch('http://127.0.0.1:9/').catch(() => 0); const i = new Image(); i.src = 'http://127.0.0.1:9/x.png';")
    page.run(
        "const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.body.append(s);"
    )
    said = " ".join(message["message"] for message in page.messages())
    assert "Content Security Policy" in said
    assert page.run("return window.broken === undefined")
    assert not [url for url in page.requests() if url.startswith("http")]


def test_sorting_by_a_head(page, results):
    button = page.find('th[data-name="energy_training_kwh"] button')
    button.click()
    energies = [float(row["energy_training_kwh"]) for row in rows(results)]
    descending = [float(text.replace(",", "")) for text in page.shown("energy_training_kwh")]
    assert descending == pytest.approx(sorted(energies, reverse=True), rel=1e-3)
    button.click()
    ascending = [float(text.replace(",", "")) for text in page.shown("energy_training_kwh")]
    assert ascending == descending[::-1]
    assert page.find('th[data-name="energy_training_kwh"]').get_attribute("aria-sort") == "ascending"


def test_sorting_by_keyboard_alone(page, results):
    page.run("document.getElementById('search').focus()")
    for _ in range(60):
        page.press("TAB")
        if page.run("return document.activeElement.closest('th')?.dataset.name") == "psds2":
            break
    page.press("ENTER")
    expected = sorted((float(row["psds2"]) for row in rows(results)), reverse=True)
    assert [float(text) for text in page.shown("psds2")] == pytest.approx(expected, rel=1e-3)


def test_missing_figures_come_last_either_way(browser, tmp_path):
    arguments = ("--edition", "dcase2022-task4", "--output-dir", tmp_path, "--formats", "html")
    assert run("rank", DATA / "dcase2022_task4_results.csv", *arguments).returncode == 0
    browser.open(tmp_path / "ranking.html")
    for _ in range(2):
        browser.find('th[data-name="energy_test_kwh"] button').click()
        cells = browser.shown("energy_test_kwh")
        missing = [not cell for cell in cells]
        assert sum(missing) == 20
        assert missing == sorted(missing)


def test_searching(page):
    page.find("#search").send_keys("zhang beats")
    found = page.shown()
    assert found
    assert all(label.startswith("Zhang") for label in found)
    assert page.find("#count").text == f"{len(found)} of 49 systems shown"
    page.find("#search").clear()
    page.find("#search").send_keys("no such system")
    assert page.shown() == []


def test_filtering_by_team_and_view(page, results):
    page.choose("#choice", "Liu_SRCN_task4a")
    assert len(page.shown()) == sum(row["team"] == "Liu_SRCN_task4a" for row in rows(results))
    page.choose("#choice", "all")
    page.choose("#view", "Best system of each team")
    assert len(page.shown()) == len({row["team"] for row in rows(results)})
    page.choose("#view", "Without ensembles")
    assert len(page.shown()) == sum(row["ensemble_subsystems"] in {"", "None", "1"} for row in rows(results))


def test_views_have_their_order(page, results):
    page.choose("#view", "By energy-weighted score, test")
    expected = sorted(rows(results), key=lambda row: -float(row["ew_ranking_score_test"]))
    assert page.shown()[:5] == [row["label"] for row in expected[:5]]
    page.choose("#view", "Pareto front: score against normalised energy, training")
    assert page.shown() == ["Chen_CHT_task4_1", "Chen_CHT_task4_4", "Zhang_UCAS_task4_4"]


def test_columns_can_be_shown_and_hidden(page):
    visible = "return getComputedStyle(document.querySelector('th[data-name=\"macs\"]')).display !== 'none'"
    assert not page.run(visible)
    page.run("document.querySelectorAll('[data-group]').forEach((box) => { if (!box.checked) box.click(); })")
    assert page.run(visible)


def test_a_point_of_a_plot_leads_to_its_row(page):
    page.run("document.querySelector('svg a').focus()")
    assert page.run("return getComputedStyle(document.querySelector('svg a:focus .tip')).visibility") == "visible"
    page.press("ENTER")
    assert page.run("return document.querySelector('tr:target') !== null")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", WIDTHS)
def test_it_fits_and_can_be_read(browser, results, size, dark):
    browser.open(results / "ranking.html", width=WIDTHS[size][0], height=WIDTHS[size][1], dark=dark)
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    colours = "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
    ink, paper = (luminance(colour) for colour in browser.run(colours))
    assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) > 7
    assert (paper < 0.1) == dark
    assert browser.run(SMALLEST_LETTERS) >= 8
    if folder := os.environ.get("SCREENSHOTS"):
        browser.window.save_screenshot(f"{folder}/{size}-{'dark' if dark else 'light'}.png")


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(1, 2, 3)` (WCAG 2)."""
    parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_hostile_names_stay_text(browser, hostile_page):
    browser.open(hostile_page)
    assert browser.messages() == []
    assert {url.partition(":")[0] for url in browser.requests()} <= {"file", "data"}
    cells = browser.shown()
    assert len(cells) == len(HOSTILE)
    shown = set(cells)
    plain = {
        text for text in HOSTILE.values() if not set(text) & {*"\n\r\t\0\x1b\x07\u202e\u061c\u200b\u00ad\U000e0041"}
    }
    assert {text for text in plain if text not in shown} == set()
    assert browser.run("return document.querySelectorAll('td img, td script, td svg, td a, td b').length") == 0
    assert browser.run("return document.querySelectorAll('table').length") >= 2
    browser.find('th[data-name="label"] button').click()
    assert sorted(browser.shown()) == sorted(cells)
    browser.find("#search").send_keys("<script>")
    assert 1 <= len(browser.shown()) < len(HOSTILE)


@pytest.mark.parametrize("size", WIDTHS)
def test_a_long_name_does_not_push_the_page_apart(browser, hostile_page, size):
    browser.open(hostile_page, width=WIDTHS[size][0], height=WIDTHS[size][1])
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    assert (
        browser.run("return Math.max(...Array.from(document.querySelectorAll('#rows tr')).map((r) => r.clientHeight))")
        < 250
    )


def test_the_table_stands_above_the_plots_and_links_lead_to_both(page):
    tops = page.run(
        "return ['#overview', '#rows', '#plots', '#sensitivity_training', '#figures']"
        ".map((name) => document.querySelector(name).getBoundingClientRect().top)"
    )
    assert tops == sorted(tops)
    links = page.run("return Array.from(document.querySelectorAll('nav a')).map((link) => link.getAttribute('href'))")
    assert {"#overview", "#plots", "#figures"} <= set(links)
    assert all(page.run("return document.querySelector(arguments[0]) !== null", link) for link in links)


def test_a_phone_begins_with_names_and_scores_side_by_side(browser, results):
    browser.open(results / "ranking.html", width=390, height=844)
    wanted = ["rank", "label", "psds1", "psds2", "ranking_score"]
    rights = browser.run(
        "return arguments[0].map((name) => "
        'document.querySelector(`th[data-name="${name}"]`).getBoundingClientRect().right)',
        wanted,
    )
    assert rights == sorted(rights)
    assert rights[-1] <= 390


def test_a_point_leads_to_a_row_that_was_searched_away(page):
    link = page.run("return document.querySelector('svg a').getAttribute('href')")
    page.find("#search").send_keys("no such system")
    assert page.shown() == []
    page.run("document.querySelector('svg a').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert page.run("return document.querySelector('tr:target') === document.querySelector(arguments[0])", link)
    assert len(page.shown()) == 49


def test_a_thousand_systems_are_searched_and_linked_to(browser, tmp_path):
    from dcase_energy.ranking.report import report_of
    from dcase_energy.sheets import write_report

    systems = [entry(f"Team{n // 4}_U_{n % 4}", 0.1 + 0.5 * (1 - n / 1500), macs=10**9 + n) for n in range(1000)]
    path = tmp_path / "ranking.html"
    path.write_bytes(write_report(report_of(ranking(*systems)), ["html"])["ranking.html"])
    browser.open(path)
    assert browser.messages() == []
    assert len(browser.shown()) == 1000
    browser.find("#search").send_keys("team249_")
    assert browser.shown() == [f"Team249_U_{number}" for number in range(4)]
    browser.window.get(path.as_uri() + "#s900")
    browser.window.refresh()
    assert browser.run("return document.querySelector('tr:target td.label').textContent") == "Team225_U_0"


def test_without_its_script_everything_is_still_there(browser, results, tmp_path):
    page = (results / "ranking.html").read_text()
    (tmp_path / "page.html").write_text(page.replace("<script>", '<script type="text/plain">'))
    browser.open(tmp_path / "page.html")
    assert browser.shown() == [row["label"] for row in rows(results)]
    assert browser.run("return getComputedStyle(document.querySelector('.controls')).display") == "none"
