"""GPU models out of free text, so that baselines of one model can be set side by side."""

from __future__ import annotations

import re

_MODEL = re.compile(
    r"\b(?:(?:rtx|gtx|quadro|titan|tesla|telsa|geforce|nvidia)[\s-]*)*"
    r"(?P<series>rtx|gtx|titan|quadro)?[\s-]*"
    r"(?P<model>[ahlvpk][0-9]{2,4}s?|t4|gb?[0-9]{3}|(?:titan|rtx)\s*(?:rtx|xp?|v)|"
    r"10[5-8]0|16[56]0|20[678]0|[345]0[5-9]0|[2-8]000)\s*(?P<ti>ti|super)?\b",
    re.IGNORECASE,
)
# Written as GTX by teams, sold as RTX: cards from the 20 series on have but one series.
_ONE_SERIES = re.compile(r"[2-5]0[5-9]0")


def gpu_model(text: str | None) -> str | None:
    """The GPU model that a text names, in one spelling; None where it names none or more than one.

    Examples
    --------
    >>> gpu_model("6h (1 GeForce RTX 2080 Ti)"), gpu_model("NVIDIA A100-SXM4-80GB"), gpu_model("3 h")
    ('RTX 2080 Ti', 'A100', None)
    """
    found = gpu_models(text)
    return next(iter(found)) if len(found) == 1 else None


def gpu_models(text: str | None) -> frozenset[str]:
    """All GPU models that a text names, each in one spelling.

    Examples
    --------
    >>> sorted(gpu_models("35 h (3 RTX 2080 Ti) + 2 h (1 A100)"))
    ['A100', 'RTX 2080 Ti']
    """
    return frozenset(_spelled(match) for match in _MODEL.finditer((text or "")[:400]))


def _spelled(match: re.Match[str]) -> str:
    model = re.sub(r"\s+", " ", match["model"]).upper()
    ti = f" {match['ti'].capitalize()}" if match["ti"] else ""
    if not model[:1].isdigit():
        return ("TITAN RTX" if "TITAN" in model else model) + ti
    before = match[0].lower()
    series = "RTX" if _ONE_SERIES.fullmatch(model) or "rtx" in before else "GTX" if "gtx" in before else ""
    return f"{series} {model}{ti}".strip()
