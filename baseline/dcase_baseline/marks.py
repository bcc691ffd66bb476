"""Marks around phases: they report to a measuring session where work begins and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

# on_mark("begin" or "end", phase, epoch, payload). What it returns at an end says whether to continue; None means yes.
OnMark = Callable[[str, str, int, Mapping[str, Any]], "bool | None"]


class Marks:
    """Calls ``on_mark`` with the device idle, so that work lies within the marks that enclose it.

    Only here does the run wait for a GPU.

    Attributes
    ----------
    go_on
        False once an end was answered with False.
    """

    def __init__(self, on_mark: OnMark | None, device: torch.device) -> None:
        self._on_mark, self._device = on_mark, device
        self.go_on = True

    @contextmanager
    def phase(self, phase: str, epoch: int, **payload: Any) -> Iterator[dict[str, Any]]:
        """Mark a phase; what the block adds to the dict it is given goes out with the end."""
        self._mark("begin", phase, epoch, payload)
        yield payload
        self._mark("end", phase, epoch, payload)

    def _mark(self, kind: str, phase: str, epoch: int, payload: Mapping[str, Any]) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        if self._on_mark is not None:
            answer = self._on_mark(kind, phase, epoch, payload)
            self.go_on = self.go_on and not (kind == "end" and answer is False)
