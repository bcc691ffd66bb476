"""Multiply-accumulates of one forward pass, counted in two ways, for any model.

`challenge_macs` follows the conventions of THOP, which the 2023 rules ask for: 930.902 M for the baseline and one
10 s clip. `torch_macs` counts the true matrix products and convolutions: 917.553 M. The rules compare submissions, so
THOP's conventions are kept even where they are odd; each formula says so (`thop_rules`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from dcase_baseline.thop_rules import COUNTERS, Call


@dataclass(frozen=True, slots=True)
class MacCount:
    """A count of multiply-accumulates and what it leaves out.

    Attributes
    ----------
    macs
        Multiply-accumulates of the forward pass with the given inputs.
    parameters, trainable_parameters
        Numbers in the model, shared ones once.
    counter
        Which conventions: ``thop`` or ``torch``.
    uncounted
        Module types (``thop``) or operators (``torch``) that ran and for which there is no formula, sorted.
        They count zero. Activations and data movement are expected here; a layer with weights is a reason to look
        closer. Elementwise operators are not listed.
    """

    macs: int
    parameters: int
    trainable_parameters: int
    counter: str
    uncounted: tuple[str, ...]


def challenge_macs(model: nn.Module, *inputs: Tensor) -> MacCount:
    """Count as THOP does: by module type, each call of a module once, nothing outside modules.

    The types are matched exactly, as THOP does, so a subclass of a layer counts zero and is named in ``uncounted``.
    One oddity is not followed: THOP counts a module that is registered twice several times over.

    Parameters
    ----------
    model
        Left in the mode, and with the weights and statistics, it had.
    *inputs
        For one clip of 10 s, as the rules define the figure.

    Returns
    -------
    MacCount
        ``macs`` is 930 901 932 for the CRNN of 2022 and 2023 and an input of shape (1, 128, 626).
    """
    total = 0
    uncounted: set[str] = set()

    def count(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        nonlocal total
        rule = COUNTERS.get(type(module))
        if rule is not None:
            first = args[0] if args else next(iter(kwargs.values()))
            total += rule(Call(module, first, output))
        elif _has_own_work(module):
            uncounted.add(_type_name(module))

    with ExitStack() as stack:
        for module in model.modules():
            handle = module.register_forward_hook(count, with_kwargs=True)
            stack.callback(handle.remove)
        stack.enter_context(_evaluating(model))
        model(*inputs)
    return _result(model, total, "thop", uncounted)


def torch_macs(model: nn.Module, *inputs: Tensor) -> MacCount:
    """Count the matrix products and convolutions that ran, by ``torch.utils.flop_counter``.

    Fused recurrent and attention kernels hide their products from the counter and are switched off meanwhile.

    Returns
    -------
    MacCount
        ``macs`` is half the floating-point operations: 917 553 152 for the CRNN and (1, 128, 626).
    """
    seen = _SeenOperators()
    counter = FlopCounterMode(display=False)
    with _evaluating(model), _unfused(), counter, seen:
        model(*inputs)
    uncounted = {str(op) for op in seen.operators if op not in flop_registry}
    return _result(model, counter.get_total_flops() // 2, "torch", uncounted)


class _SeenOperators(TorchDispatchMode):
    """Collects the operators that ran, less views and elementwise ones: these hide no products."""

    def __init__(self) -> None:
        super().__init__()
        self.operators: set[Any] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if not func.is_view and torch.Tag.pointwise not in func.tags:
            self.operators.add(func._overloadpacket)
        return func(*args, **(kwargs or {}))


@contextmanager
def _unfused() -> Iterator[None]:
    """Have recurrent and attention layers run as the products they consist of."""
    fast_attention = torch.backends.mha.get_fastpath_enabled()
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        # torch warns on a CPU build whenever the oneDNN flags are touched.
        warnings.filterwarnings("ignore", message="TF32 acceleration")
        stack.enter_context(torch.backends.mkldnn.flags(enabled=False))
        stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast_attention)
        torch.backends.mha.set_fastpath_enabled(False)
        yield


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Run without gradients in eval mode; give every module its own mode back."""
    modes = {module: module.training for module in model.modules()}
    model.eval()  # as a statement: a model's own train() may return nothing
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes.items():
            module.training = training


def _has_own_work(module: nn.Module) -> bool:
    """Whether a module computes by itself: it has no children, or has weights itself."""
    return not any(True for _ in module.children()) or bool(module._parameters)


def _type_name(module: nn.Module) -> str:
    kind = type(module)
    short = kind.__module__.startswith("torch.nn.modules")
    return f"torch.nn.{kind.__qualname__}" if short else f"{kind.__module__}.{kind.__qualname__}"


def _result(model: nn.Module, macs: int, counter: str, uncounted: set[str]) -> MacCount:
    parameters = list(model.parameters())
    return MacCount(
        macs=macs,
        parameters=sum(p.numel() for p in parameters),
        trainable_parameters=sum(p.numel() for p in parameters if p.requires_grad),
        counter=counter,
        uncounted=tuple(sorted(uncounted)),
    )
