"""Indicators: moving averages, RSI, MACD, Bollinger bands, Donchian channels.

The definitions and the warm-up are TA-Lib's, checked against it in ``tests/features``:
an exponential average begins with the plain mean of its first n closes, and so do
Wilder's averages. One deliberate difference: where an indicator is 0/0 (the RSI of a
price that never moved, the place in a band of no width) TA-Lib writes 0 and we write NaN.

Sources
-------
Wilder, New Concepts in Technical Trading Systems (RSI); Appel, MACD (12, 26, 9);
Bollinger bands with the population deviation; TA-Lib 0.8 for all warm-ups.
"""

import numpy as np

from alphaloop.core.market import CLOSE, HIGH, LOW, Floats, Ints
from alphaloop.execution.simulator.jit import inlined
from alphaloop.features.bars.averages import SLOTS, exponential_averages, step
from alphaloop.features.bars.extremes import climb_extremes, highest, lay_extremes, lowest
from alphaloop.features.bars.lanes import WIDTH, Lanes, above, ask_ahead, every, hold, is_far, load, put, root
from alphaloop.features.bars.moments import (
    LATE,
    TILE,
    Blocks,
    blocks_in,
    carry,
    carry_sums,
    climb,
    climb_sums,
    due,
    first_row,
    joined,
    lay,
    place,
    room_for,
)
from alphaloop.features.family import Column, Family, Param, compiled

BAND_WIDTH = 2.0  # population deviations on either side of the middle


@compiled
def simple_average_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Mean of the last n closes, for each n of ``params``."""
    room, stop, far = room_for(params), start + out.shape[1], is_far(out)
    blocks = blocks_in(room, params)
    for row in range(first_row(start, params), stop, TILE):
        rows = min(TILE, stop - row)
        lay(bars[CLOSE], row, rows, blocks)
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb_sums(blocks, at)
            if due(at, row, start):
                for p in range(len(params)):
                    mean, _ = joined(blocks, p, params[p], at - LATE)
                    put(out, p, row + at - LATE - start, mean, far)
        carry_sums(blocks)
    hold(room)


@compiled
def exponential_average_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Exponential average with weight 2 / (n + 1), begun with the mean of n closes, for each n of ``params``."""
    exponential_averages(bars[CLOSE, start : start + out.shape[1]], params, state, out)


@compiled
def strength_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Wilder's relative strength index, 0 to 100."""
    close, n = bars[CLOSE], params[0]
    seen, gain, loss, weight = int(state[0]), state[1], state[2], 1.0 / n
    young = min(max(0, n + 1 - seen), out.shape[1])
    for k in range(young):
        change = close[start + k] - close[start + k - 1] if seen > 0 else 0.0
        gain, loss = gain + max(change, 0.0), loss + max(-change, 0.0)
        if seen == n:
            gain, loss = gain / n, loss / n
        moved = gain + loss
        out[0, k] = 100.0 * (gain / moved) if seen >= n and moved > 0.0 else np.nan
        seen += 1
    for begin in range(young, out.shape[1], WIDTH):
        ask_ahead(close, start + begin)
        for k in range(begin, min(begin + WIDTH, out.shape[1])):
            change = close[start + k] - close[start + k - 1]
            gain, loss = step(gain, max(change, 0.0), weight), step(loss, max(-change, 0.0), weight)
            moved = gain + loss
            out[0, k] = 100.0 * (gain / moved) if moved > 0.0 else np.nan
    state[0], state[1], state[2] = seen + out.shape[1] - young, gain, loss


@compiled
def convergence_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """MACD line, signal and histogram; all three begin with the signal.

    The fast average begins on the bar where the slow one does, with the mean of its own
    last closes: that is TA-Lib's warm-up, not an average begun n bars into the series.
    """
    close, fast_n, slow_n, signal_n = bars[CLOSE], params[0], params[1], params[2]
    seen, fast, slow, signal = int(state[0]), state[1], state[2], state[3]
    first = slow_n + signal_n - 1
    fast_weight, slow_weight, signal_weight = 2.0 / (fast_n + 1.0), 2.0 / (slow_n + 1.0), 2.0 / (signal_n + 1.0)
    young = min(max(0, first - seen), out.shape[1])
    for k in range(young):
        price = close[start + k]
        seen += 1
        if seen > slow_n:
            fast, slow = step(fast, price, fast_weight), step(slow, price, slow_weight)
        else:
            slow += price
            fast += price if seen > slow_n - fast_n else 0.0
            if seen == slow_n:
                fast /= fast_n
                slow /= slow_n
        line = fast - slow
        if seen >= slow_n:
            signal = (signal + line) / signal_n if seen == first else signal + line
        known = seen == first
        out[0, k] = line if known else np.nan
        out[1, k] = signal if known else np.nan
        out[2, k] = line - signal if known else np.nan
    for begin in range(young, out.shape[1], WIDTH):
        ask_ahead(close, start + begin)
        for k in range(begin, min(begin + WIDTH, out.shape[1])):
            price = close[start + k]
            fast, slow = step(fast, price, fast_weight), step(slow, price, slow_weight)
            line = fast - slow
            signal = step(signal, line, signal_weight)
            out[0, k], out[1, k], out[2, k] = line, signal, line - signal
    seen += out.shape[1] - young
    state[0], state[1], state[2], state[3] = seen, fast, slow, signal


