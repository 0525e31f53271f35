"""From rows to a market: aligned bars of several symbols, with the funding they pay.

Rows of the result are the open times at which at least one symbol has a bar; a symbol that
starts late, ends early or has a hole is NaN there. Nothing is filled, so two neighbouring
rows can lie further apart than the timeframe: look at ``Market.ts``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from alphaloop.core.errors import NoData
from alphaloop.core.market import BAR_COLUMNS, CLOSE, FUNDING, OPEN, Floats, Ints, Market
from alphaloop.core.time import MINUTE_US, Timeframe, iso
from alphaloop.lake.table import Lake

PERP_VENUES = ("binance", "bybit", "okx", "hyperliquid", "kraken", "lighter", "dydx")
"""Perpetual markets, the preferred one first."""

_MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class _Asked:
    symbols: tuple[str, ...]
    timeframe: Timeframe
    start: int | None
    end: int | None
    venue: str | None
    versions: Mapping[str, int] | None

    def version(self, table: str) -> int | None:
        """The pinned version of a table; none for the newest."""
        return None if self.versions is None else self.versions.get(table)


def load_market(
    lake: Lake,
    symbols: Sequence[str],
    timeframe: Timeframe | str,
    *,
    start: int | None = None,
    end: int | None = None,
    venue: str | None = None,
    versions: Mapping[str, int] | None = None,
) -> Market:
    """Bars of the symbols whose open lies in ``[start, end)``, funding merged in.

    Without ``venue`` each symbol comes from the most preferred venue that has it:
    perpetuals in the order of ``PERP_VENUES``, then others by name, spot last. What was
    chosen stands in ``Market.sources``. A funding settlement, floored to the minute, is
    paid at the symbol's first bar open at or after it; several in one bar are summed.

    Parameters
    ----------
    lake : Lake
    symbols : sequence of str, length A
    timeframe : Timeframe or str
    start, end : int, microseconds UTC, optional
    venue : str, optional
    versions : mapping of table name to version, optional
        Reads ``market_bars`` and ``funding_rates`` as they were, to repeat a run exactly;
        without an entry there was no funding.

    Returns
    -------
    Market
        ``values`` of shape (T, A, 6).

    Raises
    ------
    NoData
        If a symbol has no such bar; the message names the bars there are.
    UnknownVersion
        If a version asked for does not exist.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> lake = Lake(Path(tempfile.mkdtemp()))
    >>> bars = pl.DataFrame({"event_time": [0, 60_000_000], "open": 1.0, "high": 3.0, "low": 1.0, "close": [2.0, 3.0]})
    >>> named = {"venue": "local", "symbol": "X", "timeframe": "1m", "source": "doc"}
    >>> marks = {"volume": 5.0, "is_synthetic": False, "is_derived": False}
    >>> constants = {name: pl.lit(value) for name, value in (named | marks).items()}
    >>> lake.append("market_bars", bars.with_columns(**constants), ingested_at=0).written
    2
    >>> market = load_market(lake, ["X"], "1m")
    >>> market.column("close")[:, 0], market.sources
    (array([2., 3.]), {'X': 'local'})
    """
    if isinstance(timeframe, str):
        timeframe = Timeframe.parse(timeframe)
    asked = _Asked(tuple(dict.fromkeys(symbols)), timeframe, start, end, venue, versions)
    parts, sources = _choose(lake, asked)
    times = _union([part["event_time"].to_physical().to_numpy() for part in parts])
    values = np.full((len(times), len(parts), len(BAR_COLUMNS)), np.nan)
    for asset, part in enumerate(parts):
        opened = part["event_time"].to_physical().to_numpy()
        rows = np.searchsorted(times, opened)
        values[rows, asset, OPEN:FUNDING] = part.select(BAR_COLUMNS[OPEN:FUNDING]).to_numpy()
        values[rows, asset, FUNDING] = 0.0
    _pay(lake, asked, sources, times, values)
    return Market(times, asked.symbols, values, timeframe, sources)


def _union(arrays: list[Ints]) -> Ints:
    """All values once, ascending. The stable sort merges runs, and each array is nearly one: np.unique is slower."""
    merged: Ints = np.sort(np.concatenate(arrays), kind="stable")
    first = np.concatenate([[True], merged[1:] > merged[:-1]])
    return np.asarray(merged[first], dtype=np.int64)


def _choose(lake: Lake, asked: _Asked) -> tuple[list[pl.DataFrame], dict[str, str]]:
    """One frame a symbol, of its preferred venue, and the venues by symbol."""
    if not asked.symbols:
        raise NoData("no symbol", "at least one", "pass --symbols BTCUSDT,ETHUSDT")
    found = lake.scan(
        "market_bars",
        symbols=asked.symbols,
        timeframe=str(asked.timeframe),
        start=asked.start,
        end=asked.end,
        venue=asked.venue,
        version=asked.version("market_bars"),
    )
    frame = found.select("symbol", "venue", "event_time", *BAR_COLUMNS[OPEN:FUNDING]).collect()
    venues = {
        symbol: min(rows["venue"], key=preference)
        for (symbol,), rows in frame.select("symbol", "venue").unique().group_by("symbol")
    }
    missing = [symbol for symbol in asked.symbols if symbol not in venues]
    if missing:
        raise _nothing(lake, asked, missing)
    return [
        frame.filter((pl.col("symbol") == symbol) & (pl.col("venue") == venues[symbol])) for symbol in asked.symbols
    ], {symbol: venues[symbol] for symbol in asked.symbols}


def preference(venue: str) -> tuple[int, str]:
    """Sort key of venues: perpetuals first, spot last.

    Examples
    --------
    >>> sorted(["binance-spot", "okx", "simulated", "binance"], key=preference)
    ['binance', 'okx', 'simulated', 'binance-spot']
    """
    if venue in PERP_VENUES:
        return PERP_VENUES.index(venue), venue
    return len(PERP_VENUES) + venue.endswith("-spot"), venue


def _nothing(lake: Lake, asked: _Asked, missing: list[str]) -> NoData:
    series = ["venue", "symbol", "timeframe"]
    span = [pl.col("event_time").min().alias("first"), pl.col("event_time").max().alias("last")]
    held = lake.scan("market_bars").group_by(series).agg(span).sort(series[::-1]).collect()
    near = held.filter(pl.col("symbol").is_in(missing)) if held["symbol"].is_in(missing).any() else held
    lines = [
        f"{row['symbol']} {row['timeframe']} on {row['venue']} {iso(row['first'])[:10]}..{iso(row['last'])[:10]}"
        for row in near.head(_MOST_LISTED).with_columns(pl.col("first", "last").to_physical()).to_dicts()
    ]
    more = f" and {near.height - _MOST_LISTED} more" if near.height > _MOST_LISTED else ""
    where = f" on {asked.venue}" if asked.venue else ""
    window = f" in [{_edge(asked.start)}, {_edge(asked.end)})" if (asked.start, asked.end) != (None, None) else ""
    return NoData(
        f"no {asked.timeframe} bars of {', '.join(missing)}{where}{window}",
        f"one of: {', '.join(lines)}{more}" if lines else "a lake with bars",
        "import or simulate them, or ask for what there is",
    )


def _edge(instant: int | None) -> str:
    return "..." if instant is None else iso(instant)


def _pay(lake: Lake, asked: _Asked, sources: dict[str, str], times: Ints, values: Floats) -> None:
    """Add the funding rates to the bars that pay them, in place."""
    if asked.versions is not None and "funding_rates" not in asked.versions:
        return
    rates = (
        lake.scan(
            "funding_rates",
            symbols=asked.symbols,
            start=int(times[0]) - asked.timeframe.us,
            version=asked.version("funding_rates"),
        )
        .filter(pl.col("venue").is_in(list(set(sources.values()))))
        .select("symbol", "venue", "event_time", "rate")
        .collect()
    )
    for asset, symbol in enumerate(asked.symbols):
        own = rates.filter((pl.col("symbol") == symbol) & (pl.col("venue") == sources[symbol]))
        if own.is_empty():
            continue
        rows = np.flatnonzero(~np.isnan(values[:, asset, CLOSE]))
        settled = own["event_time"].to_physical().to_numpy()
        values[rows, asset, FUNDING] = paid(times[rows], settled, own["rate"].to_numpy(), asked.timeframe)


def paid(opens: Ints, settled: Ints, rates: Floats, timeframe: Timeframe) -> Floats:
    """Funding each bar pays: what was settled after the bar before it opened, and by its own open.

    Parameters
    ----------
    opens : int array, shape (n,), microseconds UTC, ascending
    settled : int array, shape (m,), microseconds UTC
        Floored to the minute here: venues stamp a settlement some milliseconds late.
    rates : float array, shape (m,), fraction of notional
    timeframe : Timeframe

    Returns
    -------
    float array, shape (n,)
        0 where nothing is paid.

    Examples
    --------
    >>> paid(np.array([0, 60_000_000]), np.array([60_000_007]), np.array([1e-4]), Timeframe(60_000_000))
    array([0.    , 0.0001])
    """
    sums, settled = np.zeros(len(opens)), settled - settled % MINUTE_US
    if len(opens):
        bar = np.searchsorted(opens, settled)
        held = (bar < len(opens)) & (settled > opens[0] - timeframe.us)
        np.add.at(sums, bar[held], rates[held])
    return sums
