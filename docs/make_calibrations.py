"""Makes the page that says which calibration belongs to which edition: ``make editions``."""

from __future__ import annotations

from pathlib import Path

from dcase_energy.api.edition_calibration import GENERIC, calibration_sentences
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.shipped import edition_names

PAGE = Path(__file__).resolve().parent / "reference" / "calibrations.md"
_HEAD = """\
# Which calibration for which edition

<!-- Made from the editions by `make editions`; do not edit. -->

Run the command of your edition on the machine that trains your system: [a laptop](../how-to/laptop.md),
[a GPU server](../how-to/gpu-server.md), or a cluster with [SLURM](../how-to/slurm.md). If your challenge is not
listed, use `generic`, the default. `--recipe smoke` is for trying out: no edition accepts its record.

A calibration measures training and test in one session; `--stage test` measures the test alone. Its last lines say
which editions accept the record; `dcase-energy records show calibration.json` prints them again.

"""


def calibrations_page() -> str:
    """The page that compares the calibrations of all editions, as Markdown."""
    shipped = [load_edition(name) for name in edition_names()]
    asked = [one for one in shipped if one.energy_fields and any(name in one.fields for name in one.energy_fields)]
    parts = [_HEAD + "## Editions that ask for energies\n"]
    for one in asked:
        parts.append(f"### [{one.name}](editions/{one.name}.md)\n\n{one.title}.\n")
        parts.append("".join(f"- {line}\n" for line in calibration_sentences(one)))
    others = ", ".join(f"[{one.name}](editions/{one.name}.md)" for one in shipped if one not in asked)
    parts.append(f"## Editions without a baseline\n\nTheir metadata have no fields for energy: {others}.\n{GENERIC}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(calibrations_page(), encoding="utf-8")
