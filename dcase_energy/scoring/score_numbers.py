"""The numbers of many score files of one header, parsed together; validation and scoring use the same parser."""

from __future__ import annotations

import io
from typing import Any

# What fits a core's cache while pandas goes over it several times: more than twice as fast as all at once.
_PIECE_BYTES = 1_000_000


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

    options: dict[str, Any] = (
        {"float_precision": "round_trip"} if exact and not default_is_exact(pd.__version__) else {}
    )
    # Column by column, as they are looked at.
    columns = np.empty((n_columns, n_rows))
    done, start = 0, 0
    while start < len(joined):
        stop = joined.find(b"\n", start + _PIECE_BYTES) + 1 or len(joined)
        try:
            frame = pd.read_csv(
                io.BytesIO(joined[start:stop]),
                sep="\t",
                header=None,
                dtype=np.float64,
                na_filter=False,
                skip_blank_lines=False,
                engine="c",
                quoting=3,
                low_memory=False,
                **options,
            )
        except (ValueError, OverflowError, pd.errors.ParserError):
            return None
        rows, width = frame.shape
        if width != n_columns or done + rows > n_rows:
            return None
        columns[:, done : done + rows] = frame.to_numpy().T
        done, start = done + rows, stop
    # The sum is finite if all are, and it is quick; it may overflow though all are.
    with np.errstate(over="ignore", invalid="ignore"):
        finite = np.isfinite(columns.sum()) or np.isfinite(columns).all()
    if done < n_rows or not finite:
        return None
    return columns.T


def default_is_exact(version: str) -> bool:
    """From pandas 3.1 on every parser rounds correctly, and naming one is deprecated."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return (major, minor) >= (3, 1)
