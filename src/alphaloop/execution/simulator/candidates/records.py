"""What the compiled stages hand to each other: named tuples of plain arrays.

A batch of candidates goes through four stages, each of plain loops: *enter* (entry price and
levels), *search* (the bar of the exit, and how deep it fell before), *leave* (why, and at what
price), *settle* (costs and returns). ``Work`` is their common sheet, one column per candidate.

Prices between the stages are *signed*: multiplied by the side, so that a long and a short are
one code path. Negation is exact, so this costs no digit.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphaloop.core.market import Floats, Ints

Bytes = NDArray[np.int8]

REASONS = ("not_filled", "horizon", "stop", "target", "liquidation", "end_of_data")
NOT_FILLED, HORIZON, STOP, TARGET, LIQUIDATION, END_OF_DATA = range(6)

BLOCK = 8  # bars that are summed up together
BATCH = 128  # candidates that share a work sheet: small enough for the first cache
CHUNK = 128 * BATCH  # candidates whose results are put in order together: small enough for the second


class Bars(NamedTuple):
    """One symbol's bars, each array (T,) or empty where there is none.

    ``halted`` counts the bars before each that do not trade, (T + 1,). ``paid_at`` (P,) are the
    bars with funding, ``paid`` (P,) their rate times their open. ``blocks`` (6, T // BLOCK) sum up eight bars
    each, rows as in :mod:`.search`.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    mark_low: Floats
    mark_high: Floats
    rate: Floats
    halted: Ints
    paid_at: Ints
    paid: Floats
    blocks: Floats


class Candidates(NamedTuple):
    """What to try, each array (K,): decision bar, side, fractions of the entry price, leverage.

    ``limit`` and ``notional`` may be empty: all at market, no tiers.
    """

    bar: Ints
    side: Bytes
    stop: Floats
    target: Floats
    leverage: Floats
    limit: Floats
    notional: Floats


class Terms(NamedTuple):
    """Costs as numbers: fees are fractions of notional, slippage of price.

    ``tiers`` (N, 3): notional cap, maintenance rate, deduction. ``grid``: prices are whole ticks, and
    a level that float64 cannot tell from a whole number is that number.
    """

    horizon: int
    taker_fee: float
    maker_fee: float
    liquidation_fee: float
    slippage: float
    tiers: Floats
    grid: bool


class Results(NamedTuple):
    """What is written, once, in the candidates' own order. ``figures`` (7, K) as named below."""

    figures: Floats
    exit_bar: Ints
    reason: Bytes


NET, GROSS, DRAWDOWN, EXIT_PRICE, ENTRY_PRICE, FEES, FUNDING = range(7)
FIGURES = ("net_return", "gross_return", "max_drawdown", "exit_price", "entry_price", "fees", "funding")


class Work(NamedTuple):
    """The sheet of a batch: ``prices`` (20, BATCH), rows named below; whole numbers beside it, each (BATCH,).

    Rows up to LEVERAGE are the candidate's, up to PAID the trade's, the rest what came of it. ``bar`` decided on,
    ``start`` and ``last`` of the window, ``end``: the bar of the exit, ``last + 1`` where nothing was reached.
    ``row`` is the candidate's; ``acting`` is what the protective level is: STOP or LIQUIDATION; ``timeout`` what
    the window's end is: HORIZON or END_OF_DATA. All as wide as a price, so that one vector holds as many of each.
    """

    prices: Floats
    row: Ints
    bar: Ints
    start: Ints
    last: Ints
    end: Ints
    reason: Ints
    acting: Ints
    timeout: Ints


SIDE, STOP_PART, TARGET_PART, LEVERAGE, RAW_ENTRY, ENTRY, PROTECT, TAKE, PEAK, RAW_EXIT, FALL, PAID = range(12)
FEE_RATE, RESULT = 12, 13  # the figures follow, in their order
EXIT, FILLED = RESULT + EXIT_PRICE, RESULT + ENTRY_PRICE
SHARE, NOTIONAL, PER_NOTIONAL = RESULT, RESULT + 1, RESULT + 2  # while the levels are set
SHEET_ROWS = RESULT + len(FIGURES)
