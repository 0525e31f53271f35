"""The label table: one row per symbol and decision, every horizon side by side, intervals included.

Columns end with the horizon's name: ``1h`` by time, ``12b`` by bars.

| column | meaning |
|---|---|
| ``symbol``, ``start`` | whose decision, taken when |
| ``end`` | the last instant any label of the row reads: purge by ``[start, end]`` |
| ``end_1h`` | the same of one horizon |
| ``fwd_ret_1h`` | forward return before cost |
| ``est_cost_long_1h``, ``est_cost_short_1h`` | what fees, slippage and funding take from each side |
| ``net_long_1h``, ``net_short_1h`` | what each side keeps |
| ``utility_1h`` | signed, net of cost and of risk |
| ``class_1h`` | volatility-normalised class of the forward return |
| ``barrier_1h`` | triple barrier of the long side: 1 target, -1 stop, 0 time |
| ``barrier_ret_1h``, ``barrier_net_1h`` | what it paid, before and after cost |
| ``barrier_end_1h``, ``barrier_both_1h`` | when it ended; whether its last bar held both levels |

What is unknown is null. ``fwd_ret`` and ``est_cost`` are seed 001's names; its label
``fwd_ret_1h - est_cost`` is ``net_long_1h``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Floats, Instrument, Ints, Market
from alphaloop.core.time import Timeframe
from alphaloop.hindsight.labels.barriers import MISSING, Barriers, triple_barrier
from alphaloop.hindsight.labels.forward import Entry, Forward, classes, forward, utility
from alphaloop.hindsight.labels.volatility import ewm_volatility
from alphaloop.hindsight.labels.windows import By, Windows, windows

_TIME = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """Which labels to make.

    Parameters
    ----------
    horizons : tuple of int, bars
        Each once.
    by : {"time", "bars"}
        What a hole does; see :mod:`alphaloop.hindsight.labels.windows`.
    entry : {"open", "close"}
        Of the forward returns.
    risk_aversion : float, >= 0
        Of the utility.
    edges : tuple of float, ascending
        Of the classes, in units of volatility over the horizon.
    span : int, bars
        Memory of the volatility.
    stop, target : float, > 0
        Barrier distances, in units of ``width``.
    width : float, fraction of price, optional
        A fixed barrier width; left out, it is volatility times the root of the horizon.
    notional : float, quote currency, optional
        Of each trade, where an instrument's slippage grows with size.

    Raises
    ------
    InvalidOption
        If there is no horizon, or one comes twice.
    """

    horizons: tuple[int, ...] = (12, 48)
    by: By = "time"
    entry: Entry = "open"
    risk_aversion: float = 0.0
    edges: tuple[float, ...] = (-0.5, 0.5)
    span: int = 288
    stop: float = 1.0
    target: float = 1.0
    width: float | None = None
    notional: float | None = None

    def __post_init__(self) -> None:
        if not self.horizons or len(set(self.horizons)) != len(self.horizons):
            raise InvalidOption(f"horizons {self.horizons}", "one or more, each once", "use (12, 48)")

    def name(self, horizon: int, timeframe: Timeframe) -> str:
        """How a horizon's columns end, e.g. ``1h`` or ``12b``."""
        return f"{horizon}b" if self.by == "bars" else str(Timeframe(horizon * timeframe.us))


def label_frame(market: Market, instruments: Sequence[Instrument], spec: LabelSpec | None = None) -> pl.DataFrame:
    """All labels of a market.

    Parameters
    ----------
    market : Market
    instruments : sequence of Instrument, length A
        Fees and slippage of each symbol.
    spec : LabelSpec, optional

    Returns
    -------
    polars.DataFrame
        Columns as in the module's text; rows by symbol, then by ``start``. A decision without
        a bar of its own has no row.

    Raises
    ------
    SchemaViolation
        If the instruments are not those of the market.

    Examples
    --------
    >>> bars = np.full((300, 1, 6), 10.0)
    >>> market = Market(np.arange(300) * 300_000_000, ("X",), bars, Timeframe.parse("5m"))
    >>> frame = label_frame(market, [Instrument("X")], LabelSpec(horizons=(12,)))
    >>> frame.height, frame["fwd_ret_1h"].null_count(), frame["end_1h"][0].isoformat()
    (300, 12, '1970-01-01T01:05:00+00:00')
    """
    spec = spec or LabelSpec()
    if tuple(one.symbol for one in instruments) != market.symbols:
        raise SchemaViolation("instruments of other symbols", f"{market.symbols}", "give one per symbol, in order")
    return pl.concat([_symbol(market, asset, one, spec) for asset, one in enumerate(instruments)])


def _symbol(market: Market, asset: int, instrument: Instrument, spec: LabelSpec) -> pl.DataFrame:
    columns: dict[str, pl.Series] = {}
    ends, decided = [], np.zeros(0, dtype=np.bool_)
    for horizon in spec.horizons:
        window = windows(market, asset, horizon, spec.by)
        ahead = forward(window, instrument, spec.entry, notional=spec.notional)
        scale = ewm_volatility(window, spec.span) * np.sqrt(horizon)
        found = _barriers(window, instrument, scale, spec)
        name = spec.name(horizon, market.timeframe)
        columns.update({f"{key}_{name}": column for key, column in _columns(ahead, found, scale, spec)})
        ends += [ahead.end, found.end]
        decided = window.decided
    start = pl.Series("start", market.ts + market.timeframe.us).cast(_TIME)
    symbol = pl.Series("symbol", [instrument.symbol]).new_from_index(0, len(market))
    frame = pl.DataFrame({"symbol": symbol, "start": start, "end": _instants(np.max(ends, axis=0)), **columns})
    return frame.filter(pl.Series(decided))


def _barriers(window: Windows, instrument: Instrument, scale: Floats, spec: LabelSpec) -> Barriers:
    width = spec.width if spec.width is not None else np.where(scale > 0, scale, np.nan)
    return triple_barrier(window, instrument, width, stop=spec.stop, target=spec.target, notional=spec.notional)


def _columns(ahead: Forward, found: Barriers, scale: Floats, spec: LabelSpec) -> Iterator[tuple[str, pl.Series]]:
    """The columns of one horizon, by what their names begin with."""
    yield "end", _instants(ahead.end)
    yield "fwd_ret", _numbers(ahead.fwd_ret)
    for side in ("long", "short"):
        yield f"est_cost_{side}", _numbers(getattr(ahead, f"cost_{side}"))
        yield f"net_{side}", _numbers(getattr(ahead, f"net_{side}"))
    yield "utility", _numbers(utility(ahead, spec.risk_aversion))
    yield "class", _codes(classes(ahead.fwd_ret, scale, spec.edges), -1)
    yield "barrier", _codes(found.label, MISSING)
    yield "barrier_ret", _numbers(found.ret)
    yield "barrier_net", _numbers(found.net)
    yield "barrier_end", _instants(found.end)
    yield "barrier_both", pl.Series(found.both).set(pl.Series(found.label == MISSING), None)


def _numbers(values: Floats) -> pl.Series:
    return pl.Series(values).fill_nan(None)


def _instants(values: Ints) -> pl.Series:
    return pl.Series(values).replace(0, None).cast(_TIME)


def _codes(values: Ints, missing: int) -> pl.Series:
    return pl.Series(values).cast(pl.Int8).replace(missing, None)
