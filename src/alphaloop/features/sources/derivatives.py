"""Derivatives: funding, open interest, positioning and basis, as last published.

Slow facts: a value holds until the next is known, its age grows beside it, and past
``stale`` it is unknown again. Changes and ranks are taken between publications, so they
do not decay as bars go by. A perpetual's figures serve its venue's spot market too.
Ages count from ``available_at`` and go on for ``seen`` after a source has stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from alphaloop.core.market import CLOSE, Bools, Floats, Ints
from alphaloop.core.time import DAY_US, HOUR_US, Timeframe
from alphaloop.features.asof import NONE, as_of
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.sources.rows import Reader, Rows, Whose, floats, own, rows, told
from alphaloop.features.sources.series import ages, held, in_order, read, unless_older, write
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

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask`` (columns, n); NaN and false where not known."""
        columns = {
            **self._funding(facts),
            **self._interest(facts),
            **self._figures(facts),
            **self._perp_basis(facts),
        }
        write(self.declared, columns, values, mask)

    def _funding(self, facts: SymbolFacts) -> dict[str, Floats]:
        config, now = self.config, facts.asked
        rates = in_order(facts.read("funding_rates", _READERS["funding_rates"]), config.stale)
        rate, hours = rates["rate"], rates["hours"]
        standard = rate * (STANDARD_HOURS / hours)
        change = np.full(len(rates), np.nan)
        change[1:] = np.where(np.diff(rates.available) < config.reach, np.diff(standard), np.nan)
        index, spoken = self._newest(rates, now)
        window = (config.ranked, config.reach, config.least)
        ranks = percentile(read(index), rates.available, rates.event, standard, *window)
        return {
            "funding_rate": held(rate, index),
            "funding_rate_8h": held(standard, index),
            "funding_change": held(change, index),
            "funding_percentile_30d": held(ranks, index),
            "funding_time_to_next": _time_to_next(rates, index, now),
            "funding_age": ages(spoken, rates.available, now),
            "funding_missing_flag": (index < 0).astype(np.float64),
        }

    def _interest(self, facts: SymbolFacts) -> dict[str, Floats]:
        config, now = self.config, facts.asked
        known = in_order(self._lately(facts, "open_interest"), config.stale)
        index, spoken = self._newest(known, now)
        columns = {
            "oi_base": held(known["base"], index),
            "oi_usd": held(known["usd"], index),
            "oi_age": ages(spoken, known.available, now),
        }
        at = read(index)
        for name, back in config.deltas.items():
            before = earlier(at, known.available, known.event, back, 2 * back + config.stale)
            columns[f"oi_delta_{name}"] = held(_growth(known, before), index)
        return columns

    def _figures(self, facts: SymbolFacts) -> dict[str, Floats]:
        columns, table, now = {}, self._lately(facts, "derivatives"), facts.asked
        for place, metric in enumerate(METRICS):
            known = in_order(table.where(table["metric"] == place), self.config.stale)
            index, spoken = self._newest(known, now)
            columns[metric], columns[f"{metric}_age"] = held(known["value"], index), ages(spoken, known.available, now)
        return columns

    def _newest(self, known: Rows, now: Ints) -> tuple[Ints, Ints]:
        """The newest row at each ``now`` where it still holds, and where it still has an age."""
        index = as_of(known.available, now)
        still = (self.config.stale, self.config.seen)
        holds, spoken = (unless_older(index, known.available, now, limit) for limit in still)
        return holds, spoken

    def _lately(self, facts: SymbolFacts, table: str) -> Rows:
        """Rows of the shorter memory."""
        known = facts.read(table, _READERS[table])
        return known.since(facts.asked[0] - self._short) if len(facts.asked) else known

    def _perp_basis(self, facts: SymbolFacts) -> dict[str, Floats]:
        """Close of the perpetual over the index, else spot, at the same instant; only where both are known."""
        close = facts.bars[CLOSE, facts.first :]
        basis, source = np.full(len(close), np.nan), np.zeros(len(close))
        if not facts.venue.endswith("-spot"):
            for code, table in ((INDEX, "prices"), (SPOT, "market_bars")):
                reference = _closing_with(facts, facts.read(table, _READERS[table]))
                taken = (source == NO_REFERENCE) & (reference > 0.0) & np.isfinite(close)
                basis[taken] = close[taken] / reference[taken] - 1.0
                source[taken] = code
        return {"perp_basis": basis, "perp_basis_source": source}


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


def _time_to_next(rates: Rows, index: Ints, now: Ints) -> Floats:
    """Hours to the next settlement on the schedule of the last one, also when some were missed."""
    interval = held(np.rint(rates["hours"] * HOUR_US), index)
    # Whole minutes: venues stamp a settlement some milliseconds after the instant it is due.
    settled = held((rates.event - rates.event % (HOUR_US // 60)).astype(np.float64), index)
    since = now.astype(np.float64) - settled
    return (interval - np.mod(since, interval)) / HOUR_US


def _growth(figures: Rows, before: Ints) -> Floats:
    """``x / x_before - 1`` in base units where both rows state them, else in USD; (m,)."""
    growth = np.full(len(figures), np.nan)
    for held_by_row in (figures["usd"], figures["base"]):  # USD first, then base over it
        past = held(held_by_row, before)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(past > 0.0, held_by_row / past - 1.0, np.nan)
        growth = np.where(np.isnan(ratio), growth, ratio)
    return growth


def _closing_with(facts: SymbolFacts, candles: Rows) -> Floats:
    """Close of the candle that ends with the bar, of any timeframe; NaN if not known by then. (n,)"""
    now = facts.asked
    if len(now):  # one that ends with the first bar was not known earlier than that bar's end
        candles = candles.since(now[0] - facts.timeframe.us)
    ends = now - now % facts.timeframe.us
    order = np.lexsort((-candles.available, candles["end"]))  # of equal ends the one known first stands last
    place = as_of(candles["end"][order], ends)
    close = held(candles["close"][order], place)
    known = (held(candles["end"][order].astype(np.float64), place) == ends) & (
        held(candles.available[order].astype(np.float64), place) <= now
    )
    return np.where(known, close, np.nan)


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
