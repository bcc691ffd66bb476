"""The callbacks and loggers with the real libraries: each test runs where its library is installed.

``make integration-test`` installs them all into a separate environment.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from dcase_energy.integrations.loggers import metrics_of_record, to_mlflow, to_tensorboard, to_wandb
from dcase_energy.integrations.stages import measured
from dcase_energy.measure.records import load_energy

NEEDED = "needs Lightning, transformers and the like; `make integration-test` installs them"


def lightning_parts():
    lightning = pytest.importorskip("lightning.pytorch", reason=NEEDED)
    import torch

    class Module(lightning.LightningModule):
        def __init__(self, broken=False):
            super().__init__()
            self.layer, self.broken = torch.nn.Linear(4, 1), broken

        def training_step(self, batch, _):
            if self.broken:
                raise ZeroDivisionError
            return self.layer(batch[0]).square().mean()

        def test_step(self, batch, _):
            self.layer(batch[0])

        def predict_step(self, batch, _):
            return self.layer(batch[0])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.rand(32, 4)), batch_size=8)

    def trainer(**options):
        settings = {"max_epochs": 2, "accelerator": "cpu", "logger": False, "enable_checkpointing": False}
        quiet = {"enable_progress_bar": False, "enable_model_summary": False}
        return lightning.Trainer(**{**settings, **quiet, **options})

    return Module, data, trainer


def test_lightning_writes_a_record_for_each_stage(tmp_path):
    Module, data, trainer = lightning_parts()  # noqa: N806
    from lightning.pytorch.loggers import CSVLogger

    from dcase_energy.integrations.lightning import EnergyCallback

    callback = EnergyCallback("{stage}.json")
    one = trainer(callbacks=[callback], logger=CSVLogger(tmp_path, name="log", version=0))
    one.fit(Module(), data)
    assert load_energy(Path("training.json")).complete
    one.test(Module(), data, verbose=False)
    one.predict(Module(), data)
    assert [load_energy(Path(f"{stage}.json")).complete for stage in ("test", "evaluation")] == [True, True]
    assert callback.path == Path("evaluation.json")
    one.logger.save()
    assert "energy/training_kwh" in (tmp_path / "log/version_0/metrics.csv").read_text()


def test_lightning_writes_what_an_error_cut_off():
    Module, data, trainer = lightning_parts()  # noqa: N806
    from dcase_energy.integrations.lightning import EnergyCallback

    with pytest.raises(ZeroDivisionError):
        trainer(callbacks=[EnergyCallback("{stage}.json")]).fit(Module(broken=True), data)
    assert not load_energy(Path("training.json")).complete


def test_lightning_with_two_processes_has_one_record():
    Module, data, trainer = lightning_parts()  # noqa: N806
    from dcase_energy.integrations.lightning import EnergyCallback

    callback = EnergyCallback("{stage}.json")
    trainer(callbacks=[callback], strategy="ddp_fork", devices=2).fit(Module(), data)
    assert load_energy(Path("training.json")).complete
    assert sorted(path.name for path in Path().glob("training*")) == ["training.journal.jsonl", "training.json"]


def transformers_parts(**options):
    transformers = pytest.importorskip("transformers", reason=NEEDED)
    pytest.importorskip("accelerate", reason=NEEDED)
    import torch

    from dcase_energy.integrations.transformers import EnergyCallback

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(4, 1)

        def forward(self, x):
            return {"loss": self.layer(x).square().mean()}

    settings = {"max_steps": 3, "report_to": "none", "use_cpu": True, "disable_tqdm": True, "save_strategy": "no"}
    arguments = transformers.TrainingArguments("out", **settings)
    callback = EnergyCallback("{stage}.json", **options)
    data = [{"x": torch.rand(4)} for _ in range(16)]
    return transformers.Trainer(Model(), arguments, train_dataset=data, callbacks=[callback]), callback


def test_transformers_writes_one_record():
    trainer, callback = transformers_parts()
    trainer.train()
    assert load_energy(Path("training.json")) == callback.record
    assert callback.record.complete


def test_accelerate_measures_a_block_and_logs_it():
    accelerate = pytest.importorskip("accelerate", reason=NEEDED)
    from dcase_energy.integrations.accelerate import measured as measured_by_accelerate

    accelerator, logged = accelerate.Accelerator(cpu=True), []
    accelerator.log = logged.append
    with measured_by_accelerate(accelerator, "training", "{stage}.json") as energy:
        pass
    assert load_energy(Path("training.json")) == energy.record
    assert logged == [metrics_of_record(energy.record)]


def test_speechbrain_needs_no_more_than_the_block():
    pytest.importorskip("speechbrain", reason=NEEDED)
    core = pytest.importorskip("speechbrain.core", reason=NEEDED)
    import torch

    class Brain(core.Brain):
        def compute_forward(self, batch, stage):
            return self.modules.layer(batch[0])

        def compute_objectives(self, predictions, batch, stage):
            return predictions.square().mean()

    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.rand(32, 4)), batch_size=8)
    brain = Brain({"layer": torch.nn.Linear(4, 1)}, lambda of: torch.optim.SGD(of, 0.1), run_opts={"device": "cpu"})
    with measured("training", "{stage}.json"):
        brain.fit(range(2), data, progressbar=False)
    assert load_energy(Path("training.json")).complete


def test_tensorboard_shows_the_figures(tmp_path):
    pytest.importorskip("tensorboard", reason=NEEDED)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    with (
        SummaryWriter(tmp_path / "log") as writer,
        measured(on_record=partial(to_tensorboard, writer=writer)) as energy,
    ):
        pass
    found = EventAccumulator(str(tmp_path / "log")).Reload()
    figures = metrics_of_record(energy.record)
    assert set(figures) <= set(found.Tags()["scalars"])
    (shown,) = found.Scalars("energy/training_kwh")
    assert shown.value == pytest.approx(figures["energy/training_kwh"], rel=1e-6)


def test_mlflow_has_figures_facts_and_files(tmp_path):
    mlflow = pytest.importorskip("mlflow", reason=NEEDED)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/runs.db")
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("energy", artifact_location=f"{tmp_path}/files"))
    with mlflow.start_run() as run, measured(on_record=to_mlflow) as energy:
        pass
    kept = mlflow.get_run(run.info.run_id).data
    assert kept.metrics == pytest.approx(metrics_of_record(energy.record))
    assert kept.tags["energy.training.digest"] == energy.record.digest
    files = [one.path for one in mlflow.MlflowClient().list_artifacts(run.info.run_id, "energy")]
    assert files == ["energy/energy_training.journal.jsonl", "energy/energy_training.json"]


def test_wandb_has_figures_in_the_summary(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb", reason=NEEDED)
    monkeypatch.setenv("WANDB_SILENT", "true")
    run = wandb.init(mode="offline", dir=tmp_path, project="energy")
    with measured(on_record=to_wandb) as energy:
        pass
    assert metrics_of_record(energy.record).items() <= dict(run.summary).items()
    run.finish()
