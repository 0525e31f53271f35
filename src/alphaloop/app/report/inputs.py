"""What a report is made of: facts of one finished run, and where its data came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from alphaloop.core.decision import Cut
from alphaloop.core.errors import SchemaViolation
from alphaloop.core.market import Floats, Instrument, Ints, Market
from alphaloop.core.orders import Fill
from alphaloop.core.trace import Header, Trace
from alphaloop.hindsight.marks import buy_and_hold
from alphaloop.hindsight.metrics import MetricsInput

DataKind = Literal["real", "simulated", "mixed"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the run came from, as a reader must know it.

    Parameters
    ----------
    data_kind : {"real", "simulated", "mixed"}
        Simulated and mixed put a banner on the page: no claim about real markets.
    costs : mapping of str to str
        Assumed costs in words, e.g. ``{"taker fee": "5 bp", "slippage": "1 bp"}``.
    audit : sequence of mappings
        Rows of the data audit, as the lake gives them.
    trace_hash : str
    command : str
        The command line that makes the same run again.
    """

    data_kind: DataKind = "real"
    costs: Mapping[str, str] = field(default_factory=dict)
    audit: Sequence[Mapping[str, object]] = ()
    trace_hash: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class MarketStates:
    """What the market was like at each of its bars, in words of one kind.

    Parameters
    ----------
    title : str
        What the words speak of, e.g. ``Trend``.
    words : tuple of str
    code : int array, shape (rows of the market, A)
        Place in ``words`` as it was known when the bar closed; -1 where it was not.
    """

    title: str
    words: tuple[str, ...]
    code: Ints


@dataclass(frozen=True, slots=True)
class ReportInput:
    """One run. T rows (ends of bars), A symbols in the order of ``market.symbols``.

    Parameters
    ----------
    header : Header
        Policy, symbols, timeframe, seed and hashes of the run.
    market : Market
        The bars it ran on; may hold bars before and after the run.
    now : int array, shape (T,), microseconds UTC
        Decision times: open of a bar plus the timeframe.
    equity : float array, shape (T,), quote currency
    quantity : float array, shape (T, A), base units, signed
    fills : sequence of Fill
    cuts : sequence of (time, Cut)
        What risk took away, and when (microseconds UTC).
    provenance : Provenance
    title : str
        Default: the policy's name.
    instruments : sequence of Instrument, length A
        What trading cost; without them the run is not held against the oracle.
    states : sequence of MarketStates
        Trades are broken down by each of them.

    Raises
    ------
    SchemaViolation
        If symbols, times or states are not those of the market.
    """

    header: Header
    market: Market
    now: Ints
    equity: Floats
    quantity: Floats
    fills: Sequence[Fill]
    cuts: Sequence[tuple[int, Cut]] = ()
    provenance: Provenance = field(default_factory=Provenance)
    title: str = ""
    instruments: Sequence[Instrument] = ()
    states: Sequence[MarketStates] = ()

    def __post_init__(self) -> None:
        if tuple(self.header.symbols) != self.market.symbols:
            raise SchemaViolation(
                f"a run on {self.header.symbols}", f"the market's {self.market.symbols}", "pass the market it ran on"
            )
        known = np.isin(self.now - self.market.timeframe.us, self.market.ts)
        if len(self.now) == 0 or not bool(known.all()):
            raise SchemaViolation(
                f"{int((~known).sum())} of {len(self.now)} rows at times the market has no bar for",
                "rows at open + timeframe of its bars, at least one",
                "pass the market it ran on",
            )
        traded = tuple(one.symbol for one in self.instruments)
        shapes = {one.code.shape for one in self.states} | {self.market.values.shape[:2]}
        if (traded and traded != self.market.symbols) or len(shapes) > 1:
            raise SchemaViolation(f"instruments {traded}, states {shapes}", "those of the market", "align them to it")

    @classmethod
    def of_trace(cls, trace: Trace, market: Market, provenance: Provenance, title: str = "") -> "ReportInput":
        """The report of a recorded session; instruments and states are added by ``dataclasses.replace``."""
        now = trace.now
        cuts = [(int(now[event.step]), cut) for event in trace.events for cut in event.allowed.cuts]
        return cls(trace.header, market, now, trace.equity, trace.quantity, trace.fills, cuts, provenance, title)

    @property
    def rows(self) -> Ints:
        """Row of the market that each row of the run closed, shape (T,)."""
        return np.searchsorted(self.market.ts, self.now - self.market.timeframe.us)

    @property
    def bars(self) -> Market:
        """Exactly the bars of the run, T rows."""
        market, rows = self.market, self.rows
        return Market(market.ts[rows], market.symbols, market.values[rows], market.timeframe, market.sources)

    def metrics_input(self) -> MetricsInput:
        """The same run as the metrics want it, with buying and holding as its benchmark."""
        marks = self.market.column("close")[self.rows]
        return MetricsInput(
            now=self.now,
            equity=self.equity,
            quantity=self.quantity,
            marks=marks,
            symbols=self.market.symbols,
            fills=self.fills,
            timeframe=self.market.timeframe,
            benchmark=buy_and_hold(marks),
        )
