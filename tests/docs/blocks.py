"""Command blocks of README and docs: found, run as a reader would run them, and compared with what the page shows.

``python -m tests.docs.blocks PAGE...`` runs all blocks of pages; ``--update`` writes what the commands print into the
pages; ``--list`` prints the page of blocks that are not run.

- ``sh`` blocks are commands; they end with exit code 0.
- ``console`` blocks are commands (``$ ...``), each followed by what it prints, stdout and stderr together. A line
  ``...`` matches any lines. After a command that ends otherwise than 0, ``$ echo $?`` shows its code.
- ``python`` blocks are programs.

A line ``*Not run by the tests: REASON.*`` above a block says that it is left out, and why; one that begins with
``*Run on a SLURM`` leaves it to tests/cluster. All blocks of a page run in
one folder, one after the other; what lies in the checkout is there too.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KINDS = ("sh", "bash", "console", "python")
REASONS = (
    "needs a GPU",
    "needs a cluster",
    "needs root",
    "needs DESED",
    "needs your own",
    "needs an inbox",
    "needs the organisers' baseline",
    "needs Docker and Apptainer",
    "needs Lightning",
    "needs transformers",
    "needs SpeechBrain",
    "needs TensorBoard",
    "runs the tests",
    "takes ",
    "Run on a SLURM",
)
_BLOCK = re.compile(r"^(?P<indent> *)```(?P<kind>\w+)[^\n]*\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
# Such a block is run by tests/cluster.
ON_CLUSTER = "Run on a SLURM by `make cluster-test`"
_MARK = re.compile(rf"\*(?:Not run by the tests: )?(?P<reason>{ON_CLUSTER}|(?<=tests: )[^\n]*)\.\*\s*\Z")
_SHIM = "#!{python}\nimport sys\nfrom dcase_energy.cli.main import main\nsys.argv[0] = 'dcase-energy'\nmain()\n"


class BlockError(AssertionError):
    """A block does not do what its page says."""


@dataclass(frozen=True)
class Block:
    """One block: where it stands, what it is, and why it is not run, if so."""

    page: Path
    line: int
    kind: str
    text: str
    reason: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Step:
    """A command of a ``console`` block with the lines that are to follow."""

    command: str
    shown: tuple[str, ...]


def pages() -> list[Path]:
    """README, CONTRIBUTING and all of docs."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page that hold commands or programs."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        if match["kind"] in KINDS:
            mark = _MARK.search(text[: match.start()])
            body = "".join(line[len(match["indent"]) :] or "\n" for line in match["text"].splitlines(keepends=True))
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(page, line, match["kind"], body, mark["reason"] if mark else None))
    return found


def steps_of(text: str) -> Iterator[Step]:
    """Commands of a ``console`` block; a command continues after a backslash."""
    command: list[str] = []
    shown: list[str] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield Step("\n".join(command), tuple(shown))
            command, shown = [line[2:]], []
        elif command and command[-1].endswith("\\") and not shown:
            command.append(line)
        elif command:
            shown.append(line)
        else:
            raise BlockError(f"a console block begins with '$ ', not with {line!r}")
    if command:
        yield Step("\n".join(command), tuple(shown))


