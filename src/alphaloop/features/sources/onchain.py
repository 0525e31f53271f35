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

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import DAY_US, HOUR_US
from alphaloop.features.asof import NONE
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.sources.rows import Reader, Rows, Whose, floats, rows, told
from alphaloop.features.sources.series import age_hours, fresh, held, in_order, read, write
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

    @cached_property
    def readers(self) -> dict[str, Reader]:
        """Figures of the coin by any name that this family knows."""
        return {"onchain_signals": Reader(self._read)}

    def _read(self, frame: pl.DataFrame, whose: Whose) -> Rows:
        called, wanted = sorted(names_of(whose.symbol)), self._wanted
        name = told(frame["symbol"], lambda text: called.index(text) if text in called else NONE)
        metric = told(frame["metric"], lambda text: wanted.index(text) if text in wanted else NONE)
        return rows(frame, (name != NONE) & (metric != NONE), name=name, metric=metric, value=floats(frame, "value"))

    @property
    def _wanted(self) -> tuple[str, ...]:
        return (*self.config.metrics, *(name for pair in self.config.pairs for name in pair))

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask`` (columns, n); NaN and false where not known."""
        now = facts.asked
        columns = {one.name: np.full(len(now), np.nan) for one in self.declared}
        columns["onchain_source"] = np.zeros(len(now))
        for place, candidate in self._candidates(facts):
            self._take(now, place, in_order(candidate, self.config.stale), columns)
        columns["onchain_norm"] = np.tanh(columns["onchain_flow"] / self.config.scale)
        columns["onchain_missing_flag"] = np.isnan(columns["onchain_flow"]).astype(np.float64)
        write(self.declared, columns, values, mask)

    def _take(self, now: Ints, place: int, known: Rows, columns: dict[str, Floats]) -> None:
        """Let a candidate speak where no better one did; the youngest age of those that are silent stands."""
        config, flow = self.config, known["value"]
        index = fresh(known.available, now, config.stale)
        taken = (columns["onchain_source"] == 0) & (index >= 0)
        columns["onchain_source"][taken] = place
        change = np.full(len(known), np.nan)
        change[1:] = np.where(np.diff(known.available) < config.reach, np.diff(flow), np.nan)
        window = (config.window, config.reach, config.least)
        deviations = score(read(index), known.available, known.event, flow, *window)
        lag = (known.available - known.event) / HOUR_US
        said = (("flow", flow), ("change", change), (self._score, deviations), ("lag", lag))
        for name, by_row in said:
            columns[f"onchain_{name}"][taken] = held(by_row, index)[taken]
        age, silent = age_hours(known.available, now, config.seen), columns["onchain_source"] == 0
        columns["onchain_age"][silent] = np.fmin(columns["onchain_age"], age)[silent]
        columns["onchain_age"][taken] = age[taken]

    @property
    def _score(self) -> str:
        return f"z_{self.config.window // DAY_US}d"

    def _candidates(self, facts: SymbolFacts) -> Iterator[tuple[int, Rows]]:
        """Place in the list and rows of every candidate that has any."""
        table, single = facts.read("onchain_signals", self.readers["onchain_signals"]), len(self.config.metrics)
        named = [table.where(table["metric"] == place) for place in range(len(self._wanted))]
        for place in range(single):
            if len(named[place]):
                yield 1 + place, named[place]
        for pair in range(len(self.config.pairs)):
            into, outward = named[single + 2 * pair : single + 2 * pair + 2]
            if len(into) and len(outward):
                yield 1 + single + pair, _difference(into, outward, self.config.stale)


def _difference(into: Rows, outward: Rows, apart: int) -> Rows:
    """Inflow less outflow of the same name and instant, known when both are; (inflow, outflow) pairs by then."""
    called = 1 + max(into["name"].max(), outward["name"].max())
    sought, keys = (side.event * called + side["name"] for side in (into, outward))
    order = np.argsort(keys, kind="stable")
    first, stop = (np.searchsorted(keys[order], sought, end) for end in ("left", "right"))
    one = np.repeat(np.arange(len(into)), stop - first)
    other = order[np.arange(len(one)) + np.repeat(first - np.cumsum(stop - first) + (stop - first), stop - first)]
    near = np.abs(into.available[one] - outward.available[other]) <= apart
    one, other = one[near], other[near]
    available = np.maximum(into.available[one], outward.available[other])
    order = np.lexsort((into["name"][one], into.event[one], available))
    value = into["value"][one] - outward["value"][other]
    return Rows({"available": available[order], "event": into.event[one][order], "value": value[order]})
