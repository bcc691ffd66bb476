"""`dcase-energy macs` and `dcase-energy soundscapes`: what the baseline's package offers besides training."""

from __future__ import annotations

import importlib
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.arguments import Seed
from dcase_energy.cli.options import emit, format_option
from dcase_energy.cli.parameters import Number, PathName, bounded
from dcase_energy.cli.render.json import dumped
from dcase_energy.cli.terminal import say
from dcase_energy.errors import DcaseEnergyError

if TYPE_CHECKING:
    from torch import Tensor, nn

BASELINE = "baseline"
CLIP_DURATION_S = 10


@click.command(epilog="Example: dcase-energy macs my_system.model:build --input-shape 1,128,626")
@click.argument("target", metavar="MODULE:CALLABLE")
@click.option(
    "--input-shape",
    "shapes",
    multiple=True,
    callback=lambda _context, _option, values: [_shape(value) for value in values],
    help="Shape of a float tensor for this much audio, once per input.  [default: audio at 16 kHz, 1,160000 for 10 s]",
)
@click.option(
    "--seconds",
    type=Number(0, 3600, min_open=True),
    default=CLIP_DURATION_S,
    show_default=True,
    help="Audio that the MACs are counted for; task 1 asks for 1 s.",
)
@format_option("text", "json")
def macs(target: str, shapes: list[tuple[int, ...]], seconds: float, output_format: str) -> int:
    """Count multiply-accumulates and parameters of a torch model for some seconds of audio.

    MODULE:CALLABLE names what returns the model: a function without arguments, a class or a model. It may return
    (model, inputs) instead: then the inputs are used as they are. The current folder is searched, too. `baseline`
    counts the reference system. Two conventions are given: the challenge's (THOP's, for the submission's `MACS`) and
    torch's own counter; `macs_counter` of the metadata says which one a figure is of.
    """
    try:
        from dcase_baseline.macs import challenge_macs, torch_macs
    except ImportError as error:
        raise DcaseEnergyError(f"the baseline is not installed ({error}): pip install 'dcase-energy[train]'") from None
    model, inputs = (
        _baseline(seconds) if target == BASELINE else _load(target, shapes or [(1, round(16_000 * seconds))])
    )
    try:
        counts = [challenge_macs(model, *inputs), torch_macs(model, *inputs)]
    except Exception as error:  # noqa: BLE001 - the user's model may raise anything
        _show_theirs(error)
        raise DcaseEnergyError(
            f"{target} does not run on inputs of shape {', '.join(str(tuple(one.shape)) for one in inputs)}: "
            f"{type(error).__name__}: {str(error)[:500]}; name the shape for {seconds:g} s of audio with --input-shape"
        ) from None
    if output_format == "json":
        result = {
            "target": target,
            "input_shapes": [list(one.shape) for one in inputs],
            "clip_duration_s": seconds,
        }
        emit(dumped({**result, "counts": [asdict(count) for count in counts]}), None)
        return 0
    thop, own = counts
    shape = ", ".join(str(tuple(one.shape)) for one in inputs)
    click.echo(f"{target}, one input of shape {shape}, taken as {seconds:g} s of audio")
    click.echo(f"  parameters            {own.parameters:>16,}  ({own.trainable_parameters:,} trainable)")
    click.echo(
        f"  MACs, challenge       {thop.macs:>16,}  THOP's convention, {thop.macs / 1e6:.3f} M: declare it in task 4"
    )
    click.echo(f"  MACs, torch's counter {own.macs:>16,}  matrix products and convolutions that ran")
    for count, what in (
        (thop, "modules without a rule in the challenge's convention, counted 0"),
        (own, "operators torch counts 0"),
    ):
        if count.uncounted:
            click.echo(f"  {what}: {', '.join(count.uncounted)}")
    return 0


def _shape(text: str) -> tuple[int, ...]:
    try:
        shape = tuple(int(part) for part in text.split(","))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1 or len(shape) > 8:
        raise click.BadParameter(f"expected positive integers such as 1,128,626, found {text!r}")
    return shape


