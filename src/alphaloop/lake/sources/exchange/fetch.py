"""Fetching history from an exchange: what is asked for, in pages, ready for the lake.

Only what is finished at ``now`` is given out: a candle that has not closed is dropped. A
page is complete in time, so a caller who appends each page may stop anywhere and go on
from the last stored time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from alphaloop.core.errors import InvalidOption, SourceRejected, UnknownName
from alphaloop.core.time import HOUR_US, Timeframe, iso
from alphaloop.lake.sources.exchange import rows as of
from alphaloop.lake.sources.exchange.client import Client
from alphaloop.lake.sources.exchange.instruments import USUAL_FUNDING_HOURS, funding_hours
from alphaloop.lake.sources.exchange.paging import Row, windows
from alphaloop.lake.sources.names import plain_symbol
from alphaloop.lake.table import Lake

KINDS = {
    "bars": "market_bars",
    "trades": "trades",
    "funding": "funding_rates",
    "open_interest": "open_interest",
    "book": "orderbook_l2",
}
"""What can be fetched, and the table it goes to."""

_METHODS = {
    "bars": "fetchOHLCV",
    "trades": "fetchTrades",
    "funding": "fetchFundingRateHistory",
    "open_interest": "fetchOpenInterestHistory",
    "book": "fetchOrderBook",
}
TRADES_WINDOW_US = HOUR_US  # Binance answers for an hour at most when asked by time
Progress = Callable[[str, float], None]
"""Called with a symbol and the share of its window that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing to fetch.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    venue : str
        As `Client`.
    symbols : tuple of str
        In any spelling.
    start, end : int, microseconds UTC
        ``[start, end)`` on the event time; a book takes no window.
    timeframe : str
        Length of a candle, or step of open interest.
    levels : int
        Depth of a book.

    Raises
    ------
    UnknownName, InvalidOption
        If the kind is unknown, there is no symbol, or the window is empty.
    """

    kind: str
    venue: str
    symbols: tuple[str, ...]
    start: int = 0
    end: int = 0
    timeframe: str = "5m"
    levels: int = 20

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownName(f"kind '{self.kind}'", f"one of {', '.join(KINDS)}", "")
        if not self.symbols:
            raise InvalidOption("no symbol", "one or more", "use e.g. --symbols BTC/USDT")
        if self.kind != "book" and self.end <= self.start:
            raise InvalidOption(f"a window from {self.start} to {self.end} us", "an end after the start", "swap them")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one symbol, oldest first, in the columns of ``table``; all up to ``done`` (microseconds) are out."""

    table: str
    symbol: str
    done: int
    frame: pl.DataFrame


def fetch(
    wanted: Wanted,
    now: int,
    *,
    client: Client | None = None,
    stored: Mapping[str, int] | None = None,
    progress: Progress | None = None,
) -> Iterator[Page]:
    """Pages of history, symbol after symbol; pages without rows are left out.

    Parameters
    ----------
    wanted : Wanted
    now : int, microseconds UTC
        Nothing that is not finished by then is given out.
    client : Client, optional
    stored : mapping of plain symbol to microseconds, optional
        Last event time already in the lake: fetching goes on after it. See `last_stored`.
    progress : callable, optional

    Yields
    ------
    Page

    Raises
    ------
    UnknownName
        If the venue does not know a symbol; nothing has been fetched then.
    InvalidOption
        If the venue does not have the kind or the timeframe.
    SourceUnavailable, SourceRejected
        As `Client.ask`; pages given out before stay good.
    """
    client = client or Client(wanted.venue)
    _check(wanted, client)
    markets = {plain_symbol(symbol): client.market(symbol) for symbol in wanted.symbols}
    hours = funding_hours(client) if wanted.kind == "funding" else {}
    for symbol, market in markets.items():
        start = max(wanted.start, _resume(wanted.kind, (stored or {}).get(symbol)), _listed(market))
        task = _Task(client, wanted, symbol, market, hours.get(symbol, USUAL_FUNDING_HOURS))
        for done, frame in _PAGES[wanted.kind](task, start, now):
            if progress is not None:
                progress(symbol, min(1.0, (done - start) / max(1, wanted.end - start)))
            if frame.height:
                yield Page(KINDS[wanted.kind], symbol, done, frame)
        if progress is not None:
            progress(symbol, 1.0)


def last_stored(lake: Lake, wanted: Wanted) -> dict[str, int]:
    """Last event time of each wanted symbol in the lake: what `fetch` takes as ``stored``.

    Times are looked for inside the wanted window only, so an older hole can still be filled.
    """
    rows = lake.read(
        KINDS[wanted.kind],
        symbols=[plain_symbol(symbol) for symbol in wanted.symbols],
        venue=wanted.venue,
        timeframe=wanted.timeframe if wanted.kind == "bars" else None,
        start=wanted.start,
        end=wanted.end,
        columns=["symbol", "event_time"],
    )
    last = rows.group_by("symbol").agg(pl.col("event_time").max().dt.epoch("us"))
    return dict(last.iter_rows())


