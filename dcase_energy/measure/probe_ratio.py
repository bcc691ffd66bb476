"""What the baseline costs around a measured run, from probes: short warm runs before, inside and after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dcase_energy.stats import BetweenSessions, Mean, degrees_of_freedom, sample_mean, weighted_sum, widened


def probed_cost(costs: Sequence[float], between: BetweenSessions | None = None) -> Mean:
    """Mean cost of the baseline during a run that was probed, with its error.

    The error is, for one probe, the difference between sessions; for two, half their difference and that in quadrature;
    for more, that of Student's t over the probes, which then see what changes in the run.
    `dcase_energy.stats.Mean.interval` makes an interval of kind ``probes`` of it.

    Parameters
    ----------
    costs
        Cost of the same work in each probe, shape (n,), n at least 1, in any unit: kWh, or the share of what the same
        work cost in the calibration.
    between
        How much sessions of the same work on one machine differ; None is what is assumed where that is not known.

    Examples
    --------
    >>> mean = probed_cost([1.02, 1.06])
    >>> f"{mean.value:.2f} +- {mean.half_width():.3f}"
    '1.04 +- 0.074'
    """
    mean = sample_mean(costs)
    if len(costs) > 2:
        return replace(mean, degrees=degrees_of_freedom(costs))
    sessions = weighted_sum([(1.0, Mean(mean.value, 0.0, 1.0)), (1.0, (between or BetweenSessions()).of(mean.value))])
    return widened(sessions, (costs[0] - costs[-1]) / 2)
