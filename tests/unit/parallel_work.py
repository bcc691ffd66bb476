"""What the workers of the tests do; importable by them."""

from __future__ import annotations

import os
import time


def square_later(number: int) -> tuple[int, int]:
    """The square and the process that computed it; small numbers take longest."""
    time.sleep(max(0.0, 0.05 * (4 - number)))
    return number * number, os.getpid()


def at_once(number: int) -> int:
    return number


def slowly(number: int) -> int:
    """The process that waited."""
    time.sleep(0.3)
    return os.getpid()


def refuse(number: int) -> int:
    raise ValueError(f"{number} is refused")


def die(number: int) -> int:
    os._exit(1)