@dataclass(frozen=True, slots=True)
class _Task:
    """One symbol of one request."""

    client: Client
    wanted: Wanted
    symbol: str
    market: dict[str, Any]
    funding_hours: float

    @property
    def limit(self) -> int:
        return self.client.rules.page(self.wanted.kind)

    @property
    def contract_size(self) -> float:
        return float(self.market.get("contractSize") or 1.0)

    def frame(self, rows: list[Row], columns: tuple[str, ...], known_after_us: int = 0, **same: str) -> pl.DataFrame:
        same = {"venue": self.wanted.venue, "symbol": self.symbol, **same}
        return of.frame_of(KINDS[self.wanted.kind], rows, columns, known_after_us, **same)

    def ask(self, method: str, *middle: Any, start: int, end: int) -> Any:
        """One window of a time series, ``[start, end)``: exchanges count milliseconds, both ends in."""
        until = {"until": (end - 1) // 1000}
        return self.client.ask(method, self.market["symbol"], *middle, -(-start // 1000), self.limit, until)


_Pages = Iterator[tuple[int, pl.DataFrame]]


def _bars(task: _Task, start: int, now: int) -> _Pages:
    timeframe, step = task.wanted.timeframe, Timeframe.parse(task.wanted.timeframe).us
    columns = of.KLINE_COLUMNS if task.client.rules.long_klines else of.KLINE_COLUMNS[:5]
    end = min(task.wanted.end, now - step + 1)  # what opens later has not closed

    def ask(low: int, high: int) -> list[Row]:
        return of.candles(task.ask("fetch_ohlcv", timeframe, start=low, end=high))

    for done, rows in windows(ask, start, end, step, task.limit):
        yield done, task.frame(rows, columns, step, timeframe=timeframe)


def _funding(task: _Task, start: int, now: int) -> _Pages:
    step = round(task.funding_hours * HOUR_US)

    def ask(low: int, high: int) -> list[Row]:
        answer = task.ask("fetch_funding_rate_history", start=low, end=high)
        return of.settlements(answer, task.funding_hours)

    for done, rows in windows(ask, start, min(task.wanted.end, now + 1), step, task.limit):
        yield done, task.frame(rows, ("rate", "interval_hours"))


def _open_interest(task: _Task, start: int, now: int) -> _Pages:
    timeframe = task.wanted.timeframe

    def ask(low: int, high: int) -> list[Row]:
        return of.interests(task.ask("fetch_open_interest_history", timeframe, start=low, end=high))

    step = Timeframe.parse(timeframe).us
    for done, rows in windows(ask, start, min(task.wanted.end, now + 1), step, task.limit):
        yield done, task.frame(rows, ("oi_base", "oi_usd"))


def _trades(task: _Task, start: int, now: int) -> _Pages:
    end = min(task.wanted.end, now + 1)
    pages = _numbered_trades if task.client.rules.trade_ids else _recent_trades
    for rows in pages(task, start, end):
        inside = [row for row in rows if start <= row.time < end]
        yield (rows[-1].time if rows else end), task.frame(inside, of.TRADE_COLUMNS)


def _numbered_trades(task: _Task, start: int, end: int) -> Iterator[list[Row]]:
    """The first page by time, the others by running number: no trade is lost in a full millisecond."""
    ask = partial(task.client.ask, "fetch_trades", task.market["symbol"])
    cursor = start
    rows: list[Row] = []
    while cursor < end and not rows:
        stop = min(cursor + TRADES_WINDOW_US, end)
        rows = of.trades(ask(-(-cursor // 1000), task.limit, {"until": (stop - 1) // 1000}), task.contract_size)
        cursor = stop
    while rows:
        rows.sort(key=lambda row: int(row.values[0]))
        yield rows
        if rows[-1].time >= end:
            return
        rows = of.trades(ask(None, task.limit, {"fromId": int(rows[-1].values[0]) + 1}), task.contract_size)


def _recent_trades(task: _Task, start: int, end: int) -> Iterator[list[Row]]:
    """Venues that only keep the newest trades: what they have, if it reaches back to the start."""
    answer = task.client.ask("fetch_trades", task.market["symbol"], None, task.limit)
    rows = sorted(of.trades(answer, task.contract_size))
    if rows and start < rows[0].time < end and len(rows) >= task.limit:
        raise SourceRejected(
            f"no trades of {task.symbol} before {iso(rows[0].time)} at {task.wanted.venue}",
            f"trades from {iso(start)} on",
            f"start at {iso(rows[0].time)}, or use a venue with a history of trades (binance)",
        )
    if rows:
        yield rows


def _book(task: _Task, start: int, now: int) -> _Pages:  # noqa: ARG001 - a book has no window
    book = task.client.ask("fetch_order_book", task.market["symbol"], task.wanted.levels)
    yield now, of.book_frame(book, now, task.contract_size, venue=task.wanted.venue, symbol=task.symbol)


_PAGES: dict[str, Callable[[_Task, int, int], _Pages]] = {
    "bars": _bars,
    "trades": _trades,
    "funding": _funding,
    "open_interest": _open_interest,
    "book": _book,
}


def _resume(kind: str, last: int | None) -> int:
    """Where to go on; trades are asked for again in their last instant, which may have been cut in two."""
    return 0 if last is None else last + (kind != "trades")


def _listed(market: dict[str, Any]) -> int:
    return int(market.get("created") or 0) * 1000


def _check(wanted: Wanted, client: Client) -> None:
    if wanted.venue != client.venue:
        raise InvalidOption(f"a client of {client.venue}", f"one of {wanted.venue}", "make the client for the venue")
    if not client.supports(_METHODS[wanted.kind]):
        raise InvalidOption(f"{wanted.kind} of {wanted.venue}", "a kind the venue has", "try another venue")
    if wanted.kind in ("bars", "open_interest") and wanted.timeframe not in client.timeframes:
        offered = ", ".join(client.timeframes)
        raise InvalidOption(f"timeframe {wanted.timeframe} at {wanted.venue}", f"one of {offered}", "")
