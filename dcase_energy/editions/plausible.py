"""What is plausible in the metadata of an edition's systems."""

from __future__ import annotations

from dataclasses import dataclass, field

from dcase_energy.editions.parts import Part, Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausible(Part):
    """Limits behind findings of plausibility; `schemas/task4.toml` says where each comes from.

    Attributes
    ----------
    readme_kwh
        Figures printed in the baseline's READMEs, by stage.
    readme_batch_macs
        MACs that the README gave for a whole batch.
    stage_ratios
        Range of one stage's energy over another's, by these two stages.
    energy_digits
        Significant digits an energy should have.
    energy_possible_kwh
        What no system of the task can undercut or exceed: outside it an energy is an error.
    energy_usual_kwh
        Range of honest systems, by stage.
    over_baseline
        Range of a system's energy over the baseline's of the same stage.
    gpu_power_w, gpu_board_power_w, host_power_w
        Range of mean power a GPU where the board is not known; board power by model; what a host may add to a board.
    macs_per_parameter
        Fewest MACs a parameter for 10 s of audio; None for no limit.
    bytes_per_parameter
        Range of the size of a model in bytes over its parameters; None for no limit.
    pretrained_parameters
        Parameters of pre-trained networks, by the word that names them.
    student_parameters
        Parameters of published students whose teacher, which is dropped after training, is a copy as large.
    baseline_spread
        Factor between baseline energies of different teams on one GPU model.
    slips
        Factors that come from units, decimal points and counting runs, each with what it usually is.
    sampling_rates_khz
        Sampling rates of audio.
    """

    readme_kwh: dict[str, tuple[float, ...]] = field(default_factory=dict)
    readme_batch_macs: tuple[int, ...] = ()
    stage_ratios: dict[str, dict[str, Range]] = field(default_factory=dict)
    energy_digits: int = 3
    energy_possible_kwh: Range = (1e-6, 1e6)
    energy_usual_kwh: dict[str, Range] = field(default_factory=dict)
    over_baseline: Range = (1e-3, 1e3)
    gpu_power_w: Range = (40.0, 450.0)
    gpu_board_power_w: dict[str, float] = field(default_factory=dict)
    host_power_w: float = 200.0
    macs_per_parameter: float | None = None
    bytes_per_parameter: Range | None = None
    pretrained_parameters: dict[str, float] = field(default_factory=dict)
    student_parameters: tuple[int, ...] = ()
    baseline_spread: float = 3.0
    slips: dict[str, float] = field(default_factory=dict)
    sampling_rates_khz: tuple[float, ...] = ()

    def possible(self, energy_kwh: float) -> bool:
        """Whether an energy can be one of the task at all."""
        low, high = self.energy_possible_kwh
        return low <= energy_kwh <= high

    def __post_init__(self) -> None:
        self.require_positive(
            "energy_possible_kwh", "over_baseline", "gpu_power_w", "gpu_board_power_w", "host_power_w",
            "macs_per_parameter", "bytes_per_parameter", "pretrained_parameters", "baseline_spread", "slips",
            "sampling_rates_khz",
        )  # fmt: skip
        ratios = [ends for others in self.stage_ratios.values() for ends in others.values()]
        named = (self.energy_possible_kwh, self.over_baseline, self.gpu_power_w, self.bytes_per_parameter)
        for low, high in filter(None, (*named, *self.energy_usual_kwh.values(), *ratios)):
            if not 0 <= low < high:
                raise ValueError(
                    f"the range {low:g} to {high:g} must be of two figures of at least 0, the smaller first"
                )
