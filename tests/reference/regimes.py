"""The regime rules once more, one bar at a time in plain Python: slow, and easy to read aloud."""

import math
from itertools import pairwise

STRONG, WEAK, BROKEN, STILL, BODY, HUNT = 0.15, 0.05, 0.5, 0.3, 0.4, 1.0
TAKER_HIGH, TAKER_LOW, GROWTH, FALL, HOT, COLD = 1.8, 0.55, 0.3, 1.0, 70.0, 30.0


def averages(bars, n=14):
    """Wilder's ATR and RSI of the bars given (each open, high, low, close), run from the first to the last."""
    if len(bars) < n + 1:
        return None, None
    ranges, changes = [], []
    for before, bar in pairwise(bars):
        ranges.append(max(bar[1], before[3]) - min(bar[2], before[3]))
        changes.append(bar[3] - before[3])
    parts = [ranges, [max(c, 0.0) for c in changes], [max(-c, 0.0) for c in changes]]
    made = []
    for part in parts:
        average = 0.0
        for value in part[:n]:
            average += value
        average *= 1 / n
        for value in part[n:]:
            average += (value - average) * (1 / n)
        made.append(average)
    atr, gain, loss = made
    return atr, 100 * (gain / (gain + loss)) if gain + loss > 0 else None


def share(value, full):
    return 0.0 if value is None else min(abs(value), full) / full


def sign(value, dead=0.0):
    if value is None or abs(value) <= dead:
        return 0
    return 1 if value > 0 else -1


def confidence(label, flow, taker, interest, price):
    base = 0.3 * share(flow, 0.3) + 0.2 * share(taker, 1.0) + 0.2 * share(interest, 5.0) + 0.3 * share(price, 2.0)
    signs = [sign(flow, 0.02), sign(taker, 0.1), sign(price, 0.15)]
    if label == "noise":
        return base * 0.85 * 0.90
    if label == "trap" and sign(flow) * sign(price) > 0:
        base *= 0.88
    if label in ("breakout", "continuation") and 1 in signs and -1 in signs:
        return base * 0.85
    if label in ("absorption", "trap") and signs in ([1, 1, 1], [-1, -1, -1]):
        return base * 0.88
    return base


def label_of(flow, taker, interest, price, reach, rsi):
    """First match wins; None is unknown and matches nothing."""
    if reach > HUNT and abs(price) < STILL:
        return "stop_hunt"
    if flow is None:
        return None
    falls = interest is not None and interest < -FALL
    grows = interest is not None and interest > GROWTH
    sided = taker > math.log(TAKER_HIGH) or taker < math.log(TAKER_LOW)
    aligned = sign(flow) == sign(price) != 0
    full = abs(price) > BODY * reach
    if abs(flow) > STRONG and abs(price) > BROKEN and aligned and full and (sided or grows):
        return "breakout"
    if abs(flow) > STRONG and falls and rsi is not None and (rsi > HOT or rsi < COLD):
        return "exhaustion"
    if abs(flow) > STRONG and falls and abs(price) < STILL:
        return "trap"
    if abs(flow) > STRONG and abs(price) <= STILL:
        return "absorption"
    if abs(flow) > WEAK and abs(price) > STILL and aligned:
        return "continuation"
    return "noise"


def regime_of(bars, buy, sell, interest):
    """Label, direction and confidence of the last bar; None for what cannot be told.

    ``bars`` are that bar and those before it; ``buy``, ``sell`` and ``interest`` its own, None where unknown.
    """
    atr, rsi = averages(bars[-100:])
    if not atr:
        return None, 0, None
    opened, high, low, close = bars[-1]
    price, reach = (close - opened) / atr, (high - low) / atr
    flow = taker = None
    if buy is not None and sell is not None and buy + sell > 0:
        flow = (buy - sell) / (buy + sell)
        taker = math.inf if sell == 0 else -math.inf if buy == 0 else math.log(buy / sell)
    label = label_of(flow, taker, interest, price, reach, rsi)
    if label is None:
        return None, 0, None
    votes = sign(flow) + sign(taker) + sign(price)
    return label, (votes >= 2) - (votes <= -2), confidence(label, flow, taker, interest, price)
