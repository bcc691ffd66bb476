"""Trains nothing, in the place of `dcase_energy.study.train`: ``python fake_trainer.py FOLDER machine|device``.

``orders.json`` beside the run folders says what a run does: by batch size, ``hang`` (``hang once``: the
first repeat in its first session), ``fail``, or ``die``. Begin and end of each training are noted in ``trainings.txt``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from dcase_energy.errors import MeterError
from dcase_energy.measure.records import Tier
from dcase_energy.study.runs import open_run
from dcase_energy.study.train import train_run


def note(folder: Path, text: str) -> None:
    with (folder.parent / "trainings.txt").open("a") as file:
        file.write(f"{text} {folder.name} {os.getpid()} {os.getppid()}\n")


def train(folder: Path, resume: bool) -> SimpleNamespace:
    about = open_run(folder).about
    orders = folder.parent / "orders.json"
    order = json.loads(orders.read_text()).get(str(about.batch_size)) if orders.exists() else None
    note(folder, "resume" if resume else "begin")
    if order == "hang" or (order == "hang once" and about.sessions == 1 and about.repeat == 1):
        time.sleep(120)
    if order == "die":
        os._exit(9)
    if order == "fail":
        note(folder, "end")
        raise MeterError("the counter went backwards")
    time.sleep(0.05)
    note(folder, "end")
    epochs = [
        SimpleNamespace(
            epoch=epoch,
            duration_s=10.0,
            energy_kwh=0.001 * about.batch_size,
            gpu_kwh=None,
            cpu_kwh=0.001 * about.batch_size,
            ram_kwh=None,
            train_loss=1.0,
            intersection_f1_05=0.5,
            intersection_f1_07=0.1 * epoch,
        )
        for epoch in range(1, (about.work.epochs or 0) + 1)
    ]
    return SimpleNamespace(
        epochs_log=epochs, tier=Tier.ESTIMATED, valid=True, reasons=[], hardware={"cpu_model": "x"}, software={}
    )


if __name__ == "__main__":
    sys.exit(train_run(Path(sys.argv[1]), sys.argv[2] == "device", train))
