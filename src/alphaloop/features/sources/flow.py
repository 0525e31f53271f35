"""Flow: who takes, how much, and how the book stands.

Taker flow comes from the first source that knows a window: the bars' own taker volumes,
else raw trades, else the volumes beside an order-book feed. The book comes from whole
books (sampled, or replayed from updates), else from best quotes. Which it was is a column.
Only closed windows are summed, and a row counts from ``available_at``, whatever the
receiver's clock said; how far that clock was off is a column too.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import HOUR_US, MINUTE_US, SECOND_US, Timeframe
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.sources import book
from alphaloop.features.sources.series import age_hours, floats, forward, fresh, held, instants, rows_of, write
from alphaloop.features.sources.taker import Takers, figures, from_bars, from_feed

NOBODY, BARS, TRADES, BOOK = range(4)  # of ``flow_source``


@dataclass(frozen=True, slots=True)
class FlowConfig:
    """Windows and limits.

    Parameters
    ----------
    windows : tuple of str
        Lengths of the windows of taker flow.
    quiet : int, microseconds
        A feed of trades that is silent for longer has stopped.
    stale : int, microseconds
        A book that became known longer ago is unknown; also how long a row that overtook another is remembered.
    drift : int, microseconds
        Horizon of the drift of the micro-price.
    """

    windows: tuple[str, ...] = ("5m", "1h", "4h")
    quiet: int = 5 * MINUTE_US
    stale: int = HOUR_US
    drift: int = 5 * MINUTE_US

    @property
    def longest(self) -> int:
        """Length of the longest window, microseconds."""
        return max(Timeframe.parse(window).us for window in self.windows)


@dataclass(frozen=True)
class Flow:
    """The source family ``flow``.

    Examples
    --------
    >>> family = Flow()
    >>> [one.name for one in family.declared[:3]], family.memory_us // HOUR_US
    (['cvd_5m', 'cvd_ratio_5m', 'taker_buy_5m'], 6)
    """

    config: FlowConfig = field(default_factory=FlowConfig)

    @property
    def name(self) -> str:
        """Family name."""
        return "flow"

    @property
    def tables(self) -> tuple[str, ...]:
        """Lake tables it reads, beside bars."""
        return ("trades", "orderbook_l2")

    @property
    def memory_us(self) -> int:
        """The longest window, the life of a book behind it, and whoever may have overtaken a row of that."""
        config = self.config
        oldest = max(config.longest + config.quiet, config.stale + 2 * config.drift)
        return oldest + book.LIFE_US + book.REWIND_US + config.stale

    @property
    def memory_bars(self) -> int:
        """Bars are read by time, within ``memory_us``."""
        return 0

    @cached_property
    def declared(self) -> tuple[Declared, ...]:
        """Its columns, in the order they are written."""
        taker = (one for window in self.config.windows for one in _taker_declared(window))
        return (*taker, *_book_declared(self.config))

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask`` (columns, n); NaN and false where not known."""
        books = rows_of(facts, "orderbook_l2", _here(facts) & pl.col("precision").ne_missing("none"), self.memory_us)
        if not books.is_empty():
            books = books.filter(_in_order(books, self.config.stale))
        shown = _shown(books)
        columns = {**self._taker(facts, books, shown), **self._book(facts, books, shown)}
        write(self.declared, columns, values, mask)

    def _taker(self, facts: SymbolFacts, books: pl.DataFrame, shown: Floats) -> dict[str, Floats]:
        bars, now = self._bars(facts), facts.now
        feeds = [(TRADES, one) for one in _trades(facts, self.memory_us)] + [(BOOK, _beside(books, shown))]
        columns: dict[str, Floats] = {}
        for window in self.config.windows:
            width = Timeframe.parse(window).us
            sums = from_bars(now, bars, facts.timeframe.us, width, self.config.longest + HOUR_US)
            source = np.where(np.isnan(sums[0]), NOBODY, BARS).astype(np.float64)
            for code, feed in feeds:
                if len(feed.available) and not source.all():
                    other = from_feed(now, feed, width, self.config.quiet)
                    taken = (source == NOBODY) & ~np.isnan(other[0])
                    sums[:, taken], source[taken] = other[:, taken], code
            made = figures(sums, width) | {"flow_source": source}
            columns |= {f"{name}_{window}": value for name, value in made.items()}
        return columns

    def _bars(self, facts: SymbolFacts) -> Takers:
        """Taker notional of the symbol's own bars; at the close where only base units are known."""
        own = rows_of(
            facts, "market_bars", _here(facts) & (pl.col("timeframe") == str(facts.timeframe)), self.memory_us
        )
        if not own.is_empty():
            own = own.filter(_in_order(own, self.config.stale))
        quoted = pl.col("quote_volume").is_not_null() & pl.col("taker_buy_quote_volume").is_not_null()
        close, bought = pl.col("close"), pl.col("taker_buy_volume")
        buy = pl.when(quoted).then(pl.col("taker_buy_quote_volume")).otherwise(bought * close)
        sold_in_quote, sold = (
            pl.col("quote_volume") - pl.col("taker_buy_quote_volume"),
            (pl.col("volume") - bought) * close,
        )
        sell = pl.when(quoted).then(sold_in_quote).otherwise(sold)
        return _takers(own, buy, sell.clip(lower_bound=0.0), pl.col("trades"))

    def _book(self, facts: SymbolFacts, books: pl.DataFrame, shown: Floats) -> dict[str, Floats]:
        now, stale = facts.now, self.config.stale
        available = _available(books)
        whole = (shown[book.SOURCE] != book.FROM_QUOTE) & (shown[book.STATE] != book.UNKNOWN)
        quoted = (shown[book.SOURCE] == book.FROM_QUOTE) & (shown[book.STATE] != book.UNKNOWN)
        drift, best = np.full(len(now), np.nan), np.full(len(now), -1, dtype=np.int64)
        for chosen in (quoted, whole):  # a whole book that is not crossed stands over quotes
            rows = np.flatnonzero(chosen)
            index = fresh(available[rows], now, stale)
            good = index >= 0
            good[good] = shown[book.STATE, rows[index[good]]] == book.GOOD
            best[good] = rows[index[good]]
            drift[good] = self._drift(available[rows], shown[book.MICRO, rows], now)[good]
        said = {name: held(shown[part], best) for name, part in _PARTS.items()}
        return said | {
            "micro_price_drift_5m": drift,
            "book_source": np.nan_to_num(held(shown[book.SOURCE], best), nan=0.0),
            "book_age": (now - held(available.astype(np.float64), best)) / HOUR_US,
            "book_skew_s": held(_skew(books), best),
            "book_crossed_1h": _crossed(available, shown, now),
            "orderbook_missing_flag": (best < 0).astype(np.float64),
            "orderbook_feed_age": age_hours(available, now, self.memory_us - stale),
        }

    def _drift(self, available: Ints, micro: Floats, now: Ints) -> Floats:
        """Change of the micro-price over ``drift``, in bp; both ends younger than it."""
        after = held(micro, fresh(available, now, self.config.drift - 1))
        before = held(micro, fresh(available, now - self.config.drift, self.config.drift - 1))
        return (after / before - 1.0) * 1e4


