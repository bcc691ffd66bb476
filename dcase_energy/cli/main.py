"""Entry point: finds commands without loading them all, and sets the exit code in one place.

0 clean, 1 findings or a measurement that failed, 2 usage error, 3 internal error, 130 interrupted.
"""

from __future__ import annotations

import gc
import importlib
import os
import platform
import sys
import traceback
from pathlib import Path

import click
from click.core import ParameterSource

from dcase_energy import __version__
from dcase_energy.cli.groups import OrderedGroup, with_verbosity
from dcase_energy.cli.terminal import colours, complain, nowhere, open_streams, set_verbosity, verbose
from dcase_energy.errors import DcaseEnergyError, InputError, JournalError, PlotError, StdoutError, UnusableError
from dcase_energy.text import visible

# Each command by what it is for: the module, and where it is not `command` the name, that defines it, and its line in
# the help.
SECTIONS = {
    "Measure energy": {
        "doctor": ("measure:doctor", "show what can be measured on this machine, and how well"),
        "calibrate": ("calibrate", "measure the energy of the baseline on this machine"),
        "measure": ("measure", "measure the energy of any command, such as your training"),
        "records": ("records", "print, check, compare and list records of measurements"),
    },
    "Prepare a submission": {
        "init": ("init", "write a commented metadata file, filled from records"),
        "validate": ("validate", "check metadata files and packages"),
        "explain": ("explain", "explain a rule, a guard of measurements or an edition"),
        "pack": ("validate:pack_command", "validate a package, then write the submission zip"),
    },
    "Score and rank": {
        "score": ("score", "compute PSDS, F1 and other scores of outputs"),
        "report": ("report", "show scores, energies and energy ratios of your systems"),
        "rank": ("rank", "rank packages or a table of results, and write the sheets"),
    },
    "More": {
        "macs": ("baseline:macs", "count multiply-accumulates and parameters of a torch model"),
        "soundscapes": ("baseline:soundscapes", "write a small synthetic data set, laid out like DESED"),
        "study": ("study", "repeat the ICASSP 2023 study on your hardware"),
        "editions": ("editions", "list the challenge editions"),
        "schema": ("editions:schema", "print the JSON Schema of metadata files or records"),
    },
}
COMMANDS = {name: about for section in SECTIONS.values() for name, about in section.items()}
ISSUES_URL = "https://github.com/dcase-energy/dcase-energy/issues"


class LazyGroup(OrderedGroup):
    """A group whose commands are imported when they are used, so that help and errors are quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names of all commands in the order of a participant's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"dcase_energy.cli.{module}"), name or "command")
        command.name = cmd_name
        return with_verbosity(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands by their own one-line texts, importing none."""
        width = max(map(len, COMMANDS))
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, (_, text) in section.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: dcase-energy calibrate --quick && dcase-energy report my_submission/",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    callback=lambda context, _, value: _show_version(context) if value else None,
    help="Show the version and exit; with --verbose, those of the libraries and the GPU's driver as well.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Measure the energy of DCASE systems; validate, score and rank them."""
    from dcase_energy.cli.project_file import default_map, find_project_file

    name = str(context.invoked_subcommand)
    command = cli.get_command(context, name)
    if command is not None and (found := find_project_file(Path.cwd())) is not None:
        context.obj = visible(os.path.relpath(found.path))
        context.default_map = {name: default_map(found, command, list(COMMANDS))}


with_verbosity(cli)


def _show_version(context: click.Context) -> None:
    """Print the version, and what figures depend on besides it."""
    click.echo(f"dcase-energy, version {__version__}")
    if verbose():
        from dcase_energy.api.doctor import tool_versions

        for name, version in tool_versions().items():
            click.echo(f"  {name:<13} {version or 'none'}")
    context.exit()


def main() -> None:
    """Run the command line and leave with its exit code."""
    # Else the collector goes again and again through modules that stay.
    gc.set_threshold(20_000, 10, 10)
    open_streams()
    set_verbosity(0)
    try:
        code = cli.main(prog_name="dcase-energy", standalone_mode=False, color=colours())
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt) as error:
        notes = getattr(error.__cause__ or error, "__notes__", ())
        complain("; ".join(["interrupted", *notes]))
        code = 130
    except click.ClickException as error:
        _show_refusal(error)
        code = error.exit_code
    except BrokenPipeError:
        # The reader of the output has ended (`| head`).
        sys.stdout = nowhere()
        code = 1
    except DcaseEnergyError as error:
        if isinstance(error, StdoutError):
            sys.stdout = nowhere()
        code = _show_error(error, failed=_failure(1))
    except Exception:  # noqa: BLE001 - the one place where an internal error becomes an exit code
        _show_crash()
        code = _failure(3)
    # Nor through everything once more before the process ends, which would take a tenth of a quick command's time.
    gc.freeze()
    sys.exit(code if isinstance(code, int) else 0)


def _failure(code: int) -> int:
    """Return the exit code of a failure; `measure` passes exit codes on: the usual ones would be its command's."""
    # Options before the command's name are flags.
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    return 125 if command == "measure" else code


def _show_refusal(error: click.ClickException) -> None:
    """Print what click refuses; how the command is used only where its words are wrong, not their values."""
    if isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter):
        source = None if error.ctx is None else error.ctx.get_parameter_source(str(getattr(error.param, "name", "")))
        of_file = source is ParameterSource.DEFAULT_MAP and error.ctx is not None
        where = f"{error.ctx.find_root().obj}: " if error.ctx is not None and of_file else ""
        complain(f"Error: {where}{error.format_message()}")
    else:
        error.show()


def _show_error(error: DcaseEnergyError, failed: int = 1) -> int:
    """Print an error and its findings; return 2 for what the caller gave, ``failed`` for work that failed."""
    from dcase_energy.cli.render import show_findings

    show_findings(getattr(error, "findings", ()))
    complain("; ".join([f"Error: {error}", *getattr(error, "__notes__", ())]))
    given = isinstance(error, InputError | PlotError) and not isinstance(error, UnusableError | JournalError)
    return 2 if given else failed


def _show_crash() -> None:
    """Print a report that can be pasted into an issue."""
    lines = [
        "This is a bug in dcase-energy. Please open an issue with the text below:",
        f"  {ISSUES_URL}",
        "",
        "```",
        f"dcase-energy {__version__}, Python {platform.python_version()}, {platform.system()}",
        "command: dcase-energy " + " ".join(sys.argv[1:]),
        traceback.format_exc().rstrip(),
        "```",
    ]
    complain("\n".join(lines))
