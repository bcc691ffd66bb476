"""What some processors can draw at most, for the check of a mean power that no such processor has.

Nominal powers are those of the makers, as CodeCarbon's table of processors repeats them (``cpu_power.csv`` of 3.3.2);
for desktop processors since 2020 the makers' maximum turbo power is used instead. Only processors that machines for
training often have are listed: one that is not listed has no limit here.
"""

from __future__ import annotations

import re
from functools import lru_cache

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


@lru_cache(maxsize=256)
def most_power_w(model: str) -> float | None:
    """The mean power that a machine with this processor can have at most, all sockets together; None if not known.

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
