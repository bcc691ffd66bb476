"""Training times and hardware as people write them: ``1d 7h * 20 (1 Tesla V100)``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNIT_S = {
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
}
_DURATION = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*([A-Za-z]+)")
_CLOCK = re.compile(r"\b([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9]))?\b")
_TIMES = re.compile(r"[*x×]\s*([0-9]{1,4})\b", re.IGNORECASE)
_COUNT = re.compile(r"\s*([0-9]{1,3})\s*(?:[x×*]\s*|\s)(?=\S)", re.IGNORECASE)
_MOST_GPUS = 512
# A century; a longer time is not plausible.
_LONGEST_S = 3.2e9
_MOST_CHARACTERS = 2_000


@dataclass(frozen=True)
class TrainingPart:
    """One part of a training: how long, on how many devices, named how. None is what the text does not say."""

    duration_s: float | None
    devices: int
    hardware: str | None


def parse_training_time(text: str) -> list[TrainingPart]:
    """The parts of a training time, which `+` joins; ``* N`` multiplies, brackets hold the hardware.

    Examples
    --------
    >>> parse_training_time("1d 7h * 20 (1 Tesla V100)")
    [TrainingPart(duration_s=2232000.0, devices=1, hardware='Tesla V100')]
    >>> parse_training_time("186 h (1 RTX A4000) + 35 h (3 RTX 2080 Ti)")[1]
    TrainingPart(duration_s=126000.0, devices=3, hardware='RTX 2080 Ti')
    >>> parse_training_time("(1 NVIDIA A100-SXM4-80GB)")
    [TrainingPart(duration_s=None, devices=1, hardware='NVIDIA A100-SXM4-80GB')]
    """
    return [_work(part) for part in text[:_MOST_CHARACTERS].replace("（", "(").replace("）", ")").split("+")]


def _work(part: str) -> TrainingPart:
    time, bracket, rest = part.partition("(")
    duration = sum(float(n.replace(",", ".")) * _UNIT_S.get(unit.lower(), 0) for n, unit in _DURATION.findall(time))
    if not duration and (clock := _CLOCK.search(time)):
        duration = sum(int(n or 0) * scale for n, scale in zip(clock.groups(), (3600, 60, 1), strict=True))
    times = _TIMES.search(time)
    devices, hardware = parse_hardware(rest.rpartition(")")[0] or rest) if bracket else (1, None)
    total = duration * (int(times[1]) if times else 1)
    return TrainingPart(float(total) if 0 < total <= _LONGEST_S else None, devices, hardware)


def parse_hardware(text: str) -> tuple[int, str | None]:
    """How many devices a text names (1 if it does not say), and the rest of it.

    Examples
    --------
    >>> parse_hardware("4 A100 GPUs"), parse_hardware("3060ti"), parse_hardware("2x RTX 3090")
    ((4, 'A100 GPUs'), (1, '3060ti'), (2, 'RTX 3090'))
    """
    match = _COUNT.match(text)
    if match and 1 <= int(match[1]) <= _MOST_GPUS:
        return int(match[1]), text[match.end() :].strip() or None
    return 1, text.strip() or None
