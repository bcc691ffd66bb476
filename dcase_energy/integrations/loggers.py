"""Records in the loggers of trainings: TensorBoard, MLflow and Weights & Biases, each only where it is used.

Each function takes a record and its file as ``on_record`` of callbacks gives them, and imports nothing that the caller
has not: ``EnergyCallback(on_record=partial(to_tensorboard, writer=writer))``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dcase_energy.measure.record_file import journal_of
from dcase_energy.measure.records import Energy


def metrics_of_record(record: Energy) -> dict[str, float]:
    """Return the figures of a record, as loggers name metrics.

    Returns
    -------
    dict
        ``energy/training_kwh``, ``_low`` and ``_high`` where the interval is known, ``energy/training_gpu_kwh`` and
        other components that were measured, ``energy/training_duration_s``, and ``energy/training_valid``, 1 or 0.
        Without a figure, such as a failed measurement, the last alone.
    """
    stage, name = record.stages.get(record.stage), f"energy/{record.stage}"
    found: dict[str, float | None] = {f"{name}_valid": float(record.valid)}
    if stage is not None:
        found |= {
            f"{name}_kwh": stage.energy_kwh,
            f"{name}_kwh_low": None if stage.energy_interval is None else stage.energy_interval.low,
            f"{name}_kwh_high": None if stage.energy_interval is None else stage.energy_interval.high,
            f"{name}_duration_s": stage.duration_s,
            **{f"{name}_{part}_kwh": one.energy_kwh for part, one in stage.components.items()},
        }
    return {key: value for key, value in found.items() if value is not None}


def facts_of_record(record: Energy) -> dict[str, str]:
    """Return what a figure is worth, as loggers name parameters: tier, verdict, hardware, scope, digest."""
    facts = {
        "tier": record.tier.value,
        "valid": str(record.valid).lower(),
        "reasons": "; ".join(record.reasons),
        "hardware": str(record.hardware.get("gpu_name") or record.hardware.get("cpu_model")),
        "scope": ", ".join(record.scope),
        "digest": record.digest,
    }
    return {f"energy.{record.stage}.{name}": value for name, value in facts.items() if value}


def to_tensorboard(record: Energy, path: Path | None, *, writer: Any, step: int | None = None) -> None:  # noqa: ARG001
    """Add a record's figures as scalars and its facts as a text.

    Parameters
    ----------
    record, path
        As ``on_record`` gives them.
    writer
        A ``SummaryWriter`` of torch.utils.tensorboard or tensorboardX.
    step
        Global step of the figures.
    """
    for name, value in metrics_of_record(record).items():
        writer.add_scalar(name, value, step)
    lines = [f"{name}: {value}" for name, value in facts_of_record(record).items()]
    writer.add_text(f"energy/{record.stage}", "  \n".join(lines), step)


def to_mlflow(record: Energy, path: Path | None, *, client: Any = None, run_id: str | None = None) -> None:
    """Log a record's figures as metrics, its facts as tags, and its files as artifacts.

    Parameters
    ----------
    record, path
        As ``on_record`` gives them.
    client, run_id
        An ``MlflowClient`` and its run; None is the active run.
    """
    if client is None or run_id is None:
        import mlflow

        run = mlflow.active_run() or mlflow.start_run()
        client, run_id = mlflow.MlflowClient(), run.info.run_id
    for name, value in metrics_of_record(record).items():
        client.log_metric(run_id, name, value)
    for name, text in facts_of_record(record).items():
        client.set_tag(run_id, name, text)
    for file in _files(path):
        client.log_artifact(run_id, str(file), "energy")


def to_wandb(record: Energy, path: Path | None, *, run: Any = None) -> None:
    """Put a record's figures and facts into a run's summary, and its files into an artifact.

    Parameters
    ----------
    record, path
        As ``on_record`` gives them.
    run
        A run of Weights & Biases; None is the current one.
    """
    import wandb

    run = run or wandb.run
    if run is None:
        raise RuntimeError("no run of wandb is active: call wandb.init() first")
    run.summary.update({**metrics_of_record(record), **facts_of_record(record)})
    if files := _files(path):
        artifact = wandb.Artifact(f"energy-{record.stage}-{record.run_id[:8]}", type="energy-record")
        for file in files:
            artifact.add_file(str(file))
        run.log_artifact(artifact)


def _files(path: Path | None) -> list[Path]:
    """The record and its journal."""
    return [] if path is None else [one for one in (path, journal_of(path)) if one.is_file()]
