"""On-chain: net flow to exchanges, when it was really published.

A figure of day D is known when the provider finished it, a day or six later; only
``available_at`` counts. Which metric is net inflow is configuration: the first candidate
that is fresh is taken, and which one is written beside it. Where only the two directions
are known, the flow is their difference, known when both are. Positive means coins move
to exchanges.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from alphaloop.core.market import Bools, Floats
from alphaloop.core.time import DAY_US, HOUR_US
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.sources.series import Series, age_hours, fresh, held, read, rows_of, series, write
from alphaloop.features.sources.symbols import names_of
from alphaloop.features.sources.trailing import score


@dataclass(frozen=True, slots=True)
class OnchainConfig:
    """Which figures are net inflow, and limits.

    Parameters
    ----------
    metrics : tuple of str
        Names of net flow, best first.
    pairs : tuple of (str, str)
        Names of inflow and outflow, tried after ``metrics``.
    scale : float, unit of the flow
        ``onchain_norm = tanh(flow / scale)``.
    stale : int, microseconds
        A figure that became known longer ago is unknown.
    seen : int, microseconds
        How long a source that stopped still has an age.
    window : int, microseconds
        Window of the z-score, by the day described.
    least : int
        Figures that window must hold.
    latest : int, microseconds
        Longest delay of publication allowed for within the window.
    """

    metrics: tuple[str, ...] = ("net_inflow", "netflow", "exchange_netflow")
    pairs: tuple[tuple[str, str], ...] = (("FlowInExUSD", "FlowOutExUSD"), ("FlowInExNtv", "FlowOutExNtv"))
    scale: float = 1e6
    stale: int = 7 * DAY_US
    seen: int = 30 * DAY_US
    window: int = 30 * DAY_US
    least: int = 10
    latest: int = 14 * DAY_US

    @property
    def reach(self) -> int:
        """How much earlier than a row those it is measured against may have become known."""
        return self.window + self.latest


@dataclass(frozen=True)
class Onchain:
    """The source family ``onchain``.

    Examples
    --------
    >>> family = Onchain()
    >>> [one.name for one in family.declared[:2]], family.memory_us // DAY_US
    (['onchain_norm', 'onchain_flow'], 65)
    """

    config: OnchainConfig = field(default_factory=OnchainConfig)

    @property
    def name(self) -> str:
        """Family name."""
        return "onchain"

    @property
    def tables(self) -> tuple[str, ...]:
        """Lake tables it reads, beside bars."""
        return ("onchain_signals",)

    @property
    def memory_us(self) -> int:
        """A row as old as may be, the window behind it, its other half, and whoever overtook one."""
        config = self.config
        return max(config.seen, config.stale + config.reach) + 2 * config.stale

    @property
    def memory_bars(self) -> int:
        """No bar is read."""
        return 0

    @cached_property
    def declared(self) -> tuple[Declared, ...]:
        """Its columns, in the order they are written."""
        config = self.config
        stale = f"no figure became known in the last {config.stale // DAY_US} d"
        gone = f"no figure became known in the last {config.seen // DAY_US} d"
        days = config.window // DAY_US
        names = " ".join([*config.metrics, *("-".join(pair) for pair in config.pairs)])
        rows = (
            ("onchain_norm", "-1 to 1", f"tanh(net inflow / {config.scale:g})", stale),
            ("onchain_flow", "by metric, USD or base", f"net inflow to exchanges: first fresh of {names}", stale),
            ("onchain_change", "by metric", "net inflow - of the figure before", f"{stale}, or none before it"),
            (f"onchain_z_{days}d", "standard deviations", f"(flow - mean) / std of the last {days} d, ddof 1",
             f"{stale}, fewer than {config.least} in the window, or all equal"),
            ("onchain_age", "hours", "now - available_at of the last figure", gone),
            ("onchain_lag", "hours", "available_at - event_time of that figure: how late it was published", stale),
            ("onchain_source", "place in the list, 0 none", "which of the names onchain_flow is", "never"),
            ("onchain_missing_flag", "0 or 1", "1 where onchain_flow is unknown", "never"),
        )  # fmt: skip
        inputs = ("onchain_signals.value",)
        return tuple(Declared(name, "onchain", unit, formula, inputs, missing) for name, unit, formula, missing in rows)

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask`` (columns, n); NaN and false where not known."""
        names = [one.name for one in self.declared]
        columns = {name: np.full(len(facts.now), np.nan) for name in names}
        columns["onchain_source"] = np.zeros(len(facts.now))
        for place, frame in self._candidates(facts):
            self._take(facts, place, series(frame, "value", within=self.config.stale), columns)
        columns["onchain_norm"] = np.tanh(columns["onchain_flow"] / self.config.scale)
        columns["onchain_missing_flag"] = np.isnan(columns["onchain_flow"]).astype(np.float64)
        write(self.declared, columns, values, mask)

    def _take(self, facts: SymbolFacts, place: int, rows: Series, columns: dict[str, Floats]) -> None:
        """Let a candidate speak where no better one did; the youngest age of those that are silent stands."""
        config, flow = self.config, rows.values[0]
        index = fresh(rows.available, facts.now, config.stale)
        taken = (columns["onchain_source"] == 0) & (index >= 0)
        columns["onchain_source"][taken] = place
        change = np.full(len(rows), np.nan)
        change[1:] = np.where(np.diff(rows.available) < config.reach, np.diff(flow), np.nan)
        window = (config.window, config.reach, config.least)
        deviations = score(read(index), rows.available, rows.event, flow, *window)
        lag = (rows.available - rows.event) / HOUR_US
        said = (("flow", flow), ("change", change), (self._score, deviations), ("lag", lag))
        for name, by_row in said:
            columns[f"onchain_{name}"][taken] = held(by_row, index)[taken]
        age, silent = age_hours(rows.available, facts.now, config.seen), columns["onchain_source"] == 0
        columns["onchain_age"][silent] = np.fmin(columns["onchain_age"], age)[silent]
        columns["onchain_age"][taken] = age[taken]

    @property
    def _score(self) -> str:
        return f"z_{self.config.window // DAY_US}d"

    def _candidates(self, facts: SymbolFacts) -> Iterator[tuple[int, pl.DataFrame]]:
        """Place in the list and rows of every candidate that has any."""
        config = self.config
        wanted = [*config.metrics, *(name for pair in config.pairs for name in pair)]
        own = pl.col("symbol").is_in(names_of(facts.symbol)) & pl.col("metric").is_in(wanted)
        table = rows_of(facts, "onchain_signals", own, self.memory_us)
        by_metric = {} if table.is_empty() else table.partition_by("metric", as_dict=True)
        for place, metric in enumerate(config.metrics, start=1):
            if (metric,) in by_metric:
                yield place, by_metric[metric,]
        for place, (inward, outward) in enumerate(config.pairs, start=1 + len(config.metrics)):
            if (inward,) in by_metric and (outward,) in by_metric:
                yield place, self._difference(by_metric[inward,], by_metric[outward,])

    def _difference(self, into: pl.DataFrame, outward: pl.DataFrame) -> pl.DataFrame:
        """Inflow less outflow of the same day, known when both are."""
        out = outward.select(
            "symbol", "event_time", pl.col("available_at").alias("other"), pl.col("value").alias("outflow")
        )
        apart = (pl.col("available_at") - pl.col("other")).abs() <= pl.duration(microseconds=self.config.stale)
        return (
            into.join(out, on=["symbol", "event_time"], how="inner")
            .filter(apart)
            .with_columns(pl.col("value") - pl.col("outflow"), pl.max_horizontal("available_at", "other"))
            .sort("available_at", "event_time", "symbol")
        )
