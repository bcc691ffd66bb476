"""The readme of built files: the package index shows it without the repository around it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?![a-z]+:|#)(?P<target>[^)\s]+)\)")


class ReadmeHook(MetadataHookInterface):
    """Sets the readme of the metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the readme with addresses of the repository, at the tag of the version, in place of relative links."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        home = metadata["urls"]["Homepage"]
        metadata["readme"] = {"content-type": "text/markdown", "text": with_addresses(text, home, metadata["version"])}


def with_addresses(text: str, home: str, version: str) -> str:
    """Return Markdown with addresses in place of relative links; pictures are addressed as files."""

    def address(match: re.Match[str]) -> str:
        kind = "raw" if match["picture"] else "blob"
        return f"{match['picture']}[{match['text']}]({home}/{kind}/v{version}/{match['target']})"

    return _LINK.sub(address, text)
