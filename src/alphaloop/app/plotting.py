"""From the lake to a plot: bars with the memory regimes need, open interest, events."""

from pathlib import Path
from typing import Any

import polars as pl

from alphaloop.app.report.plot import PlotInput, plot_payload, write_plot
from alphaloop.core.errors import NoData
from alphaloop.core.time import Timeframe, iso
from alphaloop.features.regime import LABELS
from alphaloop.features.sources.regime import Regime
from alphaloop.features.sources.symbols import names_of
from alphaloop.features.sources.timeframes import LONG_FRAME
from alphaloop.features.symbol import gather
from alphaloop.features.timeframes import LONG, TREND_FRAMES
from alphaloop.lake.table import Lake

FAMILIES = (Regime(), LONG_FRAME)
_EVENT = ("event_id", "available_at", "title", "event_type", "source")


def plot_into(
    lake: Lake,
    symbol: str,
    timeframe: str,
    window: tuple[int | None, int | None],
    out: Path,
    *,
    venue: str | None = None,
) -> dict[str, Any]:
    """Draw one symbol's bars of ``window`` into the file ``out``.

    Parameters
    ----------
    window : (start, end), microseconds UTC
        Of the bars' opens, ``[start, end)``; None is the first and the last there is.

    Returns
    -------
    dict
        ``file bars candle events labels unknown degraded``; ``degraded`` is empty, or says what is missing.

    Raises
    ------
    NoData
        If the lake has no such bar.
    """
    step = Timeframe.parse(timeframe)
    start, end = window
    reach = max(Regime().memory_bars * step.us, (TREND_FRAMES + 1) * max(LONG.us, step.us)) + step.us
    first = None if start is None else start - reach
    bars = lake.read("market_bars", symbols=[symbol], timeframe=timeframe, start=first, end=end)
    interest = lake.read("open_interest", symbols=list(names_of(symbol)), start=first, end=end)
    own = gather({"market_bars": bars, "open_interest": interest}, symbol, step, sources=FAMILIES, venue=venue)
    begin = int(own.opens[0]) if start is None else start
    stop = int(own.opens[-1]) + step.us if end is None else end
    if not ((own.opens >= begin) & (own.opens < stop)).any():
        raise NoData(f"no {timeframe} bars of {symbol} from {iso(begin)}", "at least one", "widen --start and --end")
    payload = plot_payload(PlotInput(own, _events(lake, symbol, begin, stop), begin, stop))
    write_plot(payload, out)
    return {
        "file": str(out),
        "venue": own.venue,
        "bars": payload["bars"],
        "candle": payload["candle"],
        "events": payload["events_total"],
        "labels": _shares(payload, LABELS),
        "unknown": payload["unknown"],
        "degraded": "" if payload["flow_known"] else "no taker volume: only stop hunts are labelled",
    }


def _shares(payload: dict[str, Any], labels: tuple[str, ...]) -> dict[str, int]:
    return {label: row[1] for label, row in zip(labels, payload["table"], strict=True)}


def _events(lake: Lake, symbol: str, start: int, end: int) -> pl.DataFrame:
    """Events linked to the symbol that became known in ``[start, end)``, each once."""
    links = lake.scan("event_links", symbols=list(names_of(symbol)), as_of=end).select("event_id", "available_at")
    known = links.group_by("event_id").agg(pl.col("available_at").min().alias("linked_at"))
    events = lake.scan("events", as_of=end).select(_EVENT).join(known, on="event_id")
    seen = pl.max_horizontal("available_at", "linked_at").alias("available_at")
    bounds = [pl.lit(one).cast(pl.Datetime("us")).dt.replace_time_zone("UTC") for one in (start, end)]
    inside = (pl.col("available_at") >= bounds[0]) & (pl.col("available_at") < bounds[1])
    return events.with_columns(seen).filter(inside).sort("available_at", "event_id").collect()
