"""The page in a real browser: it sorts, searches and filters, by keyboard too, asks for nothing and keeps text text."""

from __future__ import annotations

import csv
import os
import re
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
const seen = all.filter((e) => e.offsetParent !== null || e.closest('svg'));
return Math.min(...seen.map((e) => parseFloat(getComputedStyle(e).fontSize) * scale(e)));
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
    button = page.find('th[data-name="energy_training_normalized_kwh"] button')
    button.click()
    energies = [float(row["energy_training_normalized_kwh"]) for row in rows(results)]
    descending = [float(text.replace(",", "")) for text in page.shown("energy_training_normalized_kwh")]
    assert descending == pytest.approx(sorted(energies, reverse=True), rel=1e-3)
    button.click()
    ascending = [float(text.replace(",", "")) for text in page.shown("energy_training_normalized_kwh")]
    assert ascending == descending[::-1]
    assert page.find('th[data-name="energy_training_normalized_kwh"]').get_attribute("aria-sort") == "ascending"


def test_sorting_by_keyboard_alone(page, results):
    page.run("document.getElementById('search').focus()")
    for _ in range(60):
        page.press("TAB")
        if page.run("return document.activeElement.closest('th')?.dataset.name") == "ranking_score":
            break
    page.press("ENTER", "ENTER")
    expected = sorted(float(row["ranking_score"]) for row in rows(results))
    assert [float(text) for text in page.shown("ranking_score")] == pytest.approx(expected, rel=1e-3)


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
    page.find("#search").send_keys("zhang ensemble")
    found = page.shown()
    assert found
    assert all(label.startswith("Zhang") for label in found)
    assert page.find("#count").text == f"{len(found)} of 49 systems shown"
    page.find("#search").clear()
    page.find("#search").send_keys("no such system")
    assert page.shown() == []


def view(page, title: str) -> None:
    """Press the button of a view."""
    page.run(
        "Array.from(document.querySelectorAll('.tab')).find((one) => one.textContent === arguments[0]).click()", title
    )


def test_marking_a_team_and_showing_it_alone(page, results):
    page.choose("#choice", "Liu_SRCN_task4a")
    own = sum(row["team"] == "Liu_SRCN_task4a" for row in rows(results))
    marked = "return document.querySelectorAll(arguments[0]).length"
    assert page.run(marked, "tbody.marked") == own
    assert page.run(marked, "figure:first-of-type a.marked") == own
    assert page.run(marked, "tr.marked") == 2 * own, "in the tables of sensitivity, too"
    assert len(page.shown()) == 49
    page.find("#only").click()
    assert len(page.shown()) == own


def test_the_baseline_is_marked_in_table_and_plots(page):
    assert page.run("return document.querySelectorAll('tbody.base').length") == 2
    assert page.run("return document.querySelectorAll('figure:first-of-type .compared').length") >= 2


def test_filtering_by_view(page, results):
    view(page, "Best system of each team")
    assert len(page.shown()) == len({row["team"] for row in rows(results)})
    view(page, "Without ensembles")
    assert len(page.shown()) == sum(row["ensemble_subsystems"] in {"", "None", "1"} for row in rows(results))


def test_views_have_their_order_and_columns(page, results):
    view(page, "Energy-weighted score, test")
    expected = sorted(rows(results), key=lambda row: -float(row["ew_ranking_score_test"]))
    assert page.shown()[:5] == [row["label"] for row in expected[:5]]
    assert seen(page, "ew_rank_test")
    assert not seen(page, "ew_rank_training")
    page.choose("[data-menu]", "Score against normalised energy, training")
    assert page.shown() == ["Chen_CHT_task4_1", "Chen_CHT_task4_4", "Zhang_UCAS_task4_4"]


def seen(page, column: str) -> bool:
    return page.run(
        "return getComputedStyle(document.querySelector(`th[data-name='${arguments[0]}']`)).display !== 'none'", column
    )


def test_columns_can_be_shown_and_hidden(page):
    assert not seen(page, "macs")
    for _ in range(2):
        page.run("document.querySelector('[data-column=\"macs\"]').click()")
        assert seen(page, "macs") == ("macs" in page.run("return location.search"))


def test_the_address_keeps_what_was_chosen(page, browser):
    view(page, "Without ensembles")
    page.find("#search").send_keys("liu")
    page.choose("#choice", "Liu_SRCN_task4a")
    page.run("document.querySelector('[data-column=\"macs\"]').click()")
    page.find('th[data-name="label"] button').click()
    shown, address = page.shown(), page.window.current_url
    browser.window.get("about:blank")
    browser.window.get(address)
    assert page.shown() == shown
    assert page.find("#search").get_attribute("value") == "liu"
    assert seen(page, "macs")
    assert page.run("return document.querySelectorAll('tbody.marked').length") == len(shown)
    assert page.find('th[data-name="label"]').get_attribute("aria-sort") == "ascending"


def test_details_of_a_system_open_below_it(page, results):
    button = page.find("#s0 .more")
    button.send_keys("\ue007")
    assert button.get_attribute("aria-expanded") == "true"
    known = page.run(
        "return Object.fromEntries(Array.from(document.querySelectorAll('#s0 .detail dl div'), (one) => "
        "[one.querySelector('dt').textContent, one.querySelector('dd').textContent]))"
    )
    assert known["PSDS1"] == f"{float(rows(results)[0]['psds1']):.4g}"
    assert {"Parameters", "GPU", "Training (kWh)"} <= set(known)
    button.click()
    assert page.run("return document.querySelector('#s0 .detail') === null")


