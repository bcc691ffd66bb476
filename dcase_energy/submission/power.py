"""Whether a record's energies can be: no component takes more power than the way it was measured allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcase_energy.units import mean_power_w

if TYPE_CHECKING:
    from dcase_energy.measure.records import Evidence, Stage

# Measured power may be a little above a nominal one.
OVER_NOMINAL = 1.2
# What the tracker assumes for memory: so much a machine with few modules, more only by its size.
_MEMORY_W, _MEMORY_W_PER_GIB = 70.0, 0.375


def impossible_power(record: Evidence) -> str | None:
    """The first stage and component whose mean power is beyond what the record itself says is possible; None if none.

    The limit of an estimated component is its nominal power, that of a counted GPU its board's power limit. What the
    record does not say is not checked.
    """
    for name, stage in record.stages.items():  # type: ignore[attr-defined]
        limits = {component: _limit_w(record, stage, component) for component in stage.components}
        for what, energies_kwh, duration_s in _energies(stage):
            for component, energy_kwh in energies_kwh.items():
                limit_w = limits[component]
                if not energy_kwh or limit_w is None or duration_s <= 0:
                    continue
                power_w = mean_power_w(energy_kwh, duration_s)
                if power_w > OVER_NOMINAL * limit_w:
                    shown = f"{component} took {power_w:,.4g} W on average{what}, it takes at most {limit_w:,.4g} W"
                    return f"{name}: {shown}"
    return None


def _energies(stage: Stage) -> list[tuple[str, dict[str, float | None], float]]:
    """Energies by component and the seconds they were used in, as measured and as scaled to the whole."""
    parts = stage.components.items()
    return [
        ("", {name: part.energy_kwh for name, part in parts}, stage.timed_s),
        (
            " of the whole recipe",
            {name: part.full_recipe_energy_kwh for name, part in parts},
            stage.full_recipe_duration_s,
        ),
    ]


def _limit_w(record: Evidence, stage: Stage, component: str) -> float | None:
    part = stage.components[component]
    if part.method == "counted":
        limits = [board.get("limit_w") for board in record.devices] if component == "gpu" else []
        known = [float(limit) for limit in limits if isinstance(limit, int | float) and limit > 0]
        return sum(known) if known and len(known) == len(limits) else None
    constant = record.constants_w.get(component)  # type: ignore[call-overload]
    if constant is not None:
        return float(constant)
    if part.nominal_w is not None:
        return part.nominal_w
    memory_gib = record.hardware.get("memory_gib")
    if component == "ram" and isinstance(memory_gib, int | float):
        return max(_MEMORY_W, _MEMORY_W_PER_GIB * memory_gib)
    return None
