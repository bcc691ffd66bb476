"""A function of tensors as one CUDA graph: all its kernels start by a single call.

A training step is some 500 kernels. Started one by one they keep a core of the processor busy all the time, and a GPU
that is faster than this core waits for it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from dcase_baseline.batches import QueueLimit

# Calls as usual before the graph is recorded: libraries make plans and workspaces that a recording must not meet.
_WARM_UP_CALLS = 2


class Graphed:
    """Call a function on a GPU; from the third call on, as a replayed graph.

    Parameters
    ----------
    function
        Tensors to a tensor. Whatever else it reads or writes must stay at its place in memory, and its work must be
        the same in each call.
    device
        A CUDA device.
    """

    def __init__(self, function: Callable[..., Tensor], device: torch.device) -> None:
        self._function, self._device = function, device
        self._stream = torch.cuda.Stream(device)
        self._limit = QueueLimit(device)
        self.forget()

    def forget(self) -> None:
        """Record anew: what the function reads has moved."""
        self._calls, self._graph, self._output = 0, None, torch.empty(0)
        self._inputs: tuple[Tensor, ...] = ()

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Compute the function of tensors of the same shapes as in the first call, on any device.

        Returns
        -------
        Tensor
            Overwritten by the next call.
        """
        here = torch.cuda.current_stream(self._device)
        if not self._inputs:
            self._inputs = tuple(torch.empty_like(one, device=self._device) for one in inputs)
        for own, one in zip(self._inputs, inputs, strict=True):
            own.copy_(one, non_blocking=True)
        self._calls += 1
        if self._calls <= _WARM_UP_CALLS:
            self._stream.wait_stream(here)
            with torch.cuda.stream(self._stream):
                self._output = self._function(*self._inputs)
            here.wait_stream(self._stream)
            return self._output
        if self._graph is None:
            self._graph = torch.cuda.CUDAGraph()
            # Another thread prepares batches meanwhile; its calls are none of the recording's.
            with torch.cuda.graph(self._graph, stream=self._stream, capture_error_mode="thread_local"):
                self._output = self._function(*self._inputs)
        self._graph.replay()
        self._limit.put()
        return self._output
