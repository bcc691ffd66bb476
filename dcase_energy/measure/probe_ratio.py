"""What the baseline costs around a measured run, from probes: short warm runs before, inside and after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from dcase_energy.stats import LEVEL, Mean, sample_mean

# Relative standard deviation between sessions that is assumed where it was not measured.
BETWEEN_SESSIONS_SD = 0.03
_NORMAL = NormalDist().inv_cdf((1 + LEVEL) / 2)
_KNOWN = 1e9  # degrees of freedom of an error that is not estimated from the values


def probed_cost(costs: Sequence[float], between_sd: float = BETWEEN_SESSIONS_SD) -> Mean:
    """Mean cost of the baseline during a run that was probed, with its error.

    The 95 % half-width (``half_width()``) is, for one probe, that of the difference between sessions; for two, half
    their difference and that component in quadrature; for more, by Student's t over the probes, which then see what
    changes in the run. `dcase_energy.measure.summary.interval_of_mean` makes an interval of kind ``probes`` of it.

    Parameters
    ----------
    costs
        Cost of the same work in each probe, shape (n,), n at least 1, in any unit: kWh, or the share of what the same
        work cost in the calibration.
    between_sd
        Standard deviation between sessions of the same work on one machine, as a fraction.

    Examples
    --------
    >>> mean = probed_cost([1.02, 1.06])
    >>> f"{mean.value:.2f} +- {mean.half_width():.3f}"
    '1.04 +- 0.064'
    """
    mean = sample_mean(costs)
    if len(costs) > 2:
        return mean
    difference = abs(costs[0] - costs[-1]) / 2
    return Mean(mean.value, math.hypot(difference / _NORMAL, between_sd * mean.value), _KNOWN)
