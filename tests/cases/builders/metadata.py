"""Metadata files."""

from __future__ import annotations

from pathlib import Path

from tests.cases.builders.common import CASES, LABEL, META, case, package, swap


def yaml(name: str, old: str, new: str) -> None:
    CASES[f"metadata-yaml/{name}"] = lambda at, ex: package(at, swap(META, old, new))


yaml("tab-indent", "    training: 1.284", "\ttraining: 1.284")
yaml("no-break-space-indent", "    training: 1.284", "\u00a0\u00a0\u00a0\u00a0training: 1.284")
yaml("no-blank-after-colon", "training: 1.284", "training:1.284")
yaml("map-tag", "energy_consumption:", "energy_consumption: !!map")
yaml("cyrillic-letter-in-key", "training: 1.284", "tr\u0430ining: 1.284")
yaml("template-address", "source_code: https://example.org/code", "source_code: [YOUR_GITHUB_URL]")
yaml("own-tag-on-a-block", "energy_consumption:", "energy_consumption: !energy")
yaml("cyrillic-letter-in-key-of-a-block", "energy_consumption:", "energy_consumpti\u043en:")
yaml(
    "wide-blanks-alone",
    "energy_consumption:\n    training: 1.284\n",
    "energy_consumption:\n\u3000\u3000training: 1.284\n",
)
yaml("blank-missing-alone", "      PSDS1: 0.352\n      PSDS2: 0.557\n", "      PSDS1:0.352\n")
yaml("template-energy", "training: 1.284", "training: <energy in kWh>")
yaml("template-label", f"label: {LABEL}", "label: [YOUR_LABEL]")
yaml("template-name", "name: Example CRNN", "name: Your system name")
yaml("template-author", "lastname: Example", "lastname: xxx")
yaml("tab-before-comment", "input_channels: mono", "input_channels: mono\t# one channel\n\t# a line of comment")
yaml(
    "hyphen-without-blank",
    "    - lastname: Example\n      firstname: Ann\n",
    "    -lastname: Example\n    firstname: Ann\n",
)
CASES["metadata-yaml/page-named-yaml"] = lambda at, ex: package(at, b"<!DOCTYPE html>\n<html><body>404</body></html>\n")
CASES["metadata-yaml/utf-16"] = lambda at, ex: package(at, META.encode("utf-16"))
CASES["metadata-yaml/zip-named-yaml"] = lambda at, ex: package(at, b"PK\x03\x04\x14" + bytes(400))


@case("metadata-yaml/fix-of-private-file")
def _(at: Path, ex: Path) -> None:
    package(at, swap(META, "total_parameters", "total_paramters"))
    (at / LABEL / f"{LABEL}.meta.yaml").chmod(0o600)


@case("metadata-yaml/fix-of-symlink")
def _(at: Path, ex: Path) -> None:
    package(at, swap(META, "total_parameters", "total_paramters"))
    path = at / LABEL / f"{LABEL}.meta.yaml"
    path.rename(at / "kept.txt")
    path.symlink_to("../kept.txt")
