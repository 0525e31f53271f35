"""Candidates against a market: which of its prices the oracle looks at."""

import numpy as np

from alphaloop.app.labelling import tape_of
from alphaloop.core.market import Market
from alphaloop.core.time import Timeframe
from alphaloop.hindsight.outcomes import Costs, label_candidates

MINUTE = 60_000_000


def market(*lows: float, mark: list[tuple[float, float]] | None = None) -> Market:
    """Bars that open and close at 100, with these lows; NaN for a bar that is missing."""
    rows = [[100.0, 101.0, low, 100.0, 1.0, 0.0] if low == low else [np.nan] * 6 for low in lows]
    marks = None if mark is None else np.array(mark)[:, None, :].copy()
    ts = np.arange(len(lows)) * MINUTE
    return Market(ts, ("X",), np.array(rows)[:, None, :], Timeframe.parse("1m"), mark=marks)


def reason_of(bars: Market) -> str:
    """Of a long from bar 1 with leverage 10: liquidation at 100 x 0.9 / 0.995 = 90.45."""
    tried = {"bar": [0], "side": [1], "stop": [np.nan], "target": [np.nan], "leverage": [10.0]}
    return str(label_candidates(tape_of(bars), tried, costs=Costs(0.0, 0.0, 0.0), horizon=2).reason[0])


def test_liquidation_looks_at_the_mark_where_there_is_one() -> None:
    calm, missing = (99.0, 101.0), (np.nan, np.nan)

    found = [
        reason_of(market(99.0, 99.0, 89.0)),
        reason_of(market(99.0, 99.0, 89.0, mark=[calm] * 3)),
        reason_of(market(99.0, 99.0, 89.0, mark=[calm, calm, missing])),
    ]

    assert found == ["liquidation", "horizon", "liquidation"]


def test_a_missing_bar_is_left_out_with_its_mark() -> None:
    tape = tape_of(market(99.0, np.nan, 98.0, mark=[(99.0, 100.0), (np.nan, np.nan), (97.0, 102.0)]))

    assert (len(tape), tape.bars.mark_low.tolist(), tape.bars.mark_high.tolist()) == (2, [99.0, 97.0], [100.0, 102.0])
