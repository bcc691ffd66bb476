"""What libraries and papers do differently, as named options that travel with every figure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from dcase_energy.scoring.deltas import PsdsScenario
from dcase_energy.scoring.overlap import Timing
from dcase_energy.scoring.resampling import Resampling, ResamplingKind
from dcase_energy.scoring.segment import Grid

if TYPE_CHECKING:
    from dcase_energy.editions.parts import Scoring

COLLAR_S = 0.2
COLLAR_SHARE = 0.2
SEGMENT_S = 1.0


@dataclass(frozen=True)
class Conventions:
    """Every choice a figure depends on besides the data.

    Attributes
    ----------
    empty_clips
        ``keep`` counts clips without annotated events; ``drop`` leaves them out, as DESED_task 2023 and 2024 do with
        sed_scores_eval.
    cross_trigger_average
        Average of cross-trigger rates over the ``others``, C - 1 classes (psds_eval from 0.5 on, sed_scores_eval), or
        over ``all``, C classes (psds_eval before 0.5).
    dtc, gtc
        Tolerances of the intersection-based F1: 0.5 as DESED_task reports it, 0.7 as the ICASSP 2023 paper states.
    threshold
        A frame is detected if its score is above it.
    classes_without_hits
        In a macro F1 a class without true positives counts ``zero``, or is left out (``skip``: psds_eval), or is left
        out only where nothing was detected or annotated (``skip-undetected``: sed_eval).
    lost_classes
        What a resample does with a class none of whose events it drew: PSDS leaves it out (``skip``), or counts it as
        never found (``zero``: sed_scores_eval).
    overlapping_truth
        Annotated events of one class that overlap are merged (``merge``), counted one by one (``keep``: sed_eval,
        psds_eval before 0.5), or are an error (``refuse``).
    time_tolerance_us
        Microseconds added to what is compared with a limit; -1 makes every tie a miss.
    arithmetic
        ``microseconds``, or floating-point ``seconds`` as psds_eval and sed_eval compute.
    late_detections
        Detections that begin after the end of their clip: ``count``, or ``ignore`` as psds_eval does.
    segment_grid
        Segments: ``cut`` at the end of the clip, or ``extend`` to the last event as sed_eval does.
    interval, resamples, level, seed
        How intervals are made; see `Resampling`. With 0 resamples there are none.
    """

    empty_clips: Literal["keep", "drop"] = "keep"
    cross_trigger_average: Literal["others", "all"] = "others"
    dtc: float = 0.5
    gtc: float = 0.5
    threshold: float = 0.5
    classes_without_hits: Literal["zero", "skip", "skip-undetected"] = "zero"
    lost_classes: Literal["skip", "zero"] = "skip"
    overlapping_truth: Literal["merge", "keep", "refuse"] = "merge"
    time_tolerance_us: int = 0
    arithmetic: Literal["microseconds", "seconds"] = "microseconds"
    late_detections: Literal["count", "ignore"] = "count"
    segment_grid: Grid = "cut"
    interval: ResamplingKind = "bootstrap"
    resamples: int = 0
    level: float = 0.9
    seed: int = 0

    @classmethod
    def of_edition(cls, scoring: Scoring, **chosen: Any) -> Conventions:
        """An edition's conventions with some chosen otherwise; None chooses nothing."""
        given = {name: value for name, value in chosen.items() if value is not None}
        return cls(**{**asdict(scoring), **given})

    @property
    def timing(self) -> Timing:
        """How times are compared."""
        return Timing(self.arithmetic, self.time_tolerance_us, self.late_detections)

    @property
    def resampling(self) -> Resampling:
        """How clips are resampled."""
        kind = self.interval if self.resamples else "none"
        return Resampling(kind, max(self.resamples, 1), self.level, self.seed)

    def scenario(self, base: PsdsScenario) -> PsdsScenario:
        """A PSDS scenario under these conventions."""
        return replace(base, cross_trigger_average=self.cross_trigger_average)

    def to_dict(self) -> dict[str, Any]:
        """As they are stored beside the figures."""
        resampling = self.resampling
        chosen = {**asdict(self), "interval": resampling.kind, "resamples": resampling.count}
        return {**chosen, "collar_s": COLLAR_S, "collar_share": COLLAR_SHARE, "segment_s": SEGMENT_S}

    def describe(self, metric: str) -> str:
        """The conventions one metric depends on, in a few words, to stand beside its figure."""
        parts = [f"{self.empty_clips} empty clips"]
        parts += ["overlapping events kept"] if self.overlapping_truth == "keep" else []
        if metric.startswith("psds") and self.lost_classes == "zero" and self.resampling.count:
            parts.append("classes lost in a resample: zero")
        if metric == "psds2":
            parts.append(f"cross-triggers over {'C-1' if self.cross_trigger_average == 'others' else 'C'}")
        if metric == "intersection_f1":
            parts.append(f"DTC {self.dtc:g}, GTC {self.gtc:g}")
        if metric == "intersection_f1_07":
            parts.append("DTC 0.7, GTC 0.7")
        if metric == "collar_f1":
            parts.append(f"collars {COLLAR_S:g} s, {COLLAR_SHARE:.0%}")
        if metric == "segment_f1":
            parts.append(f"{SEGMENT_S:g} s, {self.segment_grid} at the end")
        if not metric.startswith("psds"):
            parts += [f"threshold {self.threshold:g}", f"no hits: {self.classes_without_hits}"]
        if metric != "segment_f1":
            parts.append("whole us" if self.arithmetic == "microseconds" else "floating-point s")
            parts += [f"tolerance {self.time_tolerance_us:+d} us"] if self.time_tolerance_us else []
            parts += ["late detections ignored"] if self.late_detections == "ignore" else []
        return "; ".join(parts)


# What to choose to get the figures of the field's libraries.
LIKE: dict[str, dict[str, Any]] = {
    "psds_eval-0.5": {
        "arithmetic": "seconds",
        "late_detections": "ignore",
        "cross_trigger_average": "others",
        "classes_without_hits": "skip",
    },
    "psds_eval-0.3": {
        "arithmetic": "seconds",
        "late_detections": "ignore",
        "cross_trigger_average": "all",
        "classes_without_hits": "skip",
        "overlapping_truth": "keep",
    },
    "sed_scores_eval": {
        "arithmetic": "microseconds",
        "late_detections": "count",
        "cross_trigger_average": "others",
        "classes_without_hits": "zero",
        "segment_grid": "cut",
        "lost_classes": "zero",
    },
    "sed_eval": {
        "arithmetic": "seconds",
        "segment_grid": "extend",
        "classes_without_hits": "skip-undetected",
        "overlapping_truth": "keep",
    },
}
