"""``dcase-energy soundscapes``: the embedded data set as a folder that looks like DESED."""

from __future__ import annotations

from pathlib import Path

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.terminal import say


@click.command("soundscapes", epilog="Example: dcase-energy soundscapes desed_small --clips 40")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--clips", type=click.IntRange(1, 100_000), default=40, show_default=True, help="Of each training subset."
)
@click.option("--seed", type=click.IntRange(min=0), default=42, show_default=True)
@click.option("--profile", type=click.Choice(["easy", "hard"]), default="easy", show_default=True)
@click.option(
    "--sample-rate-hz", type=click.Choice(["16000", "44100"]), default="16000", show_default=True, help="Of the files."
)
def command(out: Path, clips: int, seed: int, profile: str, sample_rate_hz: str) -> int:
    """Write synthetic soundscapes to the folder OUT, laid out as DESED_task lays out DESED.

    Strong, weak and unlabelled training clips, and a quarter as many for validation and test, 10 s each, with their
    tables. `dcase-energy calibrate --data OUT` reads it. Scores on it are comparable with nothing.
    """
    try:
        import soundfile  # noqa: F401 - the writer needs it, after clips were made
        from dcase_baseline.desed_writer import write_desed_folder
    except ImportError as error:
        fail(f"the baseline is not installed ({error}): pip install 'dcase-energy[train]'")
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
        fail(f"{out} cannot be written: {error}")
    click.echo(f"{sum(written.values())} clips in {out} (synthetic, not comparable)")
    return 0
