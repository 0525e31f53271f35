"""The view of a live feed: the same bits as the batch, from a rolling buffer.

A symbol's live state is what its kernels remember, the bars that families look back on, and
the table rows within their memory; nothing else of the past is kept. A bar is pushed when it
becomes available, together with every row that became available since the one before;
``observe`` then answers from the newest row. Knows neither clock nor lake.
"""

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from alphaloop.core.account import AccountView
from alphaloop.core.errors import InvalidOption, LookaheadError, UnsortedData
from alphaloop.core.market import CLOSE, Bars, Bools, Floats
from alphaloop.core.observation import NOTHING, Observation
from alphaloop.core.time import Timeframe, iso
from alphaloop.features.bars.plan import plan
from alphaloop.features.contract import Schema
from alphaloop.features.facts import SourceFamily, SymbolFacts
from alphaloop.features.family import RETURN, Family
from alphaloop.features.sources.regime import Regime, regime_of
from alphaloop.features.sources.rows import Held, Reader, Rows, Whose, instants
from alphaloop.features.sources.timeframes import LONG_FRAME
from alphaloop.features.symbol import Own, about_each, between, declared, ordered
from alphaloop.features.timeframes import summaries
from alphaloop.features.view import Summary, Words, in_words
from alphaloop.features.windows import longest_hole_us
from alphaloop.lake.schema import TABLES

_REGIME = Regime()