_PARTS = {
    "orderbook_imbalance": book.IMBALANCE,
    "depth_ratio": book.DEPTH_RATIO,
    "spread_bp": book.SPREAD_BP,
    "micro_price": book.MICRO,
    "micro_price_gap_bp": book.MICRO_GAP_BP,
}


def _here(facts: SymbolFacts) -> pl.Expr:
    own = pl.col("symbol") == facts.symbol
    return own & (pl.col("venue") == facts.venue) if facts.venue else own


def _in_order(frame: pl.DataFrame, within: int) -> Bools:
    """Leave out bars, snapshots and quotes that a later one overtook; updates stand by their ids."""
    available, event = instants(frame, "available_at"), instants(frame, "event_time")
    if "kind" not in frame.columns:
        made: Bools = forward(available, event, within)
        return made
    kept = np.ones(len(frame), dtype=np.bool_)
    for kind in ("snapshot", "quote"):
        rows = np.flatnonzero((frame["kind"] == kind).to_numpy())
        kept[rows] = forward(available[rows], event[rows], within)
    return kept


def _available(frame: pl.DataFrame) -> Ints:
    return np.empty(0, dtype=np.int64) if frame.is_empty() else instants(frame, "available_at")


def _takers(frame: pl.DataFrame, buy: pl.Expr, sell: pl.Expr, count: pl.Expr) -> Takers:
    if frame.is_empty():
        none = np.empty(0)
        return Takers(none.astype(np.int64), none.astype(np.int64), none, none, none)
    made = frame.select(buy.alias("buy"), sell.alias("sell"), count.alias("count"))
    flows = (floats(made, name) for name in ("buy", "sell", "count"))
    return Takers(instants(frame, "available_at"), instants(frame, "event_time"), *flows)