def _baseline(seconds: float) -> tuple[nn.Module, tuple[Tensor, ...]]:
    import torch
    from dcase_baseline.crnn import CRNN
    from dcase_baseline.recipe import load_recipe

    recipe = load_recipe("dcase2023")
    # The reference path has the published system's layers; the fast one has a dropout that THOP has no rule for.
    model = CRNN(recipe, execution_path="reference")
    frames = round(recipe.features.sample_rate_hz * seconds) // recipe.features.hop_length + 1
    return model, (torch.rand(1, recipe.features.n_mels, frames),)


def _load(target: str, shapes: list[tuple[int, ...]]) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """Import what the user names and make the model and its inputs."""
    import torch
    from torch import nn

    module_name, _, name = target.partition(":")
    if not module_name or not name:
        raise click.BadParameter(f"expected MODULE:CALLABLE, such as my_system.model:build, found {target!r}")
    sys.path.insert(0, str(Path.cwd()))
    try:
        made: Any = importlib.import_module(module_name)
        for part in name.split("."):
            made = getattr(made, part)
        if not isinstance(made, nn.Module):
            made = made()
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything
        _show_theirs(error)
        searched = "; MODULE is searched in the current folder and among the installed packages"
        where = searched if isinstance(error, ModuleNotFoundError) else ""
        raise DcaseEnergyError(
            f"{target} cannot be loaded: {type(error).__name__}: {str(error)[:500]}{where}"
        ) from None
    model, *given = made if isinstance(made, tuple) else (made,)
    if not isinstance(model, nn.Module):
        raise DcaseEnergyError(f"{target}: expected a torch.nn.Module, found {type(model).__name__}")
    if not given:
        return model, tuple(torch.rand(shape) for shape in shapes)
    inputs = tuple(given[0]) if len(given) == 1 and isinstance(given[0], tuple | list) else tuple(given)
    if not all(isinstance(one, torch.Tensor) for one in inputs):
        raise DcaseEnergyError(
            f"{target}: expected tensors after the model, found {', '.join(type(one).__name__ for one in inputs)}"
        )
    return model, inputs


def _show_theirs(error: BaseException) -> None:
    """The last lines of the user's own traceback: the error is in their code, and they want to find it."""
    theirs = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "dcase_energy" not in frame.filename and not frame.filename.startswith("<")
    ]
    for frame in theirs[-3:]:
        say(f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}")


@click.command(epilog="Example: dcase-energy soundscapes desed_small --clips 40")
@click.argument("out", type=PathName(file=False))
@click.option(
    "--clips", type=click.IntRange(1, 100_000), default=40, show_default=True, help="Clips per training subset."
)
@click.option("--seed", type=bounded(Seed), default=42, show_default=True, help="Seed of the clips.")
@click.option(
    "--profile",
    type=click.Choice(["easy", "hard"]),
    default="easy",
    show_default=True,
    help="Duration of events and their level over the noise; hard is the range of DESED.",
)
@click.option(
    "--sample-rate-hz",
    type=click.Choice(["16000", "44100"]),
    default="16000",
    show_default=True,
    help="Sample rate of the files.",
)
@format_option("text", "json")
def soundscapes(out: Path, clips: int, seed: int, profile: str, sample_rate_hz: str, output_format: str) -> int:
    """Write synthetic soundscapes to the folder OUT, with the folder layout of DESED.

    Strong, weak and unlabelled training clips, and a quarter as many for validation and test, 10 s each, with their
    tables. `dcase-energy calibrate --data OUT` reads it. Scores on it cannot be compared with other scores.
    """
    try:
        import soundfile  # noqa: F401 - the writer needs it, after clips were made
        from dcase_baseline.desed_writer import write_desed_folder
    except ImportError as error:
        raise DcaseEnergyError(f"the baseline is not installed ({error}): pip install 'dcase-energy[train]'") from None
    try:
        written = write_desed_folder(
            out,
            clips,
            seed=seed,
            profile=profile,
            sample_rate_hz=int(sample_rate_hz),
            on_part=lambda subset, count: say(f"  {subset}: {count} clips"),
        )
    except FileExistsError:
        raise click.BadParameter(f"{out} is not empty; name a new folder", param_hint="OUT") from None
    except OSError as error:
        raise DcaseEnergyError(f"{out} cannot be written: {error}") from None
    if output_format == "json":
        emit(dumped({"schema_version": "1.0", "folder": str(out), "clips": dict(written)}), None)
    else:
        click.echo(f"{sum(written.values())} clips in {out} (synthetic, not comparable)")
    return 0
