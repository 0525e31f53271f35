"""Refused rows, kept with the reason: nothing that came in is lost.

The row is stored as JSON, so that one table holds the refuse of all others. A row refused
twice for the same reason is stored once.
"""

import polars as pl

from alphaloop.lake.columns import TableSchema
from alphaloop.lake.quality import REASON
from alphaloop.lake.schema import QUARANTINE

_CARRIED = ("venue", "symbol", "timeframe", "event_time", "available_at", "source", "is_synthetic", "is_derived")


def refuse(rows: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    """Rows of the quarantine table for rows of ``schema`` that carry a ``reason`` column.

    Examples
    --------
    >>> from alphaloop.lake.schema import TABLES
    >>> rows = TABLES["entities"].empty().with_columns(reason=pl.lit("why"))
    >>> refuse(rows, TABLES["entities"]).columns == list(QUARANTINE.names)
    True
    """
    original = [name for name in schema.names if name != "ingested_at"]
    carried = [
        pl.col(name) if name in schema.names else pl.lit(None, QUARANTINE.column(name).dtype).alias(name)
        for name in _CARRIED
    ]
    return rows.select(
        pl.lit(schema.name).alias("table_name"),
        pl.col(REASON),
        pl.struct(original).struct.json_encode().alias("row"),
        *carried,
        "ingested_at",
    )