def test_a_tooltip_has_all_digits_a_heading_and_its_ground(page, results):
    page.run("document.querySelector('#s0 td[data-v]').dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))")
    page.run(
        "document.querySelectorAll('#s0 td[data-v]')[1].dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))"
    )
    assert page.find("#tip").text == f"Ranking score: {rows(results)[0]['ranking_score']}"
    ink, paper = (luminance(colour) for colour in page.run(
        "const s = getComputedStyle(document.getElementById('tip')); return [s.color, s.backgroundColor]"
    ))  # fmt: skip
    assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) > 7
    page.press("ESCAPE")
    assert not page.find("#tip").is_displayed()


def test_a_badge_leads_to_its_explanation(page):
    page.run("document.querySelector('a.badge').click()")
    target = page.run(
        "const t = document.querySelector(location.hash); return [t.cells[0].textContent, t.offsetHeight]"
    )
    assert target[0] == "K804"
    assert target[1] > 0


VISIBLE = """
const box = document.querySelector('tbody:target').getBoundingClientRect();
const head = document.querySelector('#rows thead').getBoundingClientRect();
return box.top >= head.bottom - 1 && box.bottom <= innerHeight;
"""


def click_point(page, link: str) -> None:
    click = "dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
    page.run(f"document.querySelector(`figure a[href='${{arguments[0]}}']`).{click}", link)


def test_a_point_of_a_plot_leads_to_a_row_in_sight(page):
    page.run("document.querySelector('figure a').focus()")
    assert page.find("#tip").is_displayed()
    page.press("ENTER")
    assert page.run(VISIBLE)
    last = page.run(
        "return Array.from(document.querySelectorAll('figure:first-of-type a')).at(-1).getAttribute('href')"
    )
    page.run("document.querySelector(`figure a[href='${arguments[0]}']`).dispatchEvent("
             "new MouseEvent('click', {bubbles: true, cancelable: true}))", last)  # fmt: skip
    assert page.run("return location.hash") == last
    assert page.run(VISIBLE)


def test_points_are_reached_by_arrow_keys(page):
    assert page.run("return document.querySelectorAll('figure:first-of-type a[tabindex=\"0\"]').length") == 1
    page.run("document.querySelector('figure a[tabindex=\"0\"]').focus()")
    left = "return document.activeElement.getBoundingClientRect().left"
    first = page.run(left)
    page.press("ARROW_RIGHT")
    assert page.run(left) >= first
    assert page.run("return document.activeElement.closest('a') !== null")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", WIDTHS)
def test_axe_finds_nothing(browser, results, axe, size, dark):
    browser.open(results / "ranking.html", width=WIDTHS[size][0], height=WIDTHS[size][1], dark=dark)
    assert browser.violations(axe) == {}
    browser.run("document.querySelector('#s0 .more').click(); document.querySelector('.menu').open = true")
    assert browser.violations(axe) == {}


def test_a_hostile_page_is_without_violations(browser, hostile_page, axe):
    browser.open(hostile_page)
    assert browser.violations(axe) == {}


def test_the_print_is_landscape_light_and_has_the_energies(browser, results):
    browser.open(results / "ranking.html", width=1400, dark=True)
    pdf = browser.printed()
    assert re.search(rb"/MediaBox *\[0 0 841\.[0-9]+ 59[45]\.[0-9]+\]", pdf)
    browser.window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    colours = browser.run("const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]")
    assert luminance(colours[0]) < 0.1
    assert browser.run("return Array.from(document.querySelectorAll('.tools')).every((one) => one.offsetHeight === 0)")
    assert all(seen(browser, f"energy_{stage}_normalized_kwh") for stage in ("training", "test"))
    browser.window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_first_view_is_about_eight_columns_without_scrolling(browser, results):
    browser.open(results / "ranking.html", width=1400, height=1000)
    shown = browser.run(
        "return Array.from(document.querySelectorAll('#rows thead th')).filter((one) => one.offsetWidth).length"
    )
    assert shown == 8
    assert browser.run("return document.querySelector('#rows').parentElement.scrollWidth <= innerWidth")


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
    assert browser.run("return document.querySelectorAll('td img, td script, th img, th svg, td b').length") == 0
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


def test_a_phone_has_name_score_energy_and_rank_side_by_side(browser, results):
    browser.open(results / "ranking.html", width=390, height=844)
    wanted = ["rank", "label", "ranking_score", "energy_training_normalized_kwh", "ew_rank_training"]
    rights = browser.run(
        "return arguments[0].map((name) => "
        'document.querySelector(`th[data-name="${name}"]`).getBoundingClientRect().right)',
        wanted,
    )
    assert rights == sorted(rights)
    assert rights[-1] <= 390


def test_a_point_leads_to_a_row_that_was_searched_away(page):
    link = page.run("return document.querySelector('figure a').getAttribute('href')")
    page.find("#search").send_keys("no such system")
    assert page.shown() == []
    page.run(
        "document.querySelector('figure a').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
    )
    assert page.run("return document.querySelector('tbody:target') === document.querySelector(arguments[0])", link)
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
    assert browser.run("return document.querySelector('tbody:target .label bdi').textContent") == "Team225_U_0"


def test_without_its_script_everything_is_still_there(browser, results, tmp_path):
    page = (results / "ranking.html").read_text()
    (tmp_path / "page.html").write_text(page.replace("<script>", '<script type="text/plain">'))
    browser.open(tmp_path / "page.html")
    assert browser.shown() == [row["label"] for row in rows(results)]
    assert browser.run("return getComputedStyle(document.querySelector('.tools')).display") == "none"
