"""Recognise models of GPUs and processors in free text, and what a processor can draw at most.

Nominal powers of processors are those of the makers, as CodeCarbon's table of processors repeats them
(``cpu_power.csv`` of 3.3.2); for desktop processors since 2020 the makers' maximum turbo power is used instead. Only
processors that machines for training often have are listed: one that is not listed has no limit here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_GPU = re.compile(
    r"(?:(?<![0-9a-z])|(?<=[0-9]x))(?P<series>(?:(?:nvidia|geforce|tesla|telsa|quadro|rtx|gtx)[\s_-]{0,9}){0,5})"
    r"(?:titan[\s_-]*(?P<titan>rtx|xp|x|v)|(?P<rtx_titan>(?<=rtx.)titan)|(?P<radeon>mi[0-9]{2,3}[ax]?)|"
    # Data centre and workstation models, and by number: 900 to 1600 are sold as GTX, from the 2000s on as RTX.
    r"(?P<letter>a2|[lpt]4|m[1-6]0|[ahlvpk][0-9]{2,4}s?|g?[bh][0-9]{3})|(?P<gtx>9[5-8]0|10[5-8]0|16[56]0)|"
    r"(?P<geforce>20[678]0|[345]0[5-9]0)|(?P<thousands>[2-8]000))"
    r"(?P<suffix>[\s_-]*(?:ti|super))?(?!(?!x[0-9])[0-9a-z])",
    re.IGNORECASE,
)
_GPU_WORD = re.compile(r"\b(?:gpus?|nvidia|geforce|rtx|gtx|quadro|tesla|titan|radeon|instinct|cuda)", re.IGNORECASE)
_PROCESSOR_WORD = re.compile(
    r"(?<![a-z0-9])(?:cpus?|cores?|threads?|xeon|epyc|ryzen|threadripper|i[3579]|m[1-4]|tpu|raspberry|jetson)(?![a-z0-9])",
    re.IGNORECASE,
)
# A word of a processor's name that no other processor shares: 7B13, i7-7700K, 6226R.
_PROCESSOR_MODEL = re.compile(r"\b(?=[a-z-]*\d)(?!\d+-core)[a-z0-9][a-z0-9-]{3,}\b", re.IGNORECASE)
# A longer text is not a name, and matching it would take long.
_MOST_CHARACTERS = 400

# Power limits can be switched off by the owner, and a short peak passes any of them; no mean is twice as high.
_SLACK = 2.0
_TURBO = 1.25
# Sockets that machines with these processors can have.
_SOCKETS = {"xeon e5-26": 2, "xeon silver": 2, "xeon gold": 4, "xeon platinum": 8, "epyc": 2}
_NOMINAL_W: dict[float, str] = {
    65: "core i7-8700, core i7-9700, ryzen 5 3600, ryzen 7 3700x, ryzen 5 5600x, ryzen 9 7900",
    80: "xeon e5-2620 v2, xeon e5-2630 v2",
    85: "xeon e5-2620 v3, xeon e5-2620 v4, xeon e5-2630 v3, xeon e5-2630 v4, xeon silver 4110, xeon silver 4114, "
    "xeon silver 4116, xeon silver 4210, xeon silver 4214",
    88: "core i7-4790k",
    90: "xeon e5-2640 v3, xeon e5-2640 v4",
    91: "core i5-6600k, core i7-6700k, core i5-7600k, core i7-7700k",
    95: "core i7-8700k, core i7-9700k, core i9-9900k",
    100: "xeon silver 4210r, xeon silver 4214r, xeon silver 4216",
    105: "xeon e5-2650 v3, xeon e5-2650 v4, xeon e5-2660 v4, ryzen 9 3900x, ryzen 9 3950x, ryzen 7 5800x, "
    "ryzen 9 5900x, ryzen 9 5950x",
    120: "xeon e5-2670 v3, xeon e5-2680 v3, xeon e5-2680 v4, epyc 7252, epyc 7272, epyc 7282",
    125: "xeon gold 6126, xeon gold 6130, xeon gold 6138, xeon gold 6226, xeon gold 6230",
    135: "xeon e5-2690 v3, xeon e5-2690 v4",
    140: "core i7-5820k, core i7-5930k, core i7-6850k, core i9-7900x, xeon gold 6132, xeon gold 6140, xeon gold 6152, "
    "xeon gold 6238",
    150: "xeon gold 6142, xeon gold 6148, xeon gold 6226r, xeon gold 6230r, xeon gold 6240, xeon gold 6242, "
    "xeon gold 6248",
    155: "epyc 7262, epyc 7302, epyc 7313, epyc 7352, epyc 7452",
    165: "core i9-9900x, core i9-9980xe, core i9-10980xe, xeon gold 6238r, xeon gold 6240r, xeon gold 6246",
    180: "epyc 7402, epyc 7413, epyc 7502, epyc 7551, epyc 7601",
    200: "xeon gold 6154, xeon gold 6254, epyc 7443, epyc 7513, epyc 7532, epyc 7552, epyc 7702",
    205: "xeon gold 6242r, xeon gold 6246r, xeon gold 6248r, xeon gold 6258r, xeon platinum 8168, xeon platinum 8268",
    225: "epyc 7453, epyc 7542, epyc 7543, epyc 7642, epyc 7643, epyc 7662, epyc 7713, epyc 7742",
    280: "epyc 7763, epyc 7h12, ryzen threadripper 3960x, ryzen threadripper 3970x, ryzen threadripper 3990x",
}
_TURBO_W: dict[float, str] = {
    190: "core i7-12700k",
    230: "ryzen 9 7900x, ryzen 9 7950x",
    253: "core i7-10700k, core i9-10900k, core i7-11700k, core i9-11900k, core i9-12900k, core i7-13700k, "
    "core i9-13900k, core i7-14700k, core i9-14900k",
}
_MOST_W = {
    **{name: _TURBO * power for power, names in _NOMINAL_W.items() for name in names.split(", ")},
    **{name: power for power, names in _TURBO_W.items() for name in names.split(", ")},
}
_NOISE = re.compile(r"\((?:r|tm|c)\)|\bcpu\b|\bprocessor\b|\b[0-9]+th gen\b", re.IGNORECASE)


@lru_cache(maxsize=1024)
def gpu_models(text: str | None) -> frozenset[str]:
    """Return all GPU models that a text names, each in one spelling.

    Examples
    --------
    >>> sorted(gpu_models("35 h (3 RTX 2080 Ti) + 2 h (1 A100)")), gpu_models("NVIDIA A100-SXM4-80GB")
    (['A100', 'RTX 2080 Ti'], frozenset({'A100'}))
    """
    return frozenset(filter(None, map(_spelled, _GPU.finditer((text or "")[:_MOST_CHARACTERS]))))


def _spelled(match: re.Match[str]) -> str | None:
    number = match["gtx"] or match["geforce"] or match["thousands"]
    series = "GTX" if match["gtx"] else "RTX"
    suffix = (match["suffix"] or "").strip(" \t_-").capitalize()
    if match["titan"] or match["rtx_titan"]:
        return f"TITAN {(match['titan'] or 'RTX').upper()}"
    if match["thousands"] and "rtx" not in match["series"].lower():
        return f"Quadro {number}" if "quadro" in match["series"].lower() else None
    if (match["gtx"] or "").startswith("9") and not suffix and not match["series"]:
        return None
    return f"{series} {number} {suffix}".strip() if number else (match["letter"] or match["radeon"]).upper()


def gpu_model(text: str | None) -> str | None:
    """Return the GPU model that a text names, in one spelling; None where it names none or more than one.

    Examples
    --------
    >>> gpu_model("6h (1 GeForce RTX 2080 Ti)"), gpu_model("NVIDIA A100-SXM4-80GB"), gpu_model("3 h")
    ('RTX 2080 Ti', 'A100', None)
    """
    found = gpu_models(text)
    return next(iter(found)) if len(found) == 1 else None


def board_power_w(model: str | None, known_w: Mapping[str, float]) -> float | None:
    """Return the power of a GPU model in an edition's table, in W; None where the table does not have it.

    A variant that is not listed (``Super``) has the power of the plain model.

    Examples
    --------
    >>> board_power_w("RTX 2080 Ti", {"2080": 215, "2080 TI": 250}), board_power_w("RTX 2080 Super", {"2080": 215})
    (250, 215)
    """
    powers_w = {gpu_model(name): power_w for name, power_w in known_w.items()}
    return next((powers_w[name] for name in (model, (model or "").rpartition(" ")[0]) if name in powers_w), None)


def names_gpu(text: str | None) -> bool:
    """Whether a text says that there is a GPU, by a model or another word."""
    return bool(text and (gpu_models(text) or _GPU_WORD.search(text)))


def is_processor(hardware: str) -> bool:
    """Whether a text names a processor and no GPU: the most that one device may draw is then not known.

    Examples
    --------
    >>> is_processor("CPU cores"), is_processor("Intel Xeon Gold"), is_processor("RTX 3060")
    (True, True, False)
    """
    return _PROCESSOR_WORD.search(hardware) is not None


def processor_models(text: str) -> frozenset[str]:
    """Return the words of a text that name one model of processor, in lower case.

    Examples
    --------
    >>> sorted(processor_models("Intel(R) Core(TM) i7-7700K CPU"))
    ['i7-7700k']
    """
    return frozenset(word.casefold() for word in _PROCESSOR_MODEL.findall(text[:_MOST_CHARACTERS]))


@lru_cache(maxsize=256)
def most_power_w(model: str) -> float | None:
    """Return the highest mean power of a machine with this processor, all sockets together; None if not known.

    Examples
    --------
    >>> most_power_w("Intel(R) Core(TM) i7-7700K CPU @ 4.20GHz"), most_power_w("Intel(R) Xeon(R)")
    (227.5, None)
    """
    words = " ".join(_NOISE.sub(" ", model[:200]).casefold().split())
    named = [name for name in _MOST_W if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words)]
    name = max(named, key=len, default=None)
    if name is None:
        return None
    sockets = next((count for family, count in _SOCKETS.items() if name.startswith(family)), 1)
    return _SLACK * sockets * _MOST_W[name]
