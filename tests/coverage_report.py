"""Coverage of lines and branches, in this process and in the commands that tests start: ``make coverage``.

Arguments are pytest's; without any the whole suite runs. The report is written to ``build/coverage``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """\
[run]
branch = true
parallel = true
source = {root}/dcase_energy
    {root}/baseline/dcase_baseline
data_file = {folder}/data
[report]
skip_covered = true
exclude_also =
    if TYPE_CHECKING:
"""


def main() -> int:
    """Run the tests and report; the exit code is that of the tests."""
    with tempfile.TemporaryDirectory(prefix="dcase-energy-coverage-") as name:
        folder = Path(name)
        config = folder / "coveragerc"
        config.write_text(CONFIG.format(root=ROOT, folder=folder))
        # Child processes look for this when they start.
        (folder / "sitecustomize.py").write_text(
            # A calibration's process gets only some variables of its environment.
            f"import os\nimport coverage\nos.environ.setdefault('COVERAGE_PROCESS_START', {str(config)!r})\n"
            "coverage.process_startup()\n"
        )
        path = os.pathsep.join([name, str(ROOT), str(ROOT / "baseline")])
        environment = {**os.environ, "COVERAGE_PROCESS_START": str(config), "PYTHONPATH": path}
        arguments = sys.argv[1:] or ["--ignore=tests/browser", "--ignore=tests/cluster"]
        code = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *arguments], cwd=ROOT, env=environment, check=False
        ).returncode
        report = [sys.executable, "-m", "coverage"]
        subprocess.run([*report, "combine", "--quiet", f"--rcfile={config}"], cwd=ROOT, check=True)
        subprocess.run([*report, "report", f"--rcfile={config}"], cwd=ROOT, check=True)
        html = ROOT / "build" / "coverage"
        subprocess.run([*report, "html", "--quiet", f"--rcfile={config}", f"--directory={html}"], cwd=ROOT, check=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
