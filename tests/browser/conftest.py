"""A real browser, from Debian's packages chromium and chromium-driver; `make browser-test` installs and requires it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.browser import Browser
from tests.ranking.systems import entry, ranking
from tests.sheets.hostile import HOSTILE


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next((path for name in names if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        missing = "no browser here: install chromium and chromium-driver, or run `make browser-test`"
        if os.environ.get("BROWSER_REQUIRED"):
            pytest.fail(missing)
        pytest.skip(missing)
    found = Browser(chromium, driver)
    yield found
    found.close()


@pytest.fixture(scope="session")
def axe() -> Path:
    """axe-core, which `tests/browser/run` downloads; it is not part of this repository."""
    found = os.environ.get("AXE", "")
    if not found:
        pytest.skip("axe-core is not here: run `make browser-test` where npm is installed")
    return Path(found)


@pytest.fixture(scope="session")
def hostile_page(tmp_path_factory) -> Path:
    """A page whose teams and systems call themselves all that H-T lists."""
    from dcase_energy.ranking.report import report_of
    from dcase_energy.sheets import write_report

    systems = [
        entry(text, 0.9 - 0.01 * place, team=f"team {place % 7}" if place % 3 else text, macs=10**9 + place)
        for place, text in enumerate(HOSTILE.values())
    ]
    path = tmp_path_factory.mktemp("hostile") / "ranking.html"
    path.write_bytes(write_report(report_of(ranking(*systems)), ["html"])["ranking.html"])
    return path
