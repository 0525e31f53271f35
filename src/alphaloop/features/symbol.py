"""One symbol: its bars and facts taken from lake tables, and every feature at every bar.

The rows of the matrix are the symbol's own closed bars of one venue and timeframe, in
order; a bar is decided upon when it becomes available. Features of bars are run from the
first bar there is, because averages remember all of it; families that read other tables
get only the bars asked for and what their memory reaches before. So computing the last
rows alone gives the bits they have in the whole. Knows frames, does no I/O.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import polars as pl

from alphaloop.core.errors import NoData, UnsortedData
from alphaloop.core.market import BAR_COLUMNS, CLOSE, FUNDING, Bools, Floats, Ints
from alphaloop.core.time import Timeframe, iso
from alphaloop.features.bars.plan import plan
from alphaloop.features.bars.running import Running
from alphaloop.features.contract import Schema
from alphaloop.features.facts import SourceFamily, SymbolFacts
from alphaloop.features.family import RETURN, Family, compiled
from alphaloop.features.sources.rows import told
from alphaloop.features.sources.symbols import names_of
from alphaloop.features.windows import longest_hole_us
from alphaloop.lake.bars import paid, preference
from alphaloop.lake.quality import conform
from alphaloop.lake.schema import SYMBOL_OF_NONE, TABLES

BARS = "market_bars"
_ORDER = ("available_at", "event_time")
_FEW = 64  # rows that are sooner compared by Python than by polars


@dataclass(frozen=True, slots=True)
class Own:
    """The bars of one symbol and the lake's rows about it. n bars.

    Parameters
    ----------
    symbol, venue : str
    timeframe : Timeframe
    opens, now : int array, shape (n,), microseconds UTC
        When each bar opened, and when it became available; both strictly ascending.
    bars : float array, shape (7, n)
        As kernels take them.
    synthetic : bool array, shape (n,)
        Whether the bar, or any row of its other tables, is simulated.
    tables : mapping of table name to DataFrame
        As :class:`alphaloop.features.facts.SymbolFacts` has them.
    """

    symbol: str
    venue: str
    timeframe: Timeframe
    opens: Ints
    now: Ints
    bars: Floats
    synthetic: Bools
    tables: Mapping[str, pl.DataFrame]

    def __len__(self) -> int:
        return len(self.opens)

    def until(self, stop: int) -> "Own":
        """The first ``stop`` bars; what became available later is still there, and must not matter."""
        cut = {name: getattr(self, name)[:stop] for name in ("opens", "now", "synthetic")}
        return replace(self, bars=self.bars[:, :stop], **cut) if stop < len(self) else self


@cache
def names_in(symbol: str) -> tuple[str, ...]:
    """Every name under which a table may speak of a symbol, that of no symbol among them."""
    return (*names_of(symbol), SYMBOL_OF_NONE)


def tables_of(sources: Iterable[SourceFamily]) -> tuple[str, ...]:
    """Lake tables that families read, bars first."""
    return tuple(dict.fromkeys([BARS, *(name for family in sources for name in family.tables)]))


def gather(
    frames: Mapping[str, pl.DataFrame],
    symbol: str,
    timeframe: Timeframe,
    *,
    sources: tuple[SourceFamily, ...] = (),
    venue: str | None = None,
) -> Own:
    """The symbol's bars, of the preferred venue where none is named, and its rows.

    Raises
    ------
    NoData
        If there is no such bar.
    UnsortedData
        If bars do not become available in the order they open.
    SchemaViolation
        If a frame is not as its table is declared.
    """
    rows = {name: ordered(_about(frames, name, symbol), name) for name in tables_of(sources)}
    mine = rows[BARS].filter((pl.col("symbol") == symbol) & (pl.col("timeframe") == str(timeframe)))
    if venue is None and not mine.is_empty():
        venue = min(mine["venue"].unique().to_list(), key=preference)
    if venue is not None:
        mine = mine.filter(pl.col("venue") == venue).sort("event_time")
    if mine.is_empty():
        where = f" on {venue}" if venue else ""
        raise NoData(f"no {timeframe} bars of {symbol}{where}", "at least one", "see: alphaloop data audit")
    opens, now = _us(mine, "event_time"), _us(mine, "available_at")
    if not bool(np.all(np.diff(now) > 0)) or not bool(np.all(np.diff(opens) > 0)):
        late = int(np.argmax((np.diff(now) <= 0) | (np.diff(opens) <= 0)))
        raise UnsortedData(
            f"bars of {symbol} at {iso(int(opens[late + 1]))} known before those that opened earlier",
            "bars available in the order they open, each once",
            "see: alphaloop data audit",
        )
    made = any(bool(frame["is_synthetic"].any()) for name, frame in rows.items() if name != BARS)
    rates = _about(frames, "funding_rates", symbol).filter((pl.col("symbol") == symbol) & (pl.col("venue") == venue))
    return Own(
        symbol,
        str(venue),
        timeframe,
        opens,
        now,
        _bars(mine, opens, rates, timeframe),
        mine["is_synthetic"].to_numpy() | made,
        rows,
    )


def _bars(mine: pl.DataFrame, opens: Ints, rates: pl.DataFrame, timeframe: Timeframe) -> Floats:
    """Bars as kernels take them: (7, n)."""
    bars = np.empty((RETURN + 1, len(opens)))
    for row, name in enumerate(BAR_COLUMNS[:FUNDING]):
        bars[row] = mine[name].to_numpy()
    bars[FUNDING] = paid(opens, _us(rates, "event_time"), rates["rate"].to_numpy(), timeframe)
    bars[RETURN, 0] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        bars[RETURN, 1:] = bars[CLOSE, 1:] / bars[CLOSE, :-1] - 1.0
    return bars


def _about(frames: Mapping[str, pl.DataFrame], table: str, symbol: str) -> pl.DataFrame:
    return about(declared(frames[table], table), symbol) if table in frames else TABLES[table].empty()


def declared(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """The frame with the table's columns and types; those that may be left out are null.

    Raises
    ------
    SchemaViolation
        If a column is missing, unknown, or of another type.
    """
    names, kinds = _columns_of(table)
    return frame if frame.columns == names and frame.dtypes == kinds else conform(frame, TABLES[table], 0)


@cache
def _columns_of(table: str) -> tuple[list[str], list[pl.DataType]]:
    return list(TABLES[table].names), list(TABLES[table].dtypes.values())


def about(frame: pl.DataFrame, symbol: str) -> pl.DataFrame:
    """Rows that speak of the symbol or of none."""
    if "symbol" not in frame.columns:
        return frame
    names = names_in(symbol)
    if len(frame) <= _FEW and all(one in names for one in frame["symbol"].to_list()):
        return frame
    mine = told(frame["symbol"], names.__contains__).astype(np.bool_)
    return frame if mine.all() else frame.filter(pl.Series(mine))


def about_each(frame: pl.DataFrame, symbols: Sequence[str]) -> list[pl.DataFrame]:
    """:func:`about` for each of several symbols, with one look at the rows.

    Examples
    --------
    >>> rows = pl.DataFrame({"symbol": ["B", "A", "MARKET", "B"], "row": [0, 1, 2, 3]})
    >>> [mine["row"].to_list() for mine in about_each(rows, ["A", "B", "C"])]
    [[1, 2], [0, 2, 3], [2]]
    """
    if len(symbols) == 1 or "symbol" not in frame.columns:
        return [about(frame, symbol) for symbol in symbols]
    places: dict[str, list[int]] = {}
    for place, text in enumerate(frame["symbol"].to_list()):
        places.setdefault(text, []).append(place)
    together = frame[[place for mine in places.values() for place in mine]]  # those of one name side by side
    firsts = dict(zip(places, np.cumsum([0, *map(len, places.values())]).tolist(), strict=False))
    found = []
    for symbol in symbols:
        named = [name for name in names_in(symbol) if name in places]
        if len(named) == 1:
            found.append(together.slice(firsts[named[0]], len(places[named[0]])))
        else:
            found.append(frame[sorted(place for name in named for place in places[name])])
    return found


def ordered(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """By ``available_at``, ``event_time``, key: the order families are promised."""
    if len(frame) <= 1:
        return frame
    order = [*_ORDER, *(name for name in TABLES[table].key if name not in _ORDER)]
    return frame if _ascends(frame, order[2:]) else frame.sort(order, maintain_order=True)


def _ascends(frame: pl.DataFrame, keys: list[str]) -> bool:
    """Whether each row is later than the one before; of few rows, whether times and keys are in order."""
    times = [_us(frame, name) for name in _ORDER]
    known, event = (one[1:] - one[:-1] for one in times)
    if ((known > 0) | ((known == 0) & (event > 0))).all():
        return True
    if len(frame) > _FEW:
        return False
    rows = list(zip(*(one.tolist() for one in times), *(frame[name].to_list() for name in keys), strict=True))
    return rows == sorted(rows)


def between(frame: pl.DataFrame, oldest: int, newest: int) -> pl.DataFrame:
    """Rows of an ordered frame with ``oldest <= available_at <= newest``, microseconds UTC."""
    known = _us(frame, "available_at")
    first, stop = int(known.searchsorted(oldest, "left")), int(known.searchsorted(newest, "right"))
    return frame.slice(first, stop - first)


def _us(frame: pl.DataFrame, name: str) -> Ints:
    times: Ints = frame[name].to_numpy().view(np.int64)  # the lake keeps microseconds
    return times


def columns(own: Own, schema: Schema, first: int = 0, run: Running | None = None) -> tuple[Floats, Bools]:
    """Every feature of the schema at the symbol's bars from ``first`` on.

    Parameters
    ----------
    own : Own
        n bars, from the first there is.
    schema : Schema
        F features of any kind.
    first : int
        Rows before it are only remembered.
    run : Running, optional
        Of :func:`running`, where the bars before ``first`` went through it already.

    Returns
    -------
    values : float array, shape (F, n - first)
        NaN where not known.
    mask : bool array, shape (F, n - first)
    """
    values = np.full((len(schema.names), len(own) - first), np.nan)
    mask = np.zeros(values.shape, dtype=np.bool_)
    places = [k for k, one in enumerate(schema.features) if isinstance(one.kernel, Family)]
    (run or running(own, schema)).to(len(own), first, values, np.array(places, dtype=np.int64))
    mask[places] = True
    for family in schema.sources:
        _from_source(_facts(own, family, first), family, schema, values, mask)
    _settle(values, mask)
    return values, mask


def _from_source(facts: SymbolFacts, family: SourceFamily, schema: Schema, values: Floats, mask: Bools) -> None:
    """Let a family write its columns; in place where the schema has all of them side by side."""
    places = {one.part: k for k, one in enumerate(schema.features) if one.kernel is family}
    start, count = places.get(0, 0), len(family.declared)
    if places == dict(enumerate(range(start, start + count))):
        family.compute(facts, values[start : start + count], mask[start : start + count])
        return
    made, known = compute_source(family, facts)
    for part, k in places.items():
        values[k], mask[k] = made[part], known[part]


def compute_source(family: SourceFamily, facts: SymbolFacts) -> tuple[Floats, Bools]:
    """What one family says at every decision time that is asked for: values and mask, both (columns, n - first)."""
    shape = (len(family.declared), len(facts.asked))
    values, mask = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
    family.compute(facts, values, mask)
    return values, mask


def running(own: Own, schema: Schema) -> Running:
    """The run of a schema's features of bars, to be handed on from stretch to stretch of a symbol."""
    made = [one for one in schema.features if isinstance(one.kernel, Family)]
    reach = max((one.lookback for one in made), default=0) + 1
    return Running(plan(tuple(made)), reach, own.opens, own.bars, longest_hole_us(own.timeframe))


@compiled
def _settle(values: Floats, mask: Bools) -> None:
    """What is not known, or not finite, becomes NaN, and its mask false."""
    for k in range(values.shape[0]):
        for i in range(values.shape[1]):
            mask[k, i] = mask[k, i] and np.isfinite(values[k, i])
            if not mask[k, i]:
                values[k, i] = np.nan


def _facts(own: Own, family: SourceFamily, first: int) -> SymbolFacts:
    """What a source family needs for the rows from ``first`` on: those rows, and its memory."""
    begin = max(0, first - family.memory_bars)
    oldest, newest = int(own.now[begin]) - family.memory_us, int(own.now[-1])
    tables = {name: between(frame, oldest, newest) for name, frame in own.tables.items()}
    bars = np.ascontiguousarray(own.bars[:, begin:])
    return SymbolFacts(own.symbol, own.timeframe, own.now[begin:], bars, tables, own.venue, first - begin)
