"""Features of the lake's bars, into the lake."""

from typing import Any

from alphaloop.app.wiring import data_kind
from alphaloop.core.time import Timeframe
from alphaloop.features.contract import Schema
from alphaloop.features.frame import TABLE, snapshots
from alphaloop.lake.bars import load_market
from alphaloop.lake.table import Lake

SOURCE = "alphaloop.features"


def build_into(
    lake: Lake,
    symbols: tuple[str, ...],
    timeframe: str,
    names: tuple[str, ...],
    window: tuple[int | None, int | None],
    *,
    now: int,
) -> dict[str, Any]:
    """Compute features of every bar in ``window`` and upsert them as snapshots.

    Upsert, because a row near the start of a window changes when more history comes in
    before it.

    Raises
    ------
    NoData, UnknownName
        If the lake lacks the bars, or a feature is not declared.
    """
    schema = Schema(names)
    market = load_market(lake, symbols, Timeframe.parse(timeframe), start=window[0], end=window[1])
    frame = snapshots(market, schema, source=SOURCE, synthetic=data_kind(lake, market) != "real")
    report = lake.upsert(TABLE, frame, ingested_at=now)
    return {
        "table": TABLE,
        "rows": frame.height,
        "written": report.written,
        "unchanged": report.duplicate,
        "features": len(schema.names),
        "schema_hash": schema.hash,
        "version": report.version,
    }
