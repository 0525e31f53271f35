"""Derivatives: funding, open interest, positioning and basis, as last published.

Slow facts: a value holds until the next is known, its age grows beside it, and past
``stale`` it is unknown again. Changes and ranks are taken between publications, so they
do not decay as bars go by. A perpetual's figures serve its venue's spot market too.
Ages count from ``available_at`` and go on for ``seen`` after a source has stopped.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from alphaloop.core.market import CLOSE, Bools, Floats, Ints
from alphaloop.core.time import DAY_US, HOUR_US, Timeframe
from alphaloop.features.asof import as_of
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.sources.series import (
    Series,
    age_hours,
    floats,
    fresh,
    held,
    instants,
    read,
    rows_of,
    series,
    write,
)
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

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask`` (columns, n); NaN and false where not known."""
        columns = {
            **self._funding(facts),
            **self._interest(facts),
            **self._figures(facts),
            **_perp_basis(facts),
        }
        write(self.declared, columns, values, mask)

    def _funding(self, facts: SymbolFacts) -> dict[str, Floats]:
        config, now = self.config, facts.now
        rates = series(
            _own(facts, "funding_rates", memory=self.memory_us), "rate", "interval_hours", within=config.stale
        )
        rate, hours = rates.values
        standard = rate * (STANDARD_HOURS / hours)
        change = np.full(len(rates), np.nan)
        change[1:] = np.where(np.diff(rates.available) < config.reach, np.diff(standard), np.nan)
        index = fresh(rates.available, now, config.stale)
        window = (config.ranked, config.reach, config.least)
        ranks = percentile(read(index), rates.available, rates.event, standard, *window)
        return {
            "funding_rate": held(rate, index),
            "funding_rate_8h": held(standard, index),
            "funding_change": held(change, index),
            "funding_percentile_30d": held(ranks, index),
            "funding_time_to_next": _time_to_next(rates, index, now),
            "funding_age": age_hours(rates.available, now, config.seen),
            "funding_missing_flag": (index < 0).astype(np.float64),
        }

    def _interest(self, facts: SymbolFacts) -> dict[str, Floats]:
        config = self.config
        rows = series(_own(facts, "open_interest", memory=self._short), "oi_base", "oi_usd", within=config.stale)
        index = fresh(rows.available, facts.now, config.stale)
        columns = {
            "oi_base": held(rows.values[0], index),
            "oi_usd": held(rows.values[1], index),
            "oi_age": age_hours(rows.available, facts.now, config.seen),
        }
        for name, back in config.deltas.items():
            before = earlier(read(index), rows.available, rows.event, back, 2 * back + config.stale)
            columns[f"oi_delta_{name}"] = held(_growth(rows, before), index)
        return columns

    def _figures(self, facts: SymbolFacts) -> dict[str, Floats]:
        columns, table = {}, _own(facts, "derivatives", memory=self._short)
        by_metric = {} if table.is_empty() else table.partition_by("metric", as_dict=True)
        for metric in METRICS:
            rows = series(by_metric.get((metric,), pl.DataFrame()), "value", within=self.config.stale)
            columns[metric] = held(rows.values[0], fresh(rows.available, facts.now, self.config.stale))
            columns[f"{metric}_age"] = age_hours(rows.available, facts.now, self.config.seen)
        return columns


def perpetual(venue: str) -> str:
    """The venue whose perpetuals stand beside a market: ``binance`` for ``binance-spot``."""
    return venue.removesuffix("-spot")


def _own(facts: SymbolFacts, table: str, where: pl.Expr | None = None, memory: int | None = None) -> pl.DataFrame:
    """Rows of the symbol itself at its venue; of every venue where the venue is not known."""
    own = pl.col("symbol") == facts.symbol
    if facts.venue:
        own &= pl.col("venue") == perpetual(facts.venue)
    return rows_of(facts, table, own if where is None else own & where, memory)


def _time_to_next(rates: Series, index: Ints, now: Ints) -> Floats:
    """Hours to the next settlement on the schedule of the last one, also when some were missed."""
    interval = held(np.rint(rates.values[1] * HOUR_US), index)
    # Whole minutes: venues stamp a settlement some milliseconds after the instant it is due.
    settled = held((rates.event - rates.event % (HOUR_US // 60)).astype(np.float64), index)
    since = now.astype(np.float64) - settled
    return (interval - np.mod(since, interval)) / HOUR_US


def _growth(rows: Series, before: Ints) -> Floats:
    """``x / x_before - 1`` in base units where both rows state them, else in USD; (m,)."""
    growth = np.full(len(rows), np.nan)
    for held_by_row in rows.values[::-1]:  # USD first, then base over it
        past = held(held_by_row, before)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(past > 0.0, held_by_row / past - 1.0, np.nan)
        growth = np.where(np.isnan(ratio), growth, ratio)
    return growth


def _perp_basis(facts: SymbolFacts) -> dict[str, Floats]:
    """Close of the perpetual over the index, else spot, at the same instant; only where both are known."""
    close = facts.bars[CLOSE]
    basis, source = np.full(len(close), np.nan), np.zeros(len(close))
    if not facts.venue.endswith("-spot"):
        spot = (pl.col("symbol") == facts.symbol) & (pl.col("venue") == f"{facts.venue or 'binance'}-spot")
        last = facts.timeframe.us  # a candle that ends with the first bar was not known earlier than that bar's end
        references = (
            (INDEX, _own(facts, "prices", pl.col("kind") == "index", last)),
            (SPOT, rows_of(facts, "market_bars", spot, last)),
        )
        for code, frame in references:
            reference = _closing_with(facts, frame)
            taken = (source == NO_REFERENCE) & (reference > 0.0) & np.isfinite(close)
            basis[taken] = close[taken] / reference[taken] - 1.0
            source[taken] = code
    return {"perp_basis": basis, "perp_basis_source": source}


def _closing_with(facts: SymbolFacts, frame: pl.DataFrame) -> Floats:
    """Close of the candle that ends with the bar, of any timeframe; NaN if not known by then. (n,)"""
    if frame.is_empty():
        return np.full(len(facts.now), np.nan)
    lengths = {text: Timeframe.parse(text).us for text in frame["timeframe"].unique()}
    us = frame["timeframe"].replace_strict(lengths, return_dtype=pl.Int64).to_numpy()
    available, ends = instants(frame, "available_at"), instants(frame, "event_time") + us
    whole = np.flatnonzero(available >= ends)  # a candle known before its end was still forming
    order = whole[np.lexsort((-available[whole], ends[whole]))]  # of equal ends the one known first stands last
    place = as_of(ends[order], _ends(facts))
    close = held(floats(frame, "close")[order], place)
    known = (held(ends[order].astype(np.float64), place) == _ends(facts)) & (
        held(available[order].astype(np.float64), place) <= facts.now
    )
    return np.where(known, close, np.nan)


def _ends(facts: SymbolFacts) -> Ints:
    """When each bar ended: the last multiple of the timeframe up to ``now``, (n,)."""
    return facts.now - facts.now % facts.timeframe.us


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
