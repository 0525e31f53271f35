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
from alphaloop.features.bars.moments import SLOTS, slide
from alphaloop.features.family import Column, Family, Param, compiled

BAND_WIDTH = 2.0  # population deviations on either side of the middle


@compiled
def simple_average_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Mean of the last ``params[0]`` closes; the running sum begins afresh every n rows."""
    close, n = bars[CLOSE], params[0]
    seen, turn, total = int(state[0]), int(state[1]), state[2]
    for k in range(out.shape[1]):
        i = start + k
        seen += 1
        if seen < n:
            out[0, k] = np.nan
            continue
        if turn == 0:
            total = 0.0
            for j in range(i - n + 1, i + 1):
                total += close[j]
        else:
            total += close[i] - close[i - n]
        turn = turn + 1 if turn + 1 < n else 0
        out[0, k] = total / n
    state[0], state[1], state[2] = seen, turn, total


@compiled
def exponential_average_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Exponential average with weight 2 / (n + 1), begun with the mean of n closes."""
    close, n = bars[CLOSE], params[0]
    weight, seen, average = 2.0 / (n + 1.0), int(state[0]), state[1]
    for k in range(out.shape[1]):
        seen += 1
        if seen > n:
            average += (close[start + k] - average) * weight
        else:
            average += close[start + k]
            if seen == n:
                average /= n
        out[0, k] = average if seen >= n else np.nan
    state[0], state[1] = seen, average


@compiled
def strength_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Wilder's relative strength index, 0 to 100."""
    close, n = bars[CLOSE], params[0]
    seen, gain, loss, weight = int(state[0]), state[1], state[2], 1.0 / n
    for k in range(out.shape[1]):
        change = close[start + k] - close[start + k - 1] if seen > 0 else 0.0
        up, down = max(change, 0.0), max(-change, 0.0)
        if seen > n:
            gain += (up - gain) * weight
            loss += (down - loss) * weight
        else:
            gain += up
            loss += down
            if seen == n:
                gain /= n
                loss /= n
        moved = gain + loss
        out[0, k] = 100.0 * (gain / moved) if seen >= n and moved > 0.0 else np.nan
        seen += 1
    state[0], state[1], state[2] = seen, gain, loss


@compiled
def convergence_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """MACD line, signal and histogram; all three begin with the signal.

    The fast average begins on the bar where the slow one does, with the mean of its own
    last closes: that is TA-Lib's warm-up, not an average begun n bars into the series.
    """
    close, fast_n, slow_n, signal_n = bars[CLOSE], params[0], params[1], params[2]
    seen, fast, slow, signal = int(state[0]), state[1], state[2], state[3]
    first = slow_n + signal_n - 1
    for k in range(out.shape[1]):
        price = close[start + k]
        seen += 1
        if seen > slow_n:
            fast += (price - fast) * (2.0 / (fast_n + 1.0))
            slow += (price - slow) * (2.0 / (slow_n + 1.0))
        else:
            slow += price
            fast += price if seen > slow_n - fast_n else 0.0
            if seen == slow_n:
                fast /= fast_n
                slow /= slow_n
        line = fast - slow
        if seen > first:
            signal += (line - signal) * (2.0 / (signal_n + 1.0))
        elif seen >= slow_n:
            signal += line
            if seen == first:
                signal /= signal_n
        known = seen >= first
        out[0, k] = line if known else np.nan
        out[1, k] = signal if known else np.nan
        out[2, k] = line - signal if known else np.nan
    state[0], state[1], state[2], state[3] = seen, fast, slow, signal


@compiled
def bands_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Bollinger bands: upper, lower, relative width, and place between them (0 to 1)."""
    close, n, upper, lower, width, place = bars[CLOSE], params[0], out[0], out[1], out[2], out[3]
    slide(close, start, n, state, upper, lower)
    for k in range(len(upper)):
        mean, reach = upper[k], BAND_WIDTH * np.sqrt(lower[k] / n)
        upper[k] = mean + reach
        lower[k] = mean - reach
        width[k] = 2.0 * reach / mean
        place[k] = (close[start + k] - mean + reach) / (2.0 * reach) if reach > 0.0 else np.nan


@compiled
def channel_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Highest high and lowest low of the last ``params[0]`` bars, this one included."""
    high, low, n = bars[HIGH], bars[LOW], params[0]
    seen = int(state[0])
    top, top_age, bottom, bottom_age = state[1], int(state[2]), state[3], int(state[4])
    for k in range(out.shape[1]):
        i = start + k
        top_age += 1
        bottom_age += 1
        if seen == 0 or high[i] >= top:
            top, top_age = high[i], 0
        elif top_age >= n:  # the old extreme has left: look through the window once
            top, top_age = high[i], 0
            for back in range(1, n):
                if high[i - back] > top:
                    top, top_age = high[i - back], back
        if seen == 0 or low[i] <= bottom:
            bottom, bottom_age = low[i], 0
        elif bottom_age >= n:
            bottom, bottom_age = low[i], 0
            for back in range(1, n):
                if low[i - back] < bottom:
                    bottom, bottom_age = low[i - back], back
        seen += 1
        out[0, k] = top if seen >= n else np.nan
        out[1, k] = bottom if seen >= n else np.nan
    state[0], state[1], state[2], state[3], state[4] = seen, top, top_age, bottom, bottom_age


_AVERAGE_UNIT = "quote per base"

FAMILIES = (
    Family(
        "simple average",
        simple_average_kernel,
        (Column("sma", _AVERAGE_UNIT, "mean of the last n closes"),),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n"),),
        slots=3,
    ),
    Family(
        "exponential average",
        exponential_average_kernel,
        (Column("ema", _AVERAGE_UNIT, "ema[-1] + 2 / (n + 1) * (close - ema[-1]), begun with sma_n"),),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n"),),
        slots=2,
    ),
    Family(
        "relative strength",
        strength_kernel,
        (Column("rsi", "0 to 100", "100 * gain / (gain + loss), Wilder averages over n"),),
        ("close",),
        lookback=lambda n: n,
        params=(Param("n", least=2, default=14),),
        slots=3,
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
    ),
    Family(
        "bands",
        bands_kernel,
        (
            Column("bb_upper", _AVERAGE_UNIT, "sma_n + 2 * std_n, ddof=0"),
            Column("bb_lower", _AVERAGE_UNIT, "sma_n - 2 * std_n, ddof=0"),
            Column("bb_width", "fraction", "(bb_upper - bb_lower) / sma_n"),
            Column("bb_pct", "0 lower band, 1 upper", "(close - bb_lower) / (bb_upper - bb_lower)"),
        ),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n", least=2, default=20),),
        slots=SLOTS,
        missing="NaN until n closes are known; bb_pct also where the band has no width",
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
        slots=5,
    ),
)
