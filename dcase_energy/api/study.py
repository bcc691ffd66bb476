"""The study of ICASSP 2023 on own hardware: runs are trained, or imported from sheets, looked after and reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from dcase_energy.api.calibrating import report_missing
from dcase_energy.api.shared import Log, PathLike, Paths, check_device, choose_edition, existing, silent, write_sheets
from dcase_energy.arguments import AtLeastOne, BatchClips, Seed, StudyRepeats, checked
from dcase_energy.calibration.plan import Plan
from dcase_energy.calibration.prepare import check_data
from dcase_energy.editions.model import Edition
from dcase_energy.errors import InputError, ParallelError, PlotError, WriteError
from dcase_energy.findings import Finding, Severity
from dcase_energy.parallel import thread_count
from dcase_energy.study.gather import gather
from dcase_energy.study.grid import make_grid, prepare_folders, recipe_source
from dcase_energy.study.importing import Given, ReadSheet, earlier_runs, read_sheet, write_imported
from dcase_energy.study.report import StudyReport, make_report
from dcase_energy.study.rules import RUNS_MIXED
from dcase_energy.study.running import Ended, Job, ask_hardware, run_jobs, to_do
from dcase_energy.study.runs import StudyRun, plain_name
from dcase_energy.study.sheets import report_of
from dcase_energy.study.status import StudyStatus, read_status
from dcase_energy.text import plural


@dataclass(frozen=True, slots=True)
class StudyRuns:
    """What `run_study` did: how the runs ended that it trained, and what it left alone though it is not done."""

    ended: tuple[Ended, ...]
    left: tuple[StudyRun, ...]

    @property
    def failed(self) -> int:
        """Number of runs that failed, now or before."""
        return sum(one.outcome == "failed" for one in self.ended) + sum(one.state == "failed" for one in self.left)


@checked
def run_study(
    batch_sizes: Sequence[BatchClips] = (4, 8, 16, 32),
    *,
    repeats: StudyRepeats = 3,
    epochs: AtLeastOne | None = None,
    output_dir: PathLike = "runs",
    data: PathLike | None = None,
    edition: PathLike | Edition = "generic",
    recipe: str | None = None,
    execution_path: Literal["fast", "reference"] | None = None,
    device: str = "auto",
    gpu: str | None = None,
    threads: AtLeastOne | None = None,
    allow_estimate: bool = False,
    seed: Seed = 42,
    scheduler: str | None = None,
    retry_failed: bool = False,
    retry_invalid: bool = False,
    log: Log = silent,
    progress: Callable[[StudyRun, int, int], None] | None = None,
    on_end: Callable[[Ended, int, int], None] | None = None,
) -> StudyRuns:
    """Train the grid of batch sizes and repeats and measure each run, as `dcase-energy study run` does.

    Parameters
    ----------
    batch_sizes, repeats, epochs
        The grid, and the epochs of each run; None is the recipe's.
    output_dir
        Folder of the runs; what is done there is not trained again.
    data, edition, recipe, execution_path, device, threads, allow_estimate, seed
        As `dcase_energy.calibrate` takes them; the seed is that of the first repeat.
    gpu
        Name of the hardware in the tables, instead of the detected one.
    scheduler
        Dask scheduler whose workers train.
    retry_failed, retry_invalid
        Train runs again that failed, or whose measurement is not valid.
    log, progress, on_end
        Receive messages; after each epoch the run, its number and how many there are; and each run that ended.

    Raises
    ------
    InputError
        If the recipe, a batch size or the edition cannot be used.
    StudyError, ParallelError, CalibrationError, WriteError
        If the hardware, a folder, the cluster or the data cannot be used.
    """
    check_device(device)
    rules, output = choose_edition(edition), Path(output_dir)
    source = None if data is None else str(Path(data).resolve())
    taken, path = recipe or rules.baseline.recipe, execution_path or rules.baseline.execution_path
    # Recipe and batch sizes are checked before a cluster is asked for the name of its hardware.
    grid = make_grid(
        batch_sizes,
        repeats,
        edition=rules.name,
        recipe=taken,
        execution_path=path,
        device=device,
        epochs=epochs,
        seed=seed,
        threads=threads,
        allow_estimate=allow_estimate,
        data=source,
    )
    if scheduler is None:
        thread_count(threads)
    report_missing(check_data(Plan(rules.name, taken, data=source)), log)
    named = plain_name(gpu)
    hardware = named or ask_hardware(device, scheduler)
    grid = [replace(one, gpu=hardware) for one in grid]
    try:
        runs = prepare_folders(output, grid, recipe_source(taken), source, check_hardware=named is None)
    except OSError as error:
        raise WriteError(f"cannot write to {output}: {error.strerror}") from None
    todo = to_do(runs, retry_failed=retry_failed, retry_invalid=retry_invalid)
    log(f"{hardware}: {plural(len(runs), 'run')}, {len(todo)} to train, in {output}")
    ended = _train(todo, scheduler, progress, on_end)
    left = [one for one in runs if one.folder not in {job.folder for job in todo} and one.state != "done"]
    return StudyRuns(tuple(ended), tuple(left))


def _train(
    todo: Sequence[StudyRun],
    scheduler: str | None,
    progress: Callable[[StudyRun, int, int], None] | None,
    on_end: Callable[[Ended, int, int], None] | None,
) -> list[Ended]:
    """Train runs, and report on each; the numbers are those of their order."""
    numbers = {one.folder: number for number, one in enumerate(todo, 1)}
    jobs = [Job(one.folder, per_device=scheduler is not None) for one in todo]

    def on_progress(one: StudyRun) -> None:
        if progress is not None:
            progress(one, numbers[one.folder], len(todo))

    ended = []
    try:
        for one in run_jobs(jobs, scheduler, on_progress):
            ended.append(one)
            if on_end is not None:
                on_end(one, len(ended), len(todo))
    except ParallelError as error:
        error.add_note("the same command trains what is missing")
        raise
    return ended


@checked
def study_status(runs: Paths) -> StudyStatus:
    """Look at all run folders in and under some folders, as `dcase-energy study status` does.

    Raises
    ------
    InputError
        If there is none.
    """
    places = existing(runs)
    found = read_status(places)
    if not found.runs and not found.unreadable and not found.imported:
        raise _no_run(places)
    return found


def _no_run(places: Sequence[Path]) -> InputError:
    where = ", ".join(map(str, places))
    return InputError(f"no run folder was found in {where}; `dcase-energy study run` or `study import` makes them")


@checked
def import_runs(
    sheets: Paths,
    output_dir: PathLike = "runs",
    *,
    gpu: str | None = None,
    batch_size: AtLeastOne | None = None,
    epochs: AtLeastOne | None = None,
    f1: Literal["05", "07"] | None = None,
    earlier: Literal["replace", "keep"] | None = None,
    log: Log = silent,
) -> list[ReadSheet]:
    """Make run folders from sheets made elsewhere, as `dcase-energy study import` does.

    Parameters
    ----------
    sheets
        CSV tables with one run per row, or CodeCarbon's ``emissions.csv``.
    output_dir
        Folder of the runs.
    gpu, batch_size, epochs, f1
        What applies to all rows: GPU, batch size, number of epochs, criterion of the F1 as in `report_study`.
    earlier
        What happens to runs in the folder that are of a sheet of the same name with other content: ``replace`` them, as
        the sheet was corrected, or ``keep`` them, as it is another sheet.
    log
        Receives a message where runs are replaced.

    Raises
    ------
    InputError
        If a sheet does not exist, or there are earlier runs and ``earlier`` does not say what they are.
    WriteError
        If the folders cannot be written.
    """
    output = Path(output_dir)
    read = [read_sheet(path, Given(gpu, batch_size, epochs, f1)) for path in existing(sheets)]
    others = earlier_runs(output, read)
    if others and earlier is None:
        raise InputError(
            f"{output} has {plural(len(others), 'run')} of an earlier {' and '.join(sorted({*others.values()}))}; give "
            "--earlier replace if the sheet was corrected since, --earlier keep if it is another sheet of this name"
        )
    replaced = others if earlier == "replace" else {}
    try:
        write_imported(output, read, replaced)
    except OSError as error:
        raise WriteError(f"cannot write to {output}: {error.strerror}") from None
    if replaced:
        log(f"{output}: {plural(len(replaced), 'run')} of the earlier sheet removed")
    return read


@dataclass(frozen=True, slots=True)
class StudySheet:
    """What `report_study` found: the paper's tables of the runs, None without runs, and the findings of the folders."""

    study: StudyReport | None
    findings: tuple[Finding, ...]

    @checked
    def write(
        self,
        output_dir: PathLike,
        formats: Sequence[str] = ("csv", "md", "latex", "html"),
        plots: Sequence[str] = ("svg",),
        log: Log = silent,
    ) -> list[Path]:
        """Write tables, claims and figures; where matplotlib is missing ``log`` gets a message instead of figures.

        Raises
        ------
        WriteError
            If a file cannot be written.
        """
        if self.study is None:
            return []
        try:
            return write_sheets(report_of(self.study), output_dir, formats, plots)
        except PlotError as error:
            log(f"no figures: {error}")
            return write_sheets(report_of(self.study), output_dir, formats)


@checked
def report_study(
    runs: Paths, *, f1: Literal["05", "07"] = "07", include_invalid: bool = False, mixed: bool = False
) -> StudySheet:
    """Make the paper's tables and claims from run folders, as `dcase-energy study report` does.

    Parameters
    ----------
    runs
        Folders that hold run folders, at any depth.
    f1
        Criterion of the F1: DTC and GTC of 0.7, as in the paper, or of 0.5.
    include_invalid, mixed
        Include runs whose measurement is not valid; average over runs of different work.

    Raises
    ------
    InputError
        If there is no run folder, or the runs do not belong into one table.
    """
    places = existing(runs)
    usable, findings = gather(places, f1, include_invalid=include_invalid, mixed=mixed)
    if any(one.code == RUNS_MIXED.code and one.severity is Severity.ERROR for one in findings):
        raise InputError(
            "these runs do not belong into one table; report each kind separately, or give --mixed", findings
        )
    if not usable and not findings:
        raise _no_run(places)
    return StudySheet(make_report(usable, f1) if usable else None, tuple(findings))