class Reader:
    """A reader who follows a page: a folder that shows the checkout, and a shell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "here"
        self.folder.mkdir()
        for path in sorted(ROOT.iterdir()):
            if path.name[0] != "." and path.name not in {"build", "dist"}:
                (self.folder / path.name).symlink_to(path)
        tools = folder / "bin"
        tools.mkdir()
        shim = tools / "dcase-energy"
        shim.write_text(_SHIM.format(python=sys.executable))
        shim.chmod(0o755)
        clean = {k: v for k, v in os.environ.items() if k not in {"FORCE_COLOR", "GITHUB_ACTIONS", "COLUMNS"}}
        path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), clean["PATH"]])
        python_path = os.pathsep.join([str(ROOT), str(ROOT / "baseline")])
        data = str(folder / "data")
        self._environment = clean | {
            "NO_COLOR": "1",
            "PATH": path,
            "PYTHONPATH": python_path,
            "DCASE_ENERGY_DATA": data,
        }
        self.code = 0

    def run(self, command: str) -> str:
        """Run a command; returns what it printed. ``echo $?`` prints the exit code of the one before."""
        done = subprocess.run(
            ["bash", "-c", f"(exit {self.code}); {command}"],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        self.code = done.returncode
        return done.stdout

    def follow(self, block: Block) -> None:
        """Run a block.

        Raises
        ------
        BlockError
            If it prints or ends otherwise than shown.
        """
        self.code = 0
        if block.kind == "console":
            self._follow_console(block)
            return
        if block.kind == "python":
            program = self.folder / f"block{block.line}.py"
            program.write_text(block.text, encoding="utf-8")
        printed = self.run(f"python {program.name}" if block.kind == "python" else f"set -e\n{block.text}")
        if self.code:
            raise BlockError(f"{block}: ended with {self.code}\n{block.text}\n{printed}")

    def _follow_console(self, block: Block) -> None:
        steps = list(steps_of(block.text))
        for step, after in zip(steps, [*steps[1:], None], strict=True):
            printed = self.run(step.command)
            if not matches(printed, step.shown):
                shown = "\n".join(step.shown)
                raise BlockError(f"{block}: $ {step.command}\n--- printed\n{printed}\n--- the page shows\n{shown}")
            if self.code and (after is None or after.command != "echo $?"):
                raise BlockError(f"{block}: $ {step.command}\nended with {self.code}, and the page does not show it")

    def fill(self, block: Block) -> str:
        """The text of a ``console`` block with what its commands print now; ``...`` stays where it is shown."""
        lines = []
        for step in steps_of(block.text):
            printed = self.run(step.command)
            kept = "..." in step.shown and matches(printed, step.shown)
            lines += [
                f"$ {step.command}",
                *(step.shown if kept else printed.rstrip("\n").split("\n") if printed else []),
            ]
        return "".join(f"{line.rstrip()}\n" for line in lines)


def matches(printed: str, shown: Sequence[str]) -> bool:
    """Whether what was printed is what is shown; spaces at the ends of lines do not count."""
    pattern = "".join(r"(?:[^\n]*\n)*?" if line == "..." else f"{re.escape(line.rstrip())}\n" for line in shown)
    lines = [line.rstrip() for line in printed.rstrip("\n").split("\n")]
    text = "".join(f"{line}\n" for line in lines) if printed.strip() else ""
    return re.fullmatch(pattern, text) is not None


def follow_page(page: Path, also: Sequence[str] = ()) -> int:
    """Run the blocks of a page, also those whose reason begins with one of ``also``; returns how many were run."""
    count = 0
    with tempfile.TemporaryDirectory(prefix="dcase-energy-page-") as folder:
        reader = Reader(Path(folder))
        for block in blocks_of(page):
            if block.reason is None or block.reason.startswith(tuple(also)):
                reader.follow(block)
                count += 1
    return count


def update_page(page: Path) -> None:
    """Write what the commands of a page print now into its ``console`` blocks."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="dcase-energy-page-") as folder:
        reader = Reader(Path(folder))
        for block in blocks_of(page):
            if block.reason is not None:
                continue
            if block.kind == "console":
                text = text.replace(f"```console\n{block.text}```", f"```console\n{reader.fill(block)}```", 1)
            else:
                reader.follow(block)
    page.write_text(text, encoding="utf-8")


def list_of_left_out() -> str:
    """The page of all blocks that are not run, by reason."""
    lines = [
        "# Commands the tests do not run",
        "",
        "Every other command block of README and of these pages is executed by `make test`, and what it prints is",
        "compared with what the page shows; `make cluster-test` executes those for SLURM. This list is written by",
        "`python -m tests.docs.blocks --list`.",
        "",
        "| page | first line | why |",
        "|---|---|---|",
    ]
    for page in pages():
        for block in blocks_of(page):
            if block.reason not in {None, ON_CLUSTER}:
                first = block.text.splitlines()[0].removeprefix("$ ").replace("|", "\\|")
                lines.append(f"| {page.relative_to(ROOT)} | `{first}` | {block.reason} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run, update or list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="default: all")
    parser.add_argument("--also", action="append", default=[], metavar="REASON", help="run these too, e.g. 'takes'")
    parser.add_argument("--update", action="store_true", help="write what the commands print into the pages")
    parser.add_argument("--list", action="store_true", help="print the page of blocks that are not run")
    options = parser.parse_args()
    if options.list:
        print(list_of_left_out(), end="")
        return 0
    for page in [path.resolve() for path in options.pages] or pages():
        began = time.monotonic()
        if options.update:
            update_page(page)
        count = follow_page(page, options.also)
        print(f"{page.relative_to(ROOT)}: {count} blocks in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
