"""Flow: who takes, how much, and how the book stands.

Taker flow comes from the first source that knows a window: the bars' own taker volumes,
else raw trades, else the volumes beside an order-book feed. The book comes from whole
books (sampled, or replayed from updates), else from best quotes. Which it was is a column.
Only closed windows are summed, and a row counts from ``available_at``, whatever the
receiver's clock said; how far that clock was off is a column too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import polars as pl

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import HOUR_US, MINUTE_US, SECOND_US, Timeframe
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.sources import book
from alphaloop.features.sources.rows import BEGIN, STOP, Reader, Rows, Whose, floats, lists, own, rows, told
from alphaloop.features.sources.series import age_hours, forward, fresh, held, in_order, write
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
    def widths(self) -> dict[str, int]:
        """Length of each window, microseconds."""
        return {window: Timeframe.parse(window).us for window in self.windows}

    @property
    def longest(self) -> int:
        """Length of the longest window, microseconds."""
        return max(self.widths.values())


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

    @cached_property
    def readers(self) -> dict[str, Reader]:
        """Taker notional of the bars and trades; books, replayed."""
        return {
            "market_bars": Reader(_read_bars),
            "trades": Reader(_read_trades),
            "orderbook_l2": Reader(_read_books, partial(_settle_books, within=self.config.stale)),
        }

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask`` (columns, n); NaN and false where not known."""
        books = facts.read("orderbook_l2", self.readers["orderbook_l2"])
        books = books.where(books["stands"])
        write(self.declared, {**self._taker(facts, books), **self._book(facts.asked, books)}, values, mask)

    def _taker(self, facts: SymbolFacts, books: Rows) -> dict[str, Floats]:
        now, trades = facts.asked, facts.read("trades", self.readers["trades"])
        bars = _takers(in_order(facts.read("market_bars", self.readers["market_bars"]), self.config.stale))
        single = trades["single"]
        feeds: list[tuple[int, Callable[[], Takers]]] = [
            (TRADES, lambda: _takers(trades.where(single))),  # two tellings of the same flow
            (TRADES, lambda: _takers(trades.where(~single))),
            (BOOK, lambda: _beside(books)),
        ]
        columns: dict[str, Floats] = {}
        for window, width in self.config.widths.items():
            sums = from_bars(now, bars, facts.timeframe.us, width, self.config.longest + HOUR_US)
            source = np.where(np.isnan(sums[0]), NOBODY, BARS).astype(np.float64)
            for code, feed in feeds:
                if not source.all():
                    other = from_feed(now, feed(), width, self.config.quiet)
                    taken = (source == NOBODY) & ~np.isnan(other[0])
                    sums[:, taken], source[taken] = other[:, taken], code
            made = figures(sums, width) | {"flow_source": source}
            columns |= {f"{name}_{window}": value for name, value in made.items()}
        return columns

    def _book(self, now: Ints, books: Rows) -> dict[str, Floats]:
        stale, ages = self.config.stale, age_hours(books.available, now, self.memory_us - self.config.stale)
        if len(now):  # all but that age is of the last rows
            books = books.cut(int(books.available.searchsorted(now[0] - max(stale, 2 * self.config.drift, HOUR_US))))
        available, shown = books.available, books["shown"]
        known, from_quote = shown[:, book.STATE] != book.UNKNOWN, shown[:, book.SOURCE] == book.FROM_QUOTE
        drift, best = np.full(len(now), np.nan), np.full(len(now), -1, dtype=np.int64)
        for chosen in (from_quote & known, ~from_quote & known):  # a whole book that is not crossed stands over quotes
            places = np.flatnonzero(chosen)
            index = fresh(available[places], now, stale)
            good = index >= 0
            good[good] = shown[places[index[good]], book.STATE] == book.GOOD
            best[good] = places[index[good]]
            drift[good] = self._drift(available[places], shown[places, book.MICRO], now)[good]
        said = {name: held(shown[:, part], best) for name, part in _PARTS.items()}
        return said | {
            "micro_price_drift_5m": drift,
            "book_source": np.nan_to_num(held(shown[:, book.SOURCE], best), nan=0.0),
            "book_age": (now - held(available.astype(np.float64), best)) / HOUR_US,
            "book_skew_s": held(books["skew"], best),
            "book_crossed_1h": _crossed(available, shown[:, book.STATE], now),
            "orderbook_missing_flag": (best < 0).astype(np.float64),
            "orderbook_feed_age": ages,
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


def _takers(rows: Rows) -> Takers:
    return Takers(rows.available, rows.event, rows["buy"], rows["sell"], rows["count"])


def _read_bars(frame: pl.DataFrame, whose: Whose) -> Rows:
    """Taker notional of the symbol's own bars; at the close where only base units are known."""
    kept = own(frame, symbol=whose.symbol, venue=whose.venue, timeframe=str(whose.timeframe))
    turnover, bought_in_quote = floats(frame, "quote_volume"), floats(frame, "taker_buy_quote_volume")
    volume, bought, close = (floats(frame, name) for name in ("volume", "taker_buy_volume", "close"))
    quoted = ~(np.isnan(turnover) | np.isnan(bought_in_quote))
    buy = np.where(quoted, bought_in_quote, bought * close)
    sell = np.where(quoted, turnover - bought_in_quote, (volume - bought) * close)
    return rows(frame, kept, buy=buy, sell=np.where(sell < 0.0, 0.0, sell), count=floats(frame, "trades"))


def _read_trades(frame: pl.DataFrame, whose: Whose) -> Rows:
    """Single trades and aggregates; the sides of one that does not tell its taker are unknown."""
    notional = floats(frame, "price") * floats(frame, "quantity")
    sold = floats(frame, "buyer_is_maker")
    within = floats(frame, "last_trade_id") - floats(frame, "first_trade_id") + 1.0
    single = own(frame, kind="trade")
    return rows(
        frame,
        own(frame, symbol=whose.symbol, venue=whose.venue) & (single | own(frame, kind="aggregate")),
        buy=np.where(np.isnan(sold), np.nan, np.where(sold > 0.0, 0.0, notional)),
        sell=np.where(np.isnan(sold), np.nan, np.where(sold > 0.0, notional, 0.0)),
        count=np.where(single | np.isnan(within), 1.0, within),
        single=single,
    )


def _read_books(frame: pl.DataFrame, whose: Whose) -> Rows:
    """Messages of the book; what the book shows after each is settled later."""
    timed = ~own(frame, precision="none")  # an order is no time
    apart = (frame["received_at"].to_numpy() - frame["event_time"].to_numpy()).astype("timedelta64[us]")
    kinds = told(frame["kind"], lambda kind: _KINDS.get(kind, book.SNAPSHOT))
    ids = {name: _ids(frame[f"{name}_update_id"]) for name in ("first", "final", "prev")}
    sides = {side: _levels(frame, side) for side in ("bid", "ask")}
    ends = {f"{side}{end}": sides[side][place] for side in sides for place, end in enumerate((BEGIN, STOP))}
    made = rows(
        frame,
        own(frame, symbol=whose.symbol, venue=whose.venue) & timed,
        kind=kinds,
        skew=np.where(np.isnat(apart), np.nan, apart.astype(np.float64) / SECOND_US),
        buy=floats(frame, "buy_volume"),
        sell=floats(frame, "sell_volume"),
        stands=np.ones(len(frame), dtype=np.bool_),
        shown=np.full((len(frame), book.SHOWN), np.nan),
        **ids,
        **ends,
    )
    return Rows(made.columns, {side: levels for side, (_, _, levels) in sides.items()})


_KINDS = {"update": book.UPDATE, "quote": book.QUOTE}


def _ids(column: pl.Series) -> Ints:
    if column.null_count() == len(column):
        return np.full(len(column), book.NO_ID, dtype=np.int64)
    return np.array(column.fill_null(book.NO_ID) if column.null_count() else column, dtype=np.int64)


def _levels(frame: pl.DataFrame, side: str) -> tuple[Ints, Ints, Floats]:
    """Where each row's levels begin and stop, and all levels (L, 2); one needs both a price and a quantity."""
    (starts, price), (ends, quantity) = (lists(frame[f"{side}_{part}"]) for part in ("price", "qty"))
    if not np.array_equal(starts, ends):
        shorter = pl.min_horizontal(pl.col(f"{side}_price").list.len(), pl.col(f"{side}_qty").list.len())
        return _levels(frame.select(pl.col(f"{side}_price", f"{side}_qty").list.head(shorter)), side)
    return starts[:-1], starts[1:], np.stack([price, quantity], axis=1)


def _settle_books(books: Rows, first: int, within: int) -> None:
    """Mark rows that a later one overtook, updates excepted, and replay the others, from row ``first`` on."""
    if first == len(books):
        return
    oldest = books.available[first] - max(within, book.LIFE_US + book.REWIND_US)
    begin = int(books.available.searchsorted(oldest))  # nothing before it matters to row `first`
    near, fresh_from = books.cut(begin), first - begin
    for kind in (book.SNAPSHOT, book.QUOTE):
        places = np.flatnonzero(near["kind"] == kind)
        kept = forward(near.available[places], near.event[places], within)
        near["stands"][places[places >= fresh_from]] = kept[places >= fresh_from]
    begin = book.restart(near.available, near["kind"], near["stands"], fresh_from)
    near, fresh_from = near.cut(begin), fresh_from - begin
    kept = near["stands"]
    feed = near.where(kept)
    sides = (book.Levels(feed[f"{side}{BEGIN}"], feed[f"{side}{STOP}"], feed.values[side]) for side in ("bid", "ask"))
    shown = book.replay(
        book.Feed(feed.available, feed["kind"], feed["first"], feed["final"], feed["prev"], *sides),
        int(kept[:fresh_from].sum()),
    )
    near["shown"][fresh_from:][kept[fresh_from:]] = shown


def _beside(books: Rows) -> Takers:
    """Taker volumes that an order-book feed states between its rows, at the micro-price of the row."""
    stated = books.where(~(np.isnan(books["buy"]) | np.isnan(books["sell"])))
    price = stated["shown"][:, book.MICRO]
    unknown = np.full(len(stated), np.nan)
    return Takers(stated.available, stated.event, stated["buy"] * price, stated["sell"] * price, unknown)


def _crossed(available: Ints, state: Floats, now: Ints) -> Floats:
    """Rows of the last hour that showed a crossed book; NaN where the feed has no row in it."""
    before = np.concatenate(([0], np.cumsum(state == book.CROSSED)))  # whole numbers: exact
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
