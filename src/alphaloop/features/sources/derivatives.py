"""Derivatives: funding, open interest, positioning and basis, as last published.

Slow facts: a value holds until the next is known, its age grows beside it, and past
``stale`` it is unknown again. Changes and ranks are taken between publications, so they
do not decay as bars go by. A perpetual's figures serve its venue's spot market too.
Ages count from ``available_at`` and go on for ``seen`` after a source has stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl

from alphaloop.core.market import CLOSE, Bools, Floats, Ints
from alphaloop.core.time import DAY_US, HOUR_US, Timeframe
from alphaloop.features.asof import NONE
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.family import compiled
from alphaloop.features.sources.rows import Reader, Rows, Whose, floats, own, rows, told
from alphaloop.features.sources.series import forward, settle
from alphaloop.features.sources.symbols import perpetual
from alphaloop.features.sources.trailing import earlier, percentile

METRICS = (
    "long_short_ratio_global_accounts",
    "long_short_ratio_top_accounts",
    "long_short_ratio_top_positions",
    "taker_buy_sell_ratio",
    "basis_rate",
    "annualized_basis_rate",
)
"""Names in the table ``derivatives``, and of the features made of them."""

STANDARD_HOURS = 8  # funding of other intervals is scaled to it, or rates do not compare
NO_REFERENCE, INDEX, SPOT = 0, 1, 2  # of ``perp_basis_source``
FUNDING_COLUMNS = 7


@dataclass(frozen=True, slots=True)
class DerivativesConfig:
    """Windows and limits.

    Parameters
    ----------
    stale : int, microseconds
        A figure that became known longer ago is unknown: three missed settlements of 8 h.
    seen : int, microseconds
        How long a source that stopped still has an age.
    ranked : int, microseconds
        Window of the funding percentile.
    least : int
        Settlements that window must hold.
    deltas : mapping of name to microseconds
        Horizons of the change of open interest.
    """

    stale: int = DAY_US
    seen: int = 8 * DAY_US
    ranked: int = 30 * DAY_US
    least: int = 10
    deltas: dict[str, int] = field(default_factory=lambda: {"1h": HOUR_US, "4h": 4 * HOUR_US, "24h": DAY_US})

    @property
    def reach(self) -> int:
        """How much earlier than a row those it is measured against may have become known."""
        return self.ranked + self.stale


@dataclass(frozen=True)
class Derivatives:
    """The source family ``derivatives``.

    Examples
    --------
    >>> family = Derivatives()
    >>> [one.name for one in family.declared[:3]], family.memory_us // DAY_US
    (['funding_rate', 'funding_rate_8h', 'funding_change'], 33)
    """

    config: DerivativesConfig = field(default_factory=DerivativesConfig)

    @property
    def name(self) -> str:
        """Family name."""
        return "derivatives"

    @property
    def tables(self) -> tuple[str, ...]:
        """Lake tables it reads, beside bars."""
        return ("funding_rates", "open_interest", "derivatives", "prices")

    @property
    def memory_us(self) -> int:
        """A row as old as may be, the window behind it, and whoever may have overtaken a row of that."""
        return max(self._short, self.config.stale + self.config.reach + self.config.stale)

    @property
    def _short(self) -> int:
        """Memory of what is not ranked over a month."""
        config = self.config
        return max(config.seen, 2 * config.stale + 2 * max(config.deltas.values())) + config.stale

    @property
    def memory_bars(self) -> int:
        """No earlier bar is read."""
        return 0

    @cached_property
    def declared(self) -> tuple[Declared, ...]:
        """Its columns, in the order they are written."""
        return (*_funding_declared(self.config), *_interest_declared(self.config), *_figures_declared(self.config))

    @property
    def readers(self) -> Mapping[str, Reader]:
        """Rows of the symbol's perpetual; candles of its index, and of its spot market."""
        return _READERS

    @cached_property
    def _limits(self) -> "_Limits":
        config = self.config
        return _Limits(config.stale, config.seen, config.ranked, config.reach, config.least)

    @cached_property
    def _backs(self) -> Ints:
        return np.array(list(self.config.deltas.values()), dtype=np.int64)

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask`` (columns, n); NaN and false where not known."""
        now, limits = facts.asked, self._limits
        rates = facts.read("funding_rates", _READERS["funding_rates"])
        _funding(_series(rates, "rate", "hours"), now, limits, values[:FUNDING_COLUMNS])
        interest, figures = self._lately(facts, "open_interest"), self._lately(facts, "derivatives")
        stop = FUNDING_COLUMNS + 3 + len(self._backs)
        _interest(_series(interest, "base", "usd"), now, self._backs, limits, values[FUNDING_COLUMNS:stop])
        _figures(_series(figures, "value"), figures["metric"], now, limits, values[stop:-2])
        self._perp_basis(facts, values[-2], values[-1])
        settle(values, mask)

    def _lately(self, facts: SymbolFacts, table: str) -> Rows:
        """Rows of the shorter memory."""
        known = facts.read(table, _READERS[table])
        return known.since(facts.asked[0] - self._short) if len(facts.asked) else known

    def _perp_basis(self, facts: SymbolFacts, basis: Floats, source: Floats) -> None:
        """Close of the perpetual over the index, else spot, at the same instant; only where both are known."""
        now, close = facts.asked, facts.bars[CLOSE, facts.first :]
        basis[:], source[:] = np.nan, NO_REFERENCE
        if facts.venue.endswith("-spot"):
            return
        for code, table in ((INDEX, "prices"), (SPOT, "market_bars")):
            candles = facts.read(table, _READERS[table])
            if len(now):  # one that ends with the first bar was not known earlier than that bar's end
                candles = candles.since(now[0] - facts.timeframe.us)
            ended = _Series(candles.available, candles["end"], candles["close"], candles["close"])
            _against(ended, close, now, facts.timeframe.us, code, basis, source)


class _Limits(NamedTuple):
    """Of :class:`DerivativesConfig`, for compiled code."""

    stale: int
    seen: int
    ranked: int
    reach: int
    least: int


class _Series(NamedTuple):
    """m rows in the order they became known, and two columns of them, or one twice."""

    available: Ints
    event: Ints
    one: Floats
    other: Floats


def _series(rows: Rows, *names: str) -> _Series:
    return _Series(rows.available, rows.event, rows[names[0]], rows[names[-1]])


@compiled
def _in_order(series: _Series, within: int) -> _Series:
    """Without late corrections, as :func:`alphaloop.features.sources.series.in_order`."""
    kept = forward(series.available, series.event, within)
    if kept.all():
        return series
    return _Series(series.available[kept], series.event[kept], series.one[kept], series.other[kept])


@compiled
def _newest(available: Ints, now: Ints, limit: int) -> tuple[Ints, Ints]:
    """The newest row known at each ``now``, (n,), -1 for none; and those not older than ``limit``, each once."""
    index, read = np.full(len(now), NONE), np.empty(min(len(now), len(available)), dtype=np.int64)
    row, count = NONE, 0
    for i in range(len(now)):
        while row + 1 < len(available) and available[row + 1] <= now[i]:
            row += 1
        index[i] = row
        if row != NONE and now[i] - available[row] <= limit and (count == 0 or read[count - 1] != row):
            read[count] = row
            count += 1
    return index, read[:count]


@compiled
def _funding(rates: _Series, now: Ints, limits: _Limits, out: Floats) -> None:
    """The columns of :func:`_funding_declared`; ``rates`` holds rate and hours."""
    rates = _in_order(rates, limits.stale)
    available, event, hours = rates.available, rates.event, rates.other
    standard = rates.one * (STANDARD_HOURS / hours)
    index, read = _newest(available, now, limits.stale)
    ranks = percentile(read, available, event, standard, limits.ranked, limits.reach, limits.least)
    out[:] = np.nan
    for i in range(len(now)):
        j = index[i]
        age = now[i] - available[j] if j >= 0 else limits.seen + 1
        holds = j >= 0 and age <= limits.stale
        if holds:
            out[0, i], out[1, i], out[3, i] = rates.one[j], standard[j], ranks[j]
            if j > 0 and available[j] - available[j - 1] < limits.reach:
                out[2, i] = standard[j] - standard[j - 1]
            out[4, i] = _time_to_next(event[j], hours[j], now[i])
        if age <= limits.seen:
            out[5, i] = age / HOUR_US
        out[6, i] = 0.0 if holds else 1.0


@compiled
def _time_to_next(event: int, hours: float, now: int) -> float:
    """Hours to the next settlement on the schedule of the last one, also when some were missed."""
    interval = np.rint(hours * HOUR_US)
    # Whole minutes: venues stamp a settlement some milliseconds after the instant it is due.
    settled = event - event % (HOUR_US // 60)
    return float((interval - np.mod(float(now - settled), interval)) / HOUR_US)


@compiled
def _interest(figures: _Series, now: Ints, backs: Ints, limits: _Limits, out: Floats) -> None:
    """The columns of :func:`_interest_declared`; ``figures`` holds base and USD."""
    figures, last = _in_order(figures, limits.stale), len(backs) + 2
    available, event = figures.available, figures.event
    index, read = _newest(available, now, limits.stale)
    growth = np.full((len(backs), len(available)), np.nan)
    for k in range(len(backs)):
        before = earlier(read, available, event, backs[k], 2 * backs[k] + limits.stale)
        for j in read:
            growth[k, j] = _growth(figures, j, before[j])
    out[:] = np.nan
    for i in range(len(now)):
        j = index[i]
        age = now[i] - available[j] if j >= 0 else limits.seen + 1
        if j >= 0 and age <= limits.stale:
            out[0, i], out[1, i] = figures.one[j], figures.other[j]
            for k in range(len(backs)):
                out[2 + k, i] = growth[k, j]
        if age <= limits.seen:
            out[last, i] = age / HOUR_US


@compiled
def _growth(figures: _Series, row: int, before: int) -> float:
    """``x / x_before - 1`` in base units where both rows state them, else in USD."""
    if before < 0:
        return np.nan
    base, usd = np.nan, np.nan
    if figures.one[before] > 0.0:
        base = figures.one[row] / figures.one[before] - 1.0
    if figures.other[before] > 0.0:
        usd = figures.other[row] / figures.other[before] - 1.0
    return usd if np.isnan(base) else base


@compiled
def _figures(figures: _Series, metric: Ints, now: Ints, limits: _Limits, out: Floats) -> None:
    """The value and the age of each of :data:`METRICS` in turn; the rows of all of them come mixed."""
    first = 0
    if len(now) == 1:  # rows that may be fresh, and those that may have overtaken them
        first = np.searchsorted(figures.available, now[0] - 2 * limits.stale)
    for place in range(len(METRICS)):
        made = out[2 * place : 2 * place + 2]
        _figure(figures, np.flatnonzero(metric[first:] == place) + first, now, limits, made)
        if first > 0 and np.isnan(made[0, 0]):
            _figure(figures, np.flatnonzero(metric == place), now, limits, made)


@compiled
def _figure(figures: _Series, rows: Ints, now: Ints, limits: _Limits, out: Floats) -> None:
    """Value and age (2, n) of the figure that ``rows`` tell of."""
    out[:] = np.nan
    mine = _Series(figures.available[rows], figures.event[rows], figures.one[rows], figures.other[rows])
    mine = _in_order(mine, limits.stale)
    index, _ = _newest(mine.available, now, limits.stale)
    for i in range(len(now)):
        age = now[i] - mine.available[index[i]] if index[i] >= 0 else limits.seen + 1
        if index[i] >= 0 and age <= limits.stale:
            out[0, i] = mine.one[index[i]]
        if age <= limits.seen:
            out[1, i] = age / HOUR_US


def _perpetuals(frame: pl.DataFrame, whose: Whose) -> Bools:
    """Rows of the symbol itself at its venue; of every venue where the venue is not known."""
    return own(frame, symbol=whose.symbol, venue=perpetual(whose.venue))


def _read_funding(frame: pl.DataFrame, whose: Whose) -> Rows:
    rate, hours = floats(frame, "rate"), floats(frame, "interval_hours")
    return rows(frame, _perpetuals(frame, whose), rate=rate, hours=hours)


def _read_interest(frame: pl.DataFrame, whose: Whose) -> Rows:
    return rows(frame, _perpetuals(frame, whose), base=floats(frame, "oi_base"), usd=floats(frame, "oi_usd"))


def _read_figures(frame: pl.DataFrame, whose: Whose) -> Rows:
    metric = told(frame["metric"], lambda name: METRICS.index(name) if name in METRICS else NONE)
    kept = _perpetuals(frame, whose) & (metric != NONE)
    return rows(frame, kept, metric=metric, value=floats(frame, "value"))


def _read_index(frame: pl.DataFrame, whose: Whose) -> Rows:
    return _candles(frame, _perpetuals(frame, whose) & own(frame, kind="index"))


def _read_spot(frame: pl.DataFrame, whose: Whose) -> Rows:
    return _candles(frame, own(frame, symbol=whose.symbol, venue=f"{whose.venue or 'binance'}-spot"))


def _candles(frame: pl.DataFrame, kept: Bools) -> Rows:
    """When each candle ended, and its close; one known before its end was still forming."""
    length = told(frame["timeframe"], lambda text: Timeframe.parse(text).us, kept)
    made = rows(frame, kept, length=length, close=floats(frame, "close"))
    made = made.where(made.available >= made.event + made["length"])
    return Rows({**made.columns, "end": made.event + made["length"]})


_READERS = {
    "funding_rates": Reader(_read_funding),
    "open_interest": Reader(_read_interest),
    "derivatives": Reader(_read_figures),
    "prices": Reader(_read_index),
    "market_bars": Reader(_read_spot),
}


@compiled
def _against(candles: _Series, close: Floats, now: Ints, length: int, code: int, basis: Floats, source: Floats) -> None:
    """Set the basis against the candles that end with each bar, of any timeframe, where it is not known yet.

    ``event`` of the candles is their end; of those with one end the one known first counts, if known by then.
    """
    known, end, place = candles.available, candles.event, 0
    order = np.argsort(end, kind="mergesort")  # of equal ends the one known first comes first
    for i in range(len(now)):
        wanted = now[i] - now[i] % length
        while place < len(order) and end[order[place]] < wanted:
            place += 1
        if place == len(order) or end[order[place]] != wanted or known[order[place]] > now[i]:
            continue
        last = place  # of rows known at once the last counts
        while (
            last + 1 < len(order) and end[order[last + 1]] == wanted and known[order[last + 1]] == known[order[place]]
        ):
            last += 1
        reference = candles.one[order[last]]
        if source[i] == NO_REFERENCE and reference > 0.0 and np.isfinite(close[i]):
            basis[i], source[i] = close[i] / reference - 1.0, code


def _hours(us: int) -> int:
    return us // HOUR_US


def _declare(name: str, unit: str, formula: str, missing: str, *inputs: str) -> Declared:
    return Declared(name, "derivatives", unit, formula, inputs, missing)


def _funding_declared(config: DerivativesConfig) -> tuple[Declared, ...]:
    rate = ("funding_rates.rate", "funding_rates.interval_hours")
    stale = f"no settlement in the last {_hours(config.stale)} h"
    gone = f"no settlement in the last {_hours(config.seen)} h"
    days, least = config.ranked // DAY_US, config.least
    return (
        _declare("funding_rate", "fraction of notional", "rate of the last settlement, as published", stale, rate[0]),
        _declare("funding_rate_8h", "fraction of notional per 8 h", "rate * 8 / interval_hours", stale, *rate),
        _declare("funding_change", "fraction of notional per 8 h", "funding_rate_8h - of the settlement before",
                 f"{stale}, or none before it", *rate),
        _declare("funding_percentile_30d", "fraction 0-1",
                 f"rank of funding_rate_8h in the last {days} d of settlements, (below + equal / 2) / count",
                 f"{stale}, or fewer than {least} in the window", *rate),
        _declare("funding_time_to_next", "hours", "time to the next multiple of the interval since the settlement",
                 stale, rate[1]),
        _declare("funding_age", "hours", "now - available_at of the last settlement", gone, rate[0]),
        _declare("funding_missing_flag", "0 or 1", "1 where funding_rate is unknown", "never", rate[0]),
    )  # fmt: skip


def _interest_declared(config: DerivativesConfig) -> tuple[Declared, ...]:
    inputs = ("open_interest.oi_base", "open_interest.oi_usd")
    stale = f"no figure in the last {_hours(config.stale)} h"
    unstated = f"{stale}, or not stated in this unit"
    return (
        _declare("oi_base", "base", "open contracts", unstated, inputs[0]),
        _declare("oi_usd", "USD", "value of the open contracts", unstated, inputs[1]),
        *(
            _declare(f"oi_delta_{name}", "fraction", f"oi / oi_{name}_before - 1; base where both state it, else USD",
                     f"{stale}, or none {name} to twice {name} before it", *inputs)
            for name in config.deltas
        ),
        _declare("oi_age", "hours", "now - available_at of the last figure",
                 f"no figure in the last {_hours(config.seen)} h", inputs[0]),
    )  # fmt: skip


def _figures_declared(config: DerivativesConfig) -> tuple[Declared, ...]:
    stale = f"not published in the last {_hours(config.stale)} h"
    gone = f"not published in the last {_hours(config.seen)} h"
    unit = dict.fromkeys(METRICS, "longs per short") | {"taker_buy_sell_ratio": "buys per sell"}
    unit |= {"basis_rate": "fraction of index", "annualized_basis_rate": "fraction of index per year"}
    pairs = [
        (_declare(metric, unit[metric], "as published", stale, f"derivatives.{metric}"),
         _declare(f"{metric}_age", "hours", "now - available_at of the last figure", gone, f"derivatives.{metric}"))
        for metric in METRICS
    ]  # fmt: skip
    references = ("market_bars.close", "prices.close")
    return (
        *(one for pair in pairs for one in pair),
        _declare("perp_basis", "fraction of index", "close / index close at the same instant - 1; else spot",
                 "no index or spot candle ends with the bar, or the market is spot itself", *references),
        _declare("perp_basis_source", "0 none, 1 index, 2 spot", "what perp_basis is against", "never", *references),
    )  # fmt: skip