@inlined
def _bands(blocks: Blocks, p: int, n: int, share: float, at: int) -> tuple[Lanes, Lanes, Lanes]:
    """Both edges of the bands of n closes, and the place of the close between them; ``share`` is one over n."""
    mean, spread = joined(blocks, p, n, at)
    reach = root(spread * share) * BAND_WIDTH
    whole = reach * 2.0
    placed = (load(blocks.sums, place(0) + at) - mean + reach) / whole
    return mean + reach, mean - reach, above(whole, every(0.0), placed, every(np.nan))


@compiled
def bands_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Bollinger bands: upper, lower, and the place between them (0 to 1), for each n of ``params``."""
    room, stop, far, shares = room_for(params), start + out.shape[1], is_far(out), 1.0 / params
    blocks = blocks_in(room, params)
    for row in range(first_row(start, params), stop, TILE):
        rows = min(TILE, stop - row)
        lay(bars[CLOSE], row, rows, blocks)
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb(blocks, at)
            if due(at, row, start):
                for p in range(len(params)):
                    upper, lower, placed = _bands(blocks, p, params[p], shares[p], at - LATE)
                    put(out, 3 * p, row + at - LATE - start, upper, far)
                    put(out, 3 * p + 1, row + at - LATE - start, lower, far)
                    put(out, 3 * p + 2, row + at - LATE - start, placed, far)
        carry(blocks)
    hold(room)


@compiled
def band_width_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Upper less lower band as a fraction of the middle, for each n of ``params``."""
    room, stop, far, shares = room_for(params), start + out.shape[1], is_far(out), 1.0 / params
    blocks = blocks_in(room, params)
    for row in range(first_row(start, params), stop, TILE):
        rows = min(TILE, stop - row)
        lay(bars[CLOSE], row, rows, blocks)
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb(blocks, at)
            if due(at, row, start):
                for p in range(len(params)):
                    mean, spread = joined(blocks, p, params[p], at - LATE)
                    width = root(spread * shares[p]) * BAND_WIDTH * 2.0 / mean
                    put(out, p, row + at - LATE - start, width, far)
        carry(blocks)
    hold(room)


@compiled
def channel_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Highest high and lowest low of the last n bars, this one included, for each n of ``params``."""
    room, stop, far = room_for(params), start + out.shape[1], is_far(out)
    blocks = blocks_in(room, params)
    for row in range(first_row(start, params), stop, TILE):
        rows = min(TILE, stop - row)
        lay_extremes(bars[HIGH], bars[LOW], row, rows, blocks)
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb_extremes(blocks, at)
            if due(at, row, start):
                for p in range(len(params)):
                    put(out, 2 * p, row + at - LATE - start, highest(blocks, p, at - LATE), far)
                    put(out, 2 * p + 1, row + at - LATE - start, lowest(blocks, p, at - LATE), far)
        carry(blocks)
    hold(room)


_AVERAGE_UNIT = "quote per base"

FAMILIES = (
    Family(
        "simple average",
        simple_average_kernel,
        (Column("sma", _AVERAGE_UNIT, "mean of the last n closes"),),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n"),),
        together=True,
        version=2,
    ),
    Family(
        "exponential average",
        exponential_average_kernel,
        (Column("ema", _AVERAGE_UNIT, "ema[-1] + 2 / (n + 1) * (close - ema[-1]), begun with sma_n"),),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n"),),
        slots=SLOTS,
        together=True,
        version=2,
    ),
    Family(
        "relative strength",
        strength_kernel,
        (Column("rsi", "0 to 100", "100 * gain / (gain + loss), Wilder averages over n"),),
        ("close",),
        lookback=lambda n: n,
        params=(Param("n", least=2, default=14),),
        slots=3,
        version=2,
        missing="NaN until n changes are known, and while the price has never moved",
    ),
    Family(
        "convergence",
        convergence_kernel,
        (
            Column("macd", _AVERAGE_UNIT, "ema_fast - ema_slow"),
            Column("macd_signal", _AVERAGE_UNIT, "ema_signal of macd"),
            Column("macd_hist", _AVERAGE_UNIT, "macd - macd_signal"),
        ),
        ("close",),
        lookback=lambda _fast, slow, signal: slow + signal - 2,
        params=(Param("fast", default=12), Param("slow", least=2, default=26), Param("signal", default=9)),
        slots=4,
        ascending=2,
        version=2,
    ),
    Family(
        "bands",
        bands_kernel,
        (
            Column("bb_upper", _AVERAGE_UNIT, "sma_n + 2 * std_n, ddof=0"),
            Column("bb_lower", _AVERAGE_UNIT, "sma_n - 2 * std_n, ddof=0"),
            Column("bb_pct", "0 lower band, 1 upper", "(close - bb_lower) / (bb_upper - bb_lower)"),
        ),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n", least=2, default=20),),
        together=True,
        version=2,
        missing="NaN until n closes are known; bb_pct also where the band has no width",
    ),
    Family(
        "band width",
        band_width_kernel,
        (Column("bb_width", "fraction", "(bb_upper - bb_lower) / sma_n"),),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n", least=2, default=20),),
        together=True,
        version=2,
    ),
    Family(
        "channel",
        channel_kernel,
        (
            Column("donchian_high", _AVERAGE_UNIT, "highest high of the last n bars, this one included"),
            Column("donchian_low", _AVERAGE_UNIT, "lowest low of the last n bars, this one included"),
        ),
        ("high", "low"),
        lookback=lambda n: n - 1,
        params=(Param("n"),),
        together=True,
    ),
)
