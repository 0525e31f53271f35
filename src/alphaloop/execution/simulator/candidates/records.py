"""What the compiled stages hand to each other: named tuples of plain arrays.

A batch of candidates goes through three stages, each one loop: *enter* (entry price and
levels), *walk* (when and where it left, how deep it fell), *settle* (costs and returns). ``Work``
is their common sheet, one column per candidate of the batch.

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
BATCH = 256  # candidates that share a work sheet: small enough for the first cache
CHUNK = 64 * BATCH  # candidates whose results are put in order together: small enough for the second


class Bars(NamedTuple):
    """One symbol's bars, each array (T,) or empty where there is none.

    ``halted`` counts the bars before each that do not trade, (T + 1,). ``paid_at`` (P,) are the
    bars with funding, ``paid`` (P,) their rate times their open. ``blocks`` (T // BLOCK, 6) sum up eight bars
    each, columns as in :mod:`.search`.
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
    """The sheet of a batch: ``prices`` (19, BATCH), rows named below; bars ``start``, ``last``, ``end``; ``reason``.

    Rows up to LEVERAGE are the candidate's, up to PAID the trade's, the rest what came of it. ``acting`` is
    what the protective level is: STOP or LIQUIDATION.
    """

    prices: Floats
    start: Ints
    last: Ints
    end: Ints
    reason: Bytes
    acting: Bytes


SIDE, STOP_PART, TARGET_PART, LEVERAGE, RAW_ENTRY, ENTRY, PROTECT, TAKE, RAW_EXIT, FALL, PAID = range(11)
FEE_RATE, RESULT = 11, 12  # the figures follow, in their order
EXIT, FILLED = RESULT + EXIT_PRICE, RESULT + ENTRY_PRICE
SHARE, NOTIONAL, PER_NOTIONAL = RESULT, RESULT + 1, RESULT + 2  # while the levels are set
SHEET_ROWS = RESULT + len(FIGURES)