class Live:
    """One symbol's rolling buffer; made by :class:`OnlineView`."""

    def __init__(self, symbol: str, venue: str, timeframe: Timeframe, schema: Schema, words: bool) -> None:
        self.symbol, self.timeframe, self.schema = symbol, timeframe, schema
        self._whose = Whose(symbol, timeframe, venue)
        self._by_hand = [k for k, one in enumerate(schema.features) if isinstance(one.kernel, Family)]
        self._plan = plan(tuple(schema.features[k] for k in self._by_hand))
        self._reach = max((schema.features[k].lookback for k in self._by_hand), default=0) + 1
        asked = {family.name for family in schema.sources}
        more = (family for family in (_REGIME, LONG_FRAME) if words and family.name not in asked)
        self._families = (*schema.sources, *more)
        self._sources = [_Source(family, schema) for family in self._families]
        self._kept = max([self._reach, *(family.memory_bars for family in self._families)]) + 1
        self._memory_us = max((family.memory_us for family in self._families), default=0)
        self._bars = np.full((RETURN + 1, 2 * self._kept), np.nan)
        self._now, self._opens = np.zeros((2, 2 * self._kept), dtype=np.int64)
        self._count = 0  # bars in the buffer
        self._run = 0  # bars since memory began anew
        self._states = self._plan.fresh()
        self._made = np.empty((self._plan.width, 1))
        self._hold({})

    @property
    def tables(self) -> set[str]:
        """Lake tables that its families read."""
        return {name for name, _ in self._held}

    def _hold(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Read tables anew; what two families read alike is read once."""
        readers = {(name, reader) for family in self._families for name, reader in family.readers.items()}
        frames = {name: tables.get(name, TABLES[name].empty()) for name, _ in readers}
        self._held = {(name, reader): Held(reader, self._whose, frames[name]) for name, reader in readers}

    def warm(self, own: Own) -> None:
        """Take over all history up to a bar, as if it had been pushed bar by bar."""
        breaks = np.flatnonzero(np.diff(own.opens) > longest_hole_us(self.timeframe))
        begin = int(breaks[-1]) + 1 if len(breaks) else 0
        bars = np.ascontiguousarray(own.bars[:, begin:])
        self._run, self._count = bars.shape[1], min(len(own), self._kept)
        self._states = self._plan.fresh()
        if self._run:
            bars[RETURN, 0] = np.nan
            self._plan.run(bars, 0, self._states, np.empty((self._plan.width, self._run)))
        tail = len(own) - self._count
        self._bars[:, : self._count] = own.bars[:, tail:]
        self._now[: self._count], self._opens[: self._count] = own.now[tail:], own.opens[tail:]
        if self._count:
            oldest, newest = int(own.now[tail]) - self._memory_us, int(own.now[-1])
            self._hold({name: between(frame, oldest, newest) for name, frame in own.tables.items()})
            for source in self._sources:
                source.family.compute(self._facts(source.family), source.values, source.mask)

    def take(self, table: str, frame: pl.DataFrame, read: dict[Reader, Rows]) -> None:
        """Add rows of a table, in order, that became available; forget those no family can reach any more.

        ``read`` holds what readers made of a frame that is about all symbols alike.
        """
        oldest = int(self._now[max(0, self._count - self._kept)]) - self._memory_us
        for (name, reader), held in self._held.items():
            if name == table:
                fresh = read[reader] if reader in read else reader.read(frame, self._whose)
                if "symbol" not in frame.columns:
                    read[reader] = fresh
                held.add(fresh, oldest)

    def step(self, opened: int, now: int, bar: Floats) -> tuple[Floats, Bools]:
        """Features at a bar (6,) that just became available: values and mask, both (F,)."""
        self._append(opened, now, bar)
        values = np.full(len(self.schema.names), np.nan)
        self._from_bars(values)
        for source in self._sources:
            self._from_source(source, values)
        mask = np.isfinite(values)
        values[~mask] = np.nan
        return values, mask

    def _append(self, opened: int, now: int, bar: Floats) -> None:
        last = self._count - 1
        if last >= 0 and (now <= self._now[last] or opened <= self._opens[last]):
            raise UnsortedData(
                f"a bar of {self.symbol} that opens {iso(opened)}", "one after those pushed", "sort them"
            )
        if self._count == self._bars.shape[1]:  # half of the buffer is never read again
            for array in (self._bars, self._now, self._opens):
                array[..., : self._kept] = array[..., -self._kept :]
            self._count = self._kept
        k = self._count
        self._bars[:RETURN, k] = bar
        self._bars[RETURN, k] = bar[CLOSE] / self._bars[CLOSE, k - 1] - 1.0 if k else np.nan
        if k and opened - self._opens[k - 1] > longest_hole_us(self.timeframe):
            self._run = 0
        if self._run == 0:
            self._states = self._plan.fresh()
        self._now[k], self._opens[k] = now, opened
        self._count, self._run = k + 1, self._run + 1

    def _from_bars(self, values: Floats) -> None:
        length = min(self._run, self._reach + 1)
        bars = np.ascontiguousarray(self._bars[:, self._count - length : self._count])
        if self._run == length:
            bars[RETURN, 0] = np.nan
        self._plan.run(bars, length - 1, self._states, self._made)
        values[self._by_hand] = self._made[self._plan.columns, 0]

    def _from_source(self, source: "_Source", values: Floats) -> None:
        source.family.compute(self._facts(source.family), source.values, source.mask)
        values[source.places] = np.where(source.mask, source.values, np.nan)[source.parts, 0]

    def _facts(self, family: SourceFamily) -> SymbolFacts:
        """What a family needs for the newest bar."""
        begin = max(0, self._count - 1 - family.memory_bars)
        now = self._now[begin : self._count]
        oldest, newest = int(now[0]) - family.memory_us, int(now[-1])
        tables = {
            name: self._held[name, reader].rows.between(oldest, newest) for name, reader in family.readers.items()
        }
        bars = self._bars[:, begin : self._count]
        return SymbolFacts(self.symbol, self.timeframe, now, bars, tables, self._whose.venue, len(now) - 1)

    def summary(self) -> Summary | None:
        """The frames and the regime at the newest bar, in words; none before the first."""
        if not self._count:
            return None
        bars = self._bars[:, : self._count]
        frames = summaries(self._now[: self._count], bars, self.timeframe)
        return frames, regime_of(_REGIME, next(one for one in self._sources if one.family == _REGIME).values[:, 0])


class _Source:
    """A family of the schema, where its answer is written, and which columns of it go where."""

    def __init__(self, family: SourceFamily, schema: Schema) -> None:
        self.family = family
        self.places = [k for k, one in enumerate(schema.features) if one.kernel is family]
        self.parts = [schema.features[k].part for k in self.places]
        self.values = np.empty((len(family.declared), 1))
        self.mask = np.empty(self.values.shape, dtype=np.bool_)


class OnlineView:
    """Observer of a live feed through one schema.

    Parameters
    ----------
    symbols : sequence of str, length A
    timeframe : Timeframe
    schema : Schema
    lookback : int, bars
        Rows of ``windows``, the newest included; 1 or more.
    venues : mapping of symbol to venue, optional
    words : bool
        Whether observations carry frames and regimes, worked out at the first that is asked for after a push.

    Raises
    ------
    InvalidOption
        If ``lookback`` is below 1.

    Examples
    --------
    >>> from alphaloop.core.account import Account
    >>> from alphaloop.core.time import MINUTE_US
    >>> view = OnlineView(("X",), Timeframe(MINUTE_US), Schema(["close"]))
    >>> account = Account(cash=1).view(("X",), {}, 0.0)
    >>> view.push(Bars(0, MINUTE_US, ("X",), np.full((1, 6), 10.0)), {})
    >>> view.observe(MINUTE_US, account).values.tolist()
    [[10.0]]
    """

    def __init__(
        self,
        symbols: Sequence[str],
        timeframe: Timeframe,
        schema: Schema,
        *,
        lookback: int = 1,
        venues: Mapping[str, str] | None = None,
        words: bool = True,
    ) -> None:
        if lookback < 1:
            raise InvalidOption(f"a lookback of {lookback} bars", "1 or more", "use 1 for the newest row alone")
        places = venues or {}
        self._symbols, self._schema = tuple(symbols), schema
        self._live = {
            symbol: Live(symbol, places.get(symbol, ""), timeframe, schema, words) for symbol in self._symbols
        }
        self._tables = {name for live in self._live.values() for name in live.tables}
        self._told: Words | None = (NOTHING, NOTHING)
        self._words = words
        shape = (len(self._symbols), len(schema.names))
        unknown = np.full(shape, np.nan)
        unknown.setflags(write=False)
        self._rows = deque([unknown] * lookback, maxlen=lookback)
        self._available = -(2**63)  # before any instant

    @property
    def schema_hash(self) -> str:
        """Hash of the schema behind every observation."""
        return self._schema.hash

    def warm(self, history: Own) -> None:
        """Take over a symbol's history, all that was available before the first bar pushed."""
        self._live[history.symbol].warm(history)
        self._known_at(max(self._available, int(history.now[-1]) if len(history) else self._available))

    def push(self, bars: Bars, rows: Mapping[str, pl.DataFrame]) -> None:
        """Bars that just became available, and the table rows that did since the last ones.

        Parameters
        ----------
        bars : Bars
            Of the view's symbols; a row of NaN where a symbol has none.
        rows : mapping of table name to DataFrame
            As the lake reads them, ``market_bars`` among them where a family reads it.

        Raises
        ------
        UnsortedData
            If a bar does not come after those pushed before.
        LookaheadError
            If a row claims to become available only later.
        """
        for name, frame in rows.items():
            if frame.height and int(instants(frame, "available_at").max()) > bars.available_at:
                raise LookaheadError(f"rows of {name} later than {iso(bars.available_at)}", "rows known by now", "")
        self._take(rows)
        made = np.full((len(self._symbols), len(self._schema.names)), np.nan)
        for k, symbol in enumerate(self._symbols):
            live, bar = self._live[symbol], bars.values[bars.symbols.index(symbol)]
            if not np.isnan(bar[CLOSE]):
                made[k], _ = live.step(bars.ts, bars.available_at, bar)
        made.setflags(write=False)
        self._rows.append(made)
        self._known_at(bars.available_at)

    def _take(self, rows: Mapping[str, pl.DataFrame]) -> None:
        """Give each symbol its rows of each table."""
        for name, frame in rows.items():
            if not frame.height or name not in self._tables:
                continue
            read: dict[Reader, Rows] = {}
            shares = about_each(ordered(declared(frame, name), name), self._symbols)
            for live, mine in zip(self._live.values(), shares, strict=True):
                if mine.height:
                    live.take(name, mine, read)

    def _known_at(self, now: int) -> None:
        self._available = now
        if self._words:
            self._told = None

    def observe(self, now: int, account: AccountView) -> Observation:
        """All that was known of the market at ``now`` (microseconds UTC), read-only.

        Raises
        ------
        LookaheadError
            If bars were pushed that are not available at ``now``.
        """
        if now < self._available:
            raise LookaheadError(f"bars of {iso(self._available)} at {iso(now)}", "bars known by now", "push in order")
        newest, windows = self._rows[-1], np.stack(self._rows)
        names, mask = self._schema.names, np.isfinite(newest)
        windows.setflags(write=False)
        mask.setflags(write=False)
        if self._told is None:
            self._told = in_words({symbol: live.summary() for symbol, live in self._live.items()})
        return Observation(now, self._symbols, names, newest, mask, windows, account, self._schema.hash, *self._told)
