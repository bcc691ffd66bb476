"""The numbers of many score files of one header, parsed in one go; validation and scoring read alike."""

from __future__ import annotations

import io
from typing import Any


def numbers(joined: bytes, n_rows: int, n_columns: int, *, exact: bool = False) -> Any:
    """Parse rows of numbers separated by tabs.

    Parameters
    ----------
    joined
        The files without their headers, one after the other, each with a line end.
    n_rows, n_columns
        What must come of it.
    exact
        Every number is the nearest double of its text; else its last bit may be off, quicker before pandas 3.1.

    Returns
    -------
    numpy.ndarray or None
        float64, shape (n_rows, n_columns); None if any cell is not a finite number or a row is ragged.
    """
    import numpy as np
    import pandas as pd

    options: dict[str, Any] = {}
    if exact and not default_is_exact(pd.__version__):
        options["float_precision"] = "round_trip"
    try:
        frame = pd.read_csv(
            io.BytesIO(joined),
            sep="\t",
            header=None,
            dtype=np.float64,
            na_filter=False,
            skip_blank_lines=False,
            engine="c",
            quoting=3,
            **options,
        )
    except (ValueError, OverflowError, pd.errors.ParserError):
        return None
    rows = frame.to_numpy()
    # The sum is finite if all are, and it is quick; it may overflow though all are.
    if rows.shape != (n_rows, n_columns) or (not np.isfinite(rows.sum()) and not np.isfinite(rows).all()):
        return None
    return rows


def default_is_exact(version: str) -> bool:
    """From pandas 3.1 on every parser rounds correctly, and naming one is deprecated."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return (major, minor) >= (3, 1)
