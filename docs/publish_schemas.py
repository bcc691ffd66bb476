"""Hook of mkdocs: puts the schemas into the site, at the address that the first line of a template names."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


def on_post_build(config: Any) -> None:
    """Copy the folder of schemas as it is."""
    shutil.copytree(SCHEMAS, Path(config["site_dir"]) / "schemas", dirs_exist_ok=True)
