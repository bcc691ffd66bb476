"""Headless Chromium, driven by selenium; remembers every request and every message of its console."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select


class Browser:
    """One window.

    Parameters
    ----------
    chromium, driver
        The executables; nothing is downloaded.
    """

    def __init__(self, chromium: str, driver: str):
        options = Options()
        options.binary_location = chromium
        # As root, in a container, there is no sandbox to be had; the page under test is our own file.
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.window = webdriver.Chrome(options=options, service=Service(driver))

    def close(self) -> None:
        """End the browser."""
        self.window.quit()

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Open a file in a window of that size."""
        self.window.get("about:blank")
        self.requests()
        self.messages()
        phone = width < 600
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        self.window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.window.get(path.as_uri())

    def requests(self) -> list[str]:
        """Addresses asked for since the last call, without those the page's own policy stopped."""
        entries = [json.loads(entry["message"])["message"] for entry in self.window.get_log("performance")]
        stopped = {
            entry["params"]["requestId"]
            for entry in entries
            if entry["method"] == "Network.loadingFailed" and entry["params"].get("blockedReason") == "csp"
        }
        sent = [entry["params"] for entry in entries if entry["method"] == "Network.requestWillBeSent"]
        return [request["request"]["url"] for request in sent if request["requestId"] not in stopped]

    def messages(self) -> list[dict[str, Any]]:
        """What the console said since the last call."""
        return list(self.window.get_log("browser"))

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page and return what it returns."""
        return self.window.execute_script(script, *arguments)

    def find(self, selector: str) -> WebElement:
        """The first element that fits."""
        return self.window.find_element(By.CSS_SELECTOR, selector)

    def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        for key in keys:
            self.window.switch_to.active_element.send_keys(getattr(Keys, key, key))

    def printed(self) -> bytes:
        """The page as a PDF file, on the paper that its style sheet asks for."""
        made = self.window.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
        return base64.b64decode(made["data"])

    def violations(self, axe: Path) -> dict[str, list[str]]:
        """What axe finds, by rule, and how many of its rules found nothing to complain about."""
        self.window.execute_cdp_cmd("Runtime.evaluate", {"expression": axe.read_text(encoding="utf-8")})
        script = """
        const [done] = arguments;
        const named = (rule) => [rule.id, rule.nodes.map((node) => node.html)];
        axe.run(document).then(({ passes, violations }) => done([passes.length, violations.map(named)]));
        """
        passes, found = self.window.execute_async_script(script)
        assert passes > 10, "axe looked at nothing"
        return dict(found)

    def choose(self, selector: str, text: str) -> None:
        """Choose an option by its text."""
        Select(self.find(selector)).select_by_visible_text(text)

    def shown(self, column: str = "label") -> list[str]:
        """Cells of a column in the rows that are shown, in their order."""
        script = """
        const table = document.getElementById('rows');
        const at = Array.from(table.tHead.rows[0].cells).findIndex((head) => head.dataset.name === arguments[0]);
        const parts = (cell) => cell.querySelector('bdi') ? [cell.querySelector('bdi')] : Array.from(cell.childNodes);
        const shown = (part) => !part.matches || part.matches('bdi, b, .badge');
        return Array.from(table.tBodies, (body) =>
            parts(body.rows[0].cells[at]).filter(shown).map((part) => part.textContent).join(''));
        """
        return list(self.run(script, column))
