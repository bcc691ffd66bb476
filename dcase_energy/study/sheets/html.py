"""One self-contained page of all sheets and figures: no script, no network, foreign text escaped by the engine."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dcase_energy import __version__
from dcase_energy.study.sheet import Sheet


@dataclass(frozen=True)
class InlineFigure:
    """A figure for the page: its title, and SVG as bytes."""

    title: str
    svg: bytes

    @property
    def base64(self) -> str:
        """The SVG for a ``data:`` address; as an image it can run nothing and load nothing."""
        return base64.b64encode(self.svg).decode("ascii")


def to_html(sheets: Sequence[Sheet], figures: Sequence[InlineFigure]) -> str:
    """Write all sheets as a page."""
    page: str = _template().render(sheets=sheets, figures=figures, version=__version__)
    return page


@cache
def _template() -> Any:
    import jinja2

    source = (Path(__file__).parent / "study.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(source)
