"""What libraries and papers do differently, as named options that travel with every figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dcase_energy.editions.parts import Scoring
from dcase_energy.errors import InputError
from dcase_energy.scoring.data import Floats
from dcase_energy.scoring.overlap import Timing
from dcase_energy.scoring.resampling import Resampling

if TYPE_CHECKING:
    from dcase_energy.editions.parts import Score

COLLAR_S = 0.2
COLLAR_SHARE = 0.2
SEGMENT_S = 1.0
Grid = Literal["cut", "whole", "extend"]
_PSDS = {"cttc": 0.3, "alpha_st": 1.0, "e_max": 100.0}
# What is computed wherever outputs are scored: the metric of each score and its options.
SCORES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "psds1": ("psds", {"dtc": 0.7, "gtc": 0.7, "alpha_ct": 0.0, **_PSDS}),
    "psds2": ("psds", {"dtc": 0.1, "gtc": 0.1, "alpha_ct": 0.5, **_PSDS}),
    "intersection_f1": ("intersection_f1", {}),
    "intersection_f1_07": ("intersection_f1", {"dtc": 0.7, "gtc": 0.7}),
    "collar_f1": ("collar_f1", {}),
    "segment_f1": ("segment_f1", {}),
}


@dataclass(frozen=True, kw_only=True)
class Conventions(Scoring):
    """Every choice a figure depends on besides the data: those that an edition may make, and the caller's alone.

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
    threshold, class_thresholds
        A frame is detected if its score is above it; some classes may have another one.
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
        Segments: ``cut`` at the end of the clip; ``whole``, the last one as long as the others (sed_scores_eval); or
        ``extend`` to the last event as sed_eval does.
    windows
        Clips named ``<file>-<begin>-<end>`` are scored as they are (``separate``), or their scores are joined to those
        of the files they are windows of (``join``: MAESTRO in DCASE 2024 task 4).
    interval, resamples, level, seed
        How intervals are made; see `Resampling`. With 0 resamples there are none.
    scores
        What is computed: metric and options of each score by name.
    set_of, joined
        The set of clips of each score, where there are several, and the sets whose windows are joined.
    """

    lost_classes: Literal["skip", "zero"] = "skip"
    overlapping_truth: Literal["merge", "keep", "refuse"] = "merge"
    arithmetic: Literal["microseconds", "seconds"] = "microseconds"
    late_detections: Literal["count", "ignore"] = "count"
    segment_grid: Grid = "cut"
    seed: int = 0
    scores: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=lambda: SCORES, hash=False)
    set_of: Mapping[str, str] = field(default_factory=dict, hash=False)
    joined: frozenset[str] = frozenset()

    @classmethod
    def of_edition(cls, scoring: Scoring, *, clips: bool = False, **chosen: Any) -> Conventions:
        """An edition's conventions with some chosen otherwise; None chooses nothing.

        ``scores`` may be those of the edition: what is computed of them comes beside what is always computed of scores
        and events; of tables of ``clips`` they are all that is computed.

        Raises
        ------
        InputError
            If what was chosen is not possible, such as a threshold of 1.5.
        """
        given = {name: value for name, value in chosen.items() if value is not None}
        scores: Mapping[str, Score] = given.pop("scores", {})
        own = {name: (score.metric, score.options) for name, score in scores.items() if score.metric}
        set_of = {name: score.set for name, score in scores.items() if score.set}
        scored = own if clips else {**SCORES, **own}
        try:
            made = cls(**{**asdict(scoring), "scores": scored, "set_of": set_of, **given})
            # Before any file is read.
            made.resampling  # noqa: B018
        except ValueError as error:
            raise InputError(str(error)) from None
        return made

    def of_set(self, name: str, first: str) -> Conventions:
        """Those of one set of clips; scores that name none are of the ``first``."""
        scores = {score: one for score, one in self.scores.items() if self.set_of.get(score, first) == name}
        return replace(self.of_score(next(iter(scores), "")), scores=scores)

    def of_score(self, name: str) -> Conventions:
        """Those of the set of clips of one score."""
        return replace(self, windows="join") if self.set_of.get(name) in self.joined else self

    @property
    def timing(self) -> Timing:
        """How times are compared."""
        return Timing(self.arithmetic, self.time_tolerance_us, self.late_detections)

    @property
    def resampling(self) -> Resampling:
        """How clips are resampled."""
        kind = self.interval if self.resamples else "none"
        return Resampling(kind, max(self.resamples, 1), self.level, self.seed)

    def thresholds_of(self, classes: Sequence[str]) -> Floats:
        """Threshold of each class, shape (n_classes,)."""
        return np.array([self.class_thresholds.get(name, self.threshold) for name in classes], dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """As they are stored beside the figures."""
        resampling = self.resampling
        chosen = {
            **{one.name: getattr(self, one.name) for one in fields(self)},
            "class_thresholds": dict(self.class_thresholds),
            "interval": resampling.kind,
            "resamples": resampling.count,
        }
        del chosen["scores"], chosen["set_of"], chosen["joined"]
        return {**chosen, "collar_s": COLLAR_S, "collar_share": COLLAR_SHARE, "segment_s": SEGMENT_S}

    def of_detections(self) -> list[str]:
        """What an F1 depends on, in a few words each."""
        threshold = "thresholds by class" if self.class_thresholds else f"threshold {self.threshold:g}"
        return [threshold, f"no hits: {self.classes_without_hits}"]

    def of_times(self) -> list[str]:
        """How times are compared, in a few words each."""
        parts = ["whole us" if self.arithmetic == "microseconds" else "floating-point s"]
        parts += [f"tolerance {self.time_tolerance_us:+d} us"] if self.time_tolerance_us else []
        return parts + (["late detections ignored"] if self.late_detections == "ignore" else [])


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
        "segment_grid": "whole",
        "lost_classes": "zero",
    },
    "sed_eval": {
        "arithmetic": "seconds",
        "segment_grid": "extend",
        "classes_without_hits": "skip-undetected",
        "overlapping_truth": "keep",
    },
}