def _trades(facts: SymbolFacts, memory: int) -> list[Takers]:
    """Single trades, then aggregates: two tellings of the same flow."""
    table = rows_of(facts, "trades", _here(facts), memory)
    if table.is_empty():
        return []
    notional, sold = pl.col("price") * pl.col("quantity"), pl.col("buyer_is_maker")
    buy = pl.when(sold.is_null()).then(None).when(sold).then(0.0).otherwise(notional)
    sell = pl.when(sold.is_null()).then(None).when(sold).then(notional).otherwise(0.0)
    within = (pl.col("last_trade_id") - pl.col("first_trade_id") + 1).cast(pl.Float64)
    return [
        _takers(table.filter(pl.col("kind") == kind), buy, sell, count)
        for kind, count in (("trade", pl.lit(1.0)), ("aggregate", within.fill_null(1.0)))
    ]


def _beside(books: pl.DataFrame, shown: Floats) -> Takers:
    """Taker volumes that an order-book feed states between its rows, at the micro-price of the row."""
    if books.is_empty() or books["buy_volume"].null_count() == len(books):
        return _takers(pl.DataFrame(), pl.lit(0.0), pl.lit(0.0), pl.lit(0.0))
    stated = pl.col("buy_volume").is_not_null() & pl.col("sell_volume").is_not_null()
    told = books.with_columns(pl.Series("price", shown[book.MICRO])).filter(stated)
    price = pl.col("price")
    return _takers(told, pl.col("buy_volume") * price, pl.col("sell_volume") * price, pl.lit(float("nan")))


def _shown(books: pl.DataFrame) -> Floats:
    if books.is_empty():
        return np.empty((book.SHOWN, 0))
    kind = np.where(
        books["kind"] == "update", book.UPDATE, np.where(books["kind"] == "quote", book.QUOTE, book.SNAPSHOT)
    )
    first, final, prev = (_ids(books[f"{name}_update_id"]) for name in ("first", "final", "prev"))
    sides = (_levels(books, side) for side in ("bid", "ask"))
    shown: Floats = book.replay(book.Feed(_available(books), kind, first, final, prev, *sides))
    return shown


def _ids(column: pl.Series) -> Ints:
    if column.null_count() == len(column):
        return np.full(len(column), book.NO_ID, dtype=np.int64)
    return column.fill_null(book.NO_ID).to_numpy()


def _levels(books: pl.DataFrame, side: str) -> book.Levels:
    """Level lists laid end to end; a level needs both a price and a quantity."""
    (starts, price), (ends, quantity) = (_flat(books[f"{side}_{part}"]) for part in ("price", "qty"))
    if not np.array_equal(starts, ends):
        shorter = pl.min_horizontal(pl.col(f"{side}_price").list.len(), pl.col(f"{side}_qty").list.len())
        return _levels(books.select(pl.col(f"{side}_price", f"{side}_qty").list.head(shorter)), side)
    return book.Levels(starts, price, quantity)


def _flat(lists: pl.Series) -> tuple[Ints, Floats]:
    """Where each list starts, (m + 1,), and all their numbers."""
    laid = lists.rechunk().to_arrow()
    starts, numbers = laid.offsets.to_numpy(), laid.values.to_numpy(zero_copy_only=False)
    return starts - starts[0], numbers[starts[0] : starts[-1]]


