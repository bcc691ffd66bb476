"""An organiser's night, as a program: validate what came in, score and rank what is valid, write the sheets.

``python examples/organiser.py --output-dir night [PACKAGES]``. Uses the library in place of the command line;
`validate` and `rank` of the command line give the same findings, figures and files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dcase_energy import rank, validate
from dcase_energy.findings import Severity

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Judge every team's folder, rank the valid ones; 1 if none is valid."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="?", type=Path, default=HERE / "packages", help="one folder a team")
    parser.add_argument("--output-dir", type=Path, default=Path("night"))
    parser.add_argument("--bootstrap", type=int, default=100, help="resamples of the clips [%(default)s]")
    options = parser.parse_args()
    valid = []
    for team in sorted(path for path in options.packages.iterdir() if path.is_dir()):
        validation = validate(team, edition="generic")
        errors = validation.count(Severity.ERROR)
        print(f"{team.name:<12} {validation.files} systems, {errors} errors")
        for finding in validation.findings[:3] if errors else []:
            print(f"    {finding.code} {finding.message}")
        if not errors:
            valid.append(team)
    if not valid:
        print("no package is valid", file=sys.stderr)
        return 1
    truth = {"ground_truth": HERE / "truth.tsv", "durations": HERE / "durations.tsv"}
    sheet = rank(valid, edition="generic", bootstrap=options.bootstrap, **truth)
    for one in sheet.systems:
        print(f"{one.rank or '-':>3} {one.entry.label}")
    for path in sheet.write(options.output_dir, ["csv", "md", "html", "latex", "xlsx", "json"]):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
