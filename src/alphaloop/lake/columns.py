"""What a declared column and a declared table are.

A declaration is the only place where names, types, units and bounds are written down;
validation, storage, audit and SQL all read it. Nothing here touches a disk.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import polars as pl

from alphaloop.core.errors import UnknownName

Cadence = Literal["timeframe", "interval", "inferred", "irregular"]
"""Where the bucket length of a series comes from.

``timeframe``: the column of that name, null for an event feed; ``interval``: the column
``interval_hours``; ``inferred``: the most frequent step; ``irregular``: there is none.
"""

TIME = pl.Datetime("us", "UTC")
FLOAT, INT, TEXT, BOOL = pl.Float64(), pl.Int64(), pl.String(), pl.Boolean()
FLOATS, VECTOR = pl.List(pl.Float64), pl.List(pl.Float32)

MASK = "m_"
"""What the name of a mask column begins with; the rest names the value it speaks of."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, unit and meaning, and which values cannot be.

    Parameters
    ----------
    name : str
    dtype : polars data type
    unit : str
        Empty where there is none.
    meaning : str
    nullable : bool
        Null means unknown, never zero.
    bound : {"", "positive", "nonnegative"}
        Finite is always asked of numbers; this is what is asked beside it.
    """

    name: str
    dtype: pl.DataType
    unit: str
    meaning: str
    nullable: bool = False
    bound: Literal["", "positive", "nonnegative"] = ""


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One declared table of the lake.

    Parameters
    ----------
    name, meaning : str
    columns : tuple of Column
        In storage order.
    key : tuple of str
        No two rows share it.
    partition : str
        Column whose values part the files; empty for none.
    cadence : Cadence
    open_ended : bool
        Whether rows may carry further columns: Float64 for a value, null where it is not
        known, and Boolean ``m_`` plus its name for its mask. Each new one widens the table.
    grain_us : int, microseconds
        Event times that agree after flooring to it are the same key: venues publish
        one funding settlement some milliseconds apart.

    Examples
    --------
    >>> from alphaloop.lake.schema import TABLES
    >>> TABLES["market_bars"].key
    ('venue', 'symbol', 'timeframe', 'event_time')
    >>> TABLES["market_bars"].column("volume").unit
    'base'
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: str = ""
    cadence: Cadence = "irregular"
    grain_us: int = 1
    open_ended: bool = False
    _index: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {column.name: column for column in self.columns})

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in storage order."""
        return tuple(self._index)

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        """Column name to polars type."""
        return {column.name: column.dtype for column in self.columns}

    @property
    def series(self) -> tuple[str, ...]:
        """The columns that tell one time series of the table from another."""
        return tuple(name for name in ("venue", "symbol", "timeframe", "metric", "kind") if name in self._index)

    def column(self, name: str) -> Column:
        """The declaration of one column.

        Raises
        ------
        UnknownName
            If the table has no such column.
        """
        if name not in self._index:
            raise UnknownName(f"column '{name}' of {self.name}", f"one of {', '.join(self.names)}", "")
        return self._index[name]

    def widened(self, columns: Mapping[str, pl.DataType]) -> "TableSchema":
        """With the further columns an open-ended table may carry; itself if there are none.

        Columns that are declared, or that no table may carry, are passed over.

        Examples
        --------
        >>> from alphaloop.lake.schema import TABLES
        >>> wide = TABLES["feature_matrix_main"].widened({"ret_1": FLOAT, "m_ret_1": BOOL, "odd": TEXT})
        >>> wide.names[-2:]
        ('ret_1', 'm_ret_1')
        """
        if not self.open_ended:
            return self
        further = tuple(
            Column(name, dtype, "by feature", "feature value", nullable=True)
            if dtype == FLOAT
            else Column(name, dtype, "", "true where the value is known", nullable=True)
            for name, dtype in columns.items()
            if name not in self._index and (dtype == FLOAT or (dtype == BOOL and name.startswith(MASK)))
        )
        return replace(self, columns=(*self.columns, *further)) if further else self

    def empty(self, columns: Iterable[str] | None = None) -> pl.DataFrame:
        """A frame without rows, with all columns or the named ones."""
        names = self.names if columns is None else tuple(columns)
        return pl.DataFrame(schema={name: self.column(name).dtype for name in names})
