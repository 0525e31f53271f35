"""Columns of a mapping or a data frame as plain arrays, with an error that names the column."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from alphaloop.core.errors import SchemaViolation

Number = TypeVar("Number", bound=np.generic)

Table = Mapping[str, Any] | Any
"""A mapping of arrays, or a frame of polars or pandas."""


def names_of(table: Table) -> set[str]:
    """The columns a table has."""
    names: Iterable[str] = table.keys() if isinstance(table, Mapping) else table.columns
    return set(names)


def column(table: Table, name: str, kind: type[Number], length: int | None = None) -> NDArray[Number]:
    """One column, contiguous, as ``kind``; without a copy where it is so already.

    Raises
    ------
    SchemaViolation
        If it is missing, of another length, no numbers, or would lose digits as ``kind``.
    """
    if name not in names_of(table):
        raise SchemaViolation(f"no column '{name}'", f"'{name}' beside {sorted(names_of(table))}", "add the column")
    raw = np.asarray(table[name])
    if raw.ndim != 1 or (length is not None and len(raw) != length):
        expected = "one dimension" if length is None else f"shape ({length},)"
        raise SchemaViolation(f"'{name}' of shape {raw.shape}", expected, "give columns of one length")
    if raw.dtype == kind and raw.flags.c_contiguous:
        return raw
    if raw.dtype.kind not in "iufb":
        raise SchemaViolation(f"'{name}' of type {raw.dtype}", "numbers", "convert the column; NaN stands for none")
    found: NDArray[Number] = np.ascontiguousarray(raw, dtype=kind)
    if raw.dtype.kind == "f" and np.dtype(kind).kind == "i" and not bool(np.all(found == raw)):
        raise SchemaViolation(f"'{name}' with fractions or NaN", "whole numbers", "round or drop those rows")
    return found


def optional(table: Table, name: str, kind: type[Number], length: int) -> NDArray[Number]:
    """The column, or an empty array where the table has none."""
    return column(table, name, kind, length) if name in names_of(table) else np.empty(0, dtype=kind)
