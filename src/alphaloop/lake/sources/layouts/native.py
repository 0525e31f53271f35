"""Native: rows that already have the lake's own columns, such as an export of another lake.

They keep their two times, their source, and above all their ``is_synthetic``: simulated
rows do not become real ones by way of a file. ``ingested_at`` is set anew.
"""

import polars as pl

from alphaloop.core.errors import SchemaViolation
from alphaloop.lake.columns import TIME, Column, TableSchema
from alphaloop.lake.schema import QUARANTINE, TABLES
from alphaloop.lake.sources.clock import read_times
from alphaloop.lake.sources.columns import Sheet, read_numbers

MARKS = frozenset(("event_time", "available_at", "source", "is_synthetic", "is_derived"))
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def native_table(columns: list[str]) -> TableSchema | None:
    """The table whose required columns are all there, or None; the fullest match wins."""
    present = set(columns)
    if not present >= MARKS:
        return None
    fitting = [
        schema
        for schema in TABLES.values()
        if schema is not QUARANTINE
        and present <= set(schema.names)
        and {one.name for one in schema.columns if not one.nullable} - {"ingested_at"} <= present
    ]
    return max(fitting, key=lambda schema: len(schema.names), default=None)


def build_native(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """The rows as they are, text of a CSV read into the declared types."""
    schema = native_table(sheet.frame.columns)
    assert schema is not None
    wanted = [one for one in schema.columns if one.name in sheet.frame.columns and one.name != "ingested_at"]
    return {schema.name: sheet.frame.select(_read(sheet.frame[one.name], one, sheet) for one in wanted)}


def _read(values: pl.Series, column: Column, sheet: Sheet) -> pl.Series:
    if column.dtype == TIME:
        return read_times(values)
    if values.dtype != pl.String or column.dtype == pl.String:
        return values
    if column.dtype == pl.Boolean:
        return values.str.to_lowercase().replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)
    if isinstance(column.dtype, pl.List):
        raise SchemaViolation(f"{sheet.origin.file}: lists in text", "Parquet or Feather", "export it so")
    return read_numbers(values).cast(column.dtype, strict=False)