def _skew(books: pl.DataFrame) -> Floats:
    """Receiver's clock less exchange's at each row, seconds, latency included; below zero it runs behind."""
    if books.is_empty():
        return np.empty(0)
    apart = books["received_at"].to_numpy() - books["event_time"].to_numpy()
    return np.where(np.isnat(apart), np.nan, apart.astype(np.float64) / SECOND_US)


def _crossed(available: Ints, shown: Floats, now: Ints) -> Floats:
    """Rows of the last hour that showed a crossed book; NaN where the feed has no row in it."""
    before = np.concatenate(([0], np.cumsum(shown[book.STATE] == book.CROSSED)))  # whole numbers: exact
    stop = np.searchsorted(available, now, side="right")
    first = np.searchsorted(available, now - HOUR_US, side="right")
    return np.where(stop > first, (before[stop] - before[first]).astype(np.float64), np.nan)


def _taker_declared(window: str) -> tuple[Declared, ...]:
    inputs = (
        "market_bars.taker_buy_quote_volume", "market_bars.quote_volume", "market_bars.trades",
        "trades.quantity", "orderbook_l2.buy_volume",
    )  # fmt: skip
    known = f"a bar of the last {window} is absent or states no taker volume, and no feed of trades was alive"
    rows = (
        ("cvd", "quote", "bought - sold by takers", known),
        ("cvd_ratio", "-1 to 1", "(bought - sold) / (bought + sold)", f"{known}; or nothing traded"),
        ("taker_buy", "quote", "bought by takers", known),
        ("taker_sell", "quote", "sold by takers", known),
        ("taker_log_ratio", "log", "log(bought / sold)", f"{known}; or one side is zero"),
        ("large_trade_share", "fraction 0-1", "notional of trades of 10 or more times the mean trade / all",
         "known from raw trades alone"),
        ("trade_intensity", "trades per minute", "trades / minutes", f"{known}; or trades are not counted"),
        ("flow_source", "0 none, 1 bars, 2 trades, 3 book feed", "where the window's flow is from", "never"),
    )  # fmt: skip
    return tuple(
        Declared(f"{name}_{window}", "flow", unit, f"{formula}, last {window}", inputs, missing)
        for name, unit, formula, missing in rows
    )


def _book_declared(config: FlowConfig) -> tuple[Declared, ...]:
    hours = config.stale // HOUR_US
    stale = f"no book or quote in the last {hours} h, the newest is crossed, or the update chain is broken"
    rows = (
        ("orderbook_imbalance", "-1 to 1", f"(bid - ask) / (bid + ask), best {book.DEPTH} quantities", stale),
        ("depth_ratio", "bids per ask", f"bid / ask, best {book.DEPTH} quantities", stale),
        ("spread_bp", "bp of middle", "(ask - bid) / middle", stale),
        ("micro_price", "quote per base", "(bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty)", stale),
        ("micro_price_gap_bp", "bp of middle", "micro_price / middle - 1", stale),
        ("micro_price_drift_5m", "bp", "micro_price / micro_price 5m ago - 1",
         f"{stale}; or one of the two was itself older than 5m"),
        ("book_source", "0 none, 1 snapshot, 2 replayed updates, 3 quote", "where the book is from", "never"),
        ("book_age", "hours", "now - available_at of that row", stale),
        ("book_skew_s", "seconds", "received_at - event_time of that row: clock skew and latency",
         f"{stale}; or the receiver's clock is not stated"),
        ("book_crossed_1h", "count", "rows that showed bid >= ask, last 1h", "the feed has no row in the last 1h"),
        ("orderbook_missing_flag", "0 or 1", "1 where spread_bp is unknown", "never"),
        ("orderbook_feed_age", "hours", "now - available_at of the newest row of any kind", "the feed is forgotten"),
    )  # fmt: skip
    inputs = tuple(f"orderbook_l2.{name}" for name in ("bid_price", "bid_qty", "ask_price", "ask_qty", "received_at"))
    return tuple(Declared(name, "flow", unit, formula, inputs, missing) for name, unit, formula, missing in rows)
