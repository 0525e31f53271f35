"""The market as records: what can be traded, and the bars it traded at.

Prices are quote currency per unit of base. A missing bar is a row of NaN, never a
zero and never a copy of its neighbour.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import repeat
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphaloop.core.errors import InvalidOption, SchemaViolation, UnsortedData
from alphaloop.core.time import HOUR_US, Timeframe

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

OPEN, HIGH, LOW, CLOSE, VOLUME, FUNDING = range(6)
BAR_COLUMNS = ("open", "high", "low", "close", "volume", "funding")


@dataclass(frozen=True, slots=True)
class MarginTier:
    """One step of a maintenance-margin schedule: ``maintenance = rate * notional - deduction``.

    Parameters
    ----------
    notional_cap : float, quote currency
        Largest notional the tier covers; ``inf`` for the last.
    rate : float, fraction of notional
        Maintenance margin rate.
    deduction : float, quote currency
        Makes the schedule continuous at the caps.
    """

    notional_cap: float
    rate: float
    deduction: float = 0.0


@dataclass(frozen=True, slots=True)
class Instrument:
    """What a venue lets one trade, and at what cost.

    Parameters
    ----------
    symbol : str
        Venue's name without separators, e.g. ``BTCUSDT``.
    kind : {"perp", "spot", "stock"}
        Spot and stock cannot be shorted and carry no leverage.
    tick, lot : Decimal
        Smallest step of price (quote) and of quantity (base).
    contract_size : float
        Base units in one contract.
    taker_fee, maker_fee, liquidation_fee : float, fraction of notional
    slippage : float, fraction of price
        Paid on market and stop fills.
    min_notional : float, quote currency
    max_leverage : float
    margin_tiers : tuple of MarginTier
    funding_interval_us : int, microseconds
        0 where no funding is paid.
    impact : float, fraction of price per square root of a base unit
        Grows slippage with size, where slippage is paid; 0 leaves it constant.
    """

    symbol: str
    kind: Literal["perp", "spot", "stock"] = "perp"
    tick: Decimal = Decimal("0.00000001")
    lot: Decimal = Decimal("0.00000001")
    contract_size: float = 1.0
    taker_fee: float = 0.0005
    maker_fee: float = 0.0002
    liquidation_fee: float = 0.0125
    slippage: float = 0.0001
    min_notional: float = 0.0
    max_leverage: float = 125.0
    margin_tiers: tuple[MarginTier, ...] = (MarginTier(float("inf"), 0.005),)
    funding_interval_us: int = 8 * HOUR_US
    impact: float = 0.0

    def __post_init__(self) -> None:
        if self.tick <= 0 or self.lot <= 0 or self.contract_size <= 0:
            raise InvalidOption(
                f"{self.symbol}: tick {self.tick}, lot {self.lot}, contract {self.contract_size}",
                "all above zero",
                "correct the instrument",
            )
        for name in ("taker_fee", "liquidation_fee", "slippage", "min_notional", "impact"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InvalidOption(f"{self.symbol}: {name} {getattr(self, name)}", "zero or more", "correct it")
        if not abs(self.maker_fee) < 1:  # a maker fee may be a rebate, below zero
            raise InvalidOption(f"{self.symbol}: maker_fee {self.maker_fee}", "a fraction", "correct it")
        caps = [tier.notional_cap for tier in self.margin_tiers]
        if not caps or caps != sorted(caps) or caps[-1] != float("inf"):
            raise InvalidOption(f"margin tiers with caps {caps}", "ascending, the last infinite", "correct the tiers")


class Bars(NamedTuple):
    """The bars of all symbols for one interval: what becomes known at ``available_at``.

    Parameters
    ----------
    ts : int, microseconds UTC
        Open time.
    available_at : int, microseconds UTC
        When the bars could first be known; ``ts`` + interval.
    symbols : tuple of str, length A
    values : float array, shape (A, 6)
        Columns ``open high low close volume funding``; funding is the rate paid at the
        bar's open (fraction of notional, 0 elsewhere). A missing bar is a NaN row; an
        unknown volume is NaN.
    mark : float array, shape (A, 2), optional
        Lowest and highest mark price of the bar.
    """

    ts: int
    available_at: int
    symbols: tuple[str, ...]
    values: Floats
    mark: Floats | None = None


_bars = partial(tuple.__new__, Bars)  # from its fields in order, at half the cost of a call


@dataclass(frozen=True, slots=True)
class Market:
    """Aligned bars of several symbols over time, read-only.

    Parameters
    ----------
    ts : int array, shape (T,), microseconds UTC
        Open times, strictly ascending.
    symbols : tuple of str, length A
    values : float array, shape (T, A, 6)
        As in :class:`Bars`.
    timeframe : Timeframe
    mark : float array, shape (T, A, 2), optional
        Lowest and highest price of each bar by which the venue judges margins; NaN where it
        is not known, and then traded prices stand for it.

    Raises
    ------
    SchemaViolation
        If shapes disagree, or a price is zero, negative or infinite, or high < low.
    UnsortedData
        If ``ts`` is not strictly ascending.
    """

    ts: Ints
    symbols: tuple[str, ...]
    values: Floats
    timeframe: Timeframe
    sources: dict[str, str] = field(default_factory=dict)
    mark: Floats | None = None

    def __post_init__(self) -> None:
        expected = (len(self.ts), len(self.symbols), len(BAR_COLUMNS))
        if self.values.shape != expected:
            raise SchemaViolation(f"values of shape {self.values.shape}", f"{expected}", "align bars to ts and symbols")
        if len(self.ts) > 1 and not bool(np.all(np.diff(self.ts) > 0)):
            raise UnsortedData("open times out of order or repeated", "strictly ascending", "sort and deduplicate")
        prices = self.values[:, :, OPEN : CLOSE + 1]
        absent = np.isnan(prices)
        if bool(np.any(absent.any(axis=2) != absent.all(axis=2))):
            raise SchemaViolation(
                "bars with some prices missing", "all four prices or none", "run: alphaloop data audit"
            )
        if bool(np.any(prices <= 0)) or bool(np.any(np.isinf(prices))):
            raise SchemaViolation("a zero, negative or infinite price", "finite prices above zero", "audit the data")
        if bool(np.any(prices[:, :, HIGH] < prices[:, :, LOW])):
            raise SchemaViolation("a bar whose high is below its low", "high >= low", "audit the data")
        self._check_mark()
        self.values.setflags(write=False)
        self.ts.setflags(write=False)

    def _check_mark(self) -> None:
        if self.mark is None:
            return
        expected = (len(self.ts), len(self.symbols), 2)
        if self.mark.shape != expected or not self.mark.flags.c_contiguous:
            raise SchemaViolation(f"marks of shape {self.mark.shape}", f"{expected}, contiguous", "align to the bars")
        absent = np.isnan(self.mark)
        low, high = self.mark[:, :, 0], self.mark[:, :, 1]
        if bool(np.any(absent[:, :, 0] != absent[:, :, 1])) or bool(np.any(low > high)):
            raise SchemaViolation("a mark with its low above its high, or one of them missing", "low <= high", "")
        if bool(np.any(self.mark <= 0)) or bool(np.any(np.isinf(self.mark))):
            raise SchemaViolation("a zero, negative or infinite mark", "finite prices above zero", "audit the data")
        self.mark.setflags(write=False)

    def __len__(self) -> int:
        return len(self.ts)

    def __iter__(self) -> Iterator[Bars]:
        opened, known = self.ts.tolist(), (self.ts + self.timeframe.us).tolist()
        marks = repeat(None) if self.mark is None else self.mark
        return map(_bars, zip(opened, known, repeat(self.symbols), self.values, marks))

    def between(self, start_us: int, end_us: int) -> "Market":
        """The part whose bars open in ``[start_us, end_us)``."""
        low, high = np.searchsorted(self.ts, [start_us, end_us])
        mark = None if self.mark is None else self.mark[low:high]
        return Market(self.ts[low:high], self.symbols, self.values[low:high], self.timeframe, self.sources, mark)

    def column(self, name: str) -> Floats:
        """One bar column as an array of shape (T, A)."""
        return self.values[:, :, BAR_COLUMNS.index(name)]

    @property
    def digest(self) -> str:
        """SHA-256 over symbols, times and values: equal markets, equal digests."""
        state = hashlib.sha256(repr((self.symbols, self.timeframe.us)).encode())
        state.update(np.ascontiguousarray(self.ts).tobytes())
        state.update(np.ascontiguousarray(self.values).tobytes())
        if self.mark is not None:
            state.update(np.ascontiguousarray(self.mark).tobytes())
        return state.hexdigest()
