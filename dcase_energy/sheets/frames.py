"""Results as a table of pandas, and as notebooks show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dcase_energy.text import plural

if TYPE_CHECKING:
    import pandas as pd

    from dcase_energy.sheets.table import Value

MOST_ROWS = 60


class Tabular:
    """A result with rows; its class says what they are."""

    __slots__ = ()

    def _rows(self) -> Sequence[Mapping[str, Value]]:
        """Rows by column, None where a figure is missing."""
        raise NotImplementedError

    def _shown(self) -> Sequence[str]:
        """Columns that notebooks show; empty: all."""
        return ()

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a table of pandas; what is missing is its NA."""
        import pandas as pd

        return pd.DataFrame([dict(row) for row in self._rows()]).convert_dtypes()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {plural(len(self._rows()), 'row')}, to_pandas() has them>"

    def _repr_html_(self) -> str:
        from dcase_energy.sheets.table import show
        from dcase_energy.writing.escape import html

        rows = self._rows()
        if not rows:
            return "<p>no rows</p>"
        names = [name for name in self._shown() or rows[0] if any(row.get(name) is not None for row in rows)]
        head = "".join(f"<th>{html(name)}</th>" for name in names)
        lines = ["".join(f"<td>{html(show(row.get(name)))}</td>" for name in names) for row in rows[:MOST_ROWS]]
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        left = len(rows) - MOST_ROWS
        note = f"<p>and {left:,} more rows: to_pandas() has all</p>" if left > 0 else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"
