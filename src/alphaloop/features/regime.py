"""Regime: what kind of bar just closed, in seven words.

The seven labels are those of Hyper Alpha Arena, first match wins: a hunt for stops, a
breakout, exhaustion, a trap, absorption, continuation, noise. They are judged on closed
bars only, from the taker flow, the change of open interest, and the bar against Wilder's
ATR and RSI. What we changed, and why:

* every input belongs to the same closed bucket (there: an unfinished bucket of flow
  against another window of prices, and in batches the final close of a forming bar);
* an unknown input is unknown, not zero: without flow only a stop hunt can be told;
  without open interest exhaustion and trap cannot be told from absorption, and
  ``evidence`` says so; the confidence counts what is unknown as nothing;
* no sellers at all is a one-sided market (ratio infinite), not a balanced one;
* one set of thresholds, with a taker ratio that markets reach (there, after a
  restart, 33 : 1);
* penalties on the confidence that a label's own conditions exclude are left out.

Knows arrays of closed bars; where they come from is ``sources/regime``'s business.
"""

import math
from dataclasses import astuple, dataclass, field
from functools import lru_cache

import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import CLOSE, HIGH, LOW, OPEN, Floats, Ints
from alphaloop.features.family import compiled
from alphaloop.features.windows import CUSTOMARY, REACH, wilder

LABELS = ("stop_hunt", "breakout", "exhaustion", "trap", "absorption", "continuation", "noise")
STOP_HUNT, BREAKOUT, EXHAUSTION, TRAP, ABSORPTION, CONTINUATION, NOISE = range(7)
UNKNOWN = -1

REASONS = (
    "too few bars, or bars without range",
    "taker flow unknown",
    "long range, close near open",
    "strong flow and price, takers on one side",
    "strong flow and price, open interest grows",
    "strong flow and price, takers on one side, open interest grows",
    "strong flow, open interest falls, RSI high",
    "strong flow, open interest falls, RSI low",
    "strong flow, open interest falls, price still",
    "strong flow, price still",
    "flow and price agree",
    "flow is weak",
    "price is still, or against the flow",
)
"""Text of each reason code."""

BARS_KNOWN, FLOW_KNOWN, INTEREST_KNOWN = 1, 2, 4
"""Bits of the evidence: ATR is known; taker flow is known; change of open interest is known."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where one label ends and the next begins. All of them are sizes, so strictly above zero.

    Parameters
    ----------
    strong_flow, weak_flow : float, fraction of turnover
        Of ``|buy - sell| / (buy + sell)``; weak is a third of strong.
    break_price : float, ATR
        ``|close - open|`` of a breakout.
    still_price : float, ATR
        ``|close - open|`` of a bar that did not move.
    break_body : float, fraction
        ``|close - open| / (high - low)`` of a breakout.
    hunt_range : float, ATR
        ``high - low`` of a hunt for stops.
    taker_high, taker_low : float, ratio
        Buying over selling takers of a one-sided bar.
    interest_growth, interest_fall : float, percent
        Open interest over the bucket before: above the first it grows, below minus the second it falls.
    rsi_high, rsi_low : float, 0 to 100

    Raises
    ------
    InvalidOption
        If a threshold is not above zero, or a low one is above its high one.
    """

    strong_flow: float = 0.15
    weak_flow: float = 0.05
    break_price: float = 0.5
    still_price: float = 0.3
    break_body: float = 0.4
    hunt_range: float = 1.0
    taker_high: float = 1.8
    taker_low: float = 0.55
    interest_growth: float = 0.3
    interest_fall: float = 1.0
    rsi_high: float = 70.0
    rsi_low: float = 30.0

    def __post_init__(self) -> None:
        pairs = ((self.weak_flow, self.strong_flow), (self.taker_low, self.taker_high), (self.rsi_low, self.rsi_high))
        if not all(value > 0 for value in astuple(self)) or any(low > high for low, high in pairs):
            raise InvalidOption(f"{self}", "thresholds above zero, low ones below high ones", "correct the thresholds")


@dataclass(frozen=True, slots=True)
class Regimes:
    """One verdict per bar.

    Parameters
    ----------
    label : int array, shape (n,)
        Place in :data:`LABELS`; -1 where it cannot be told.
    direction : int array, shape (n,)
        1 up, -1 down, 0 undecided.
    confidence : float array, shape (n,), 0 to 1
        NaN where there is no label.
    reason : int array, shape (n,)
        Place in :data:`REASONS`; never unknown.
    evidence : int array, shape (n,)
        Sum of the bits of what was known.
    flow : float array, shape (n,), -1 to 1
        ``(buy - sell) / (buy + sell)``: the CVD of the bar over its turnover.
    """

    label: Ints
    direction: Ints
    confidence: Floats
    reason: Ints
    evidence: Ints
    flow: Floats = field(repr=False)


def classify(
    prices: Floats,
    buy: Floats,
    sell: Floats,
    interest: Floats | None = None,
    *,
    thresholds: Thresholds | None = None,
    begin: Ints | None = None,
    first: int = 0,
) -> Regimes:
    """The regime of every closed bar of one asset, from that bar and at most 99 before it.

        price  = (close - open) / ATR        range = (high - low) / ATR
        flow   = (buy - sell) / (buy + sell) taker = log(buy / sell)

        stop_hunt      range > hunt_range and |price| < still_price
        breakout       |flow| > strong, |price| > break_price, same sign, |price| > break_body * range, and
                       (taker beyond log(taker_high), log(taker_low), or interest > interest_growth)
        exhaustion     |flow| > strong, interest < -interest_fall, RSI beyond rsi_high, rsi_low
        trap           |flow| > strong, interest < -interest_fall, |price| < still_price
        absorption     |flow| > strong, |price| <= still_price
        continuation   |flow| > weak, |price| > still_price, same sign
        noise          all others

    Direction is the side on which at least two more of the signs of flow, taker and price stand than
    on the other: flow and taker are one variable's sign, so the price can only veto.

        confidence = (0.3 min(|flow|, 0.3) / 0.3 + 0.2 min(|taker|, 1)
                      + 0.2 min(|interest|, 5) / 5 + 0.3 min(|price|, 2) / 2) * pattern * agreement

    with pattern 0.88 for a trap whose price goes with the flow, 0.85 for noise, else 1, and agreement
    0.85 for breakout or continuation against one of the signs, 0.88 for absorption or trap with all
    three, 0.90 for noise, else 1; signs there count beyond 0.02 (flow), 0.1 (taker), 0.15 (price).

    Parameters
    ----------
    prices : float array, shape (4 or more, n)
        Rows ``open high low close``; oldest bar first, no absent bars.
    buy, sell : float array, shape (n,)
        Volume taken by buyers and by sellers, base or quote; NaN where unknown.
    interest : float array, shape (n,), percent, optional
        Change of open interest against the bucket before; NaN where unknown.
    thresholds : Thresholds, optional
    begin : int array, shape (n,), optional
        First bar of each bar's memory; without it bar 0.
    first : int
        Bars before it are only remembered: they have no label, and all but their flow says nothing.

    Returns
    -------
    Regimes

    Raises
    ------
    SchemaViolation
        If shapes disagree.

    Source
    ------
    Hyper Alpha Arena's rule engine, its first-boot thresholds except where said above.

    Examples
    --------
    >>> flat = np.tile([[100.0], [101.0], [99.0], [100.0]], 20)
    >>> flat[:, -1] = 100.0, 103.0, 100.0, 103.0
    >>> seen = classify(flat, np.full(20, 80.0), np.full(20, 20.0))
    >>> LABELS[seen.label[-1]], int(seen.direction[-1]), LABELS[seen.label[-2]], int(seen.label[0])
    ('breakout', 1, 'absorption', -1)
    """
    count = prices.shape[1] if prices.ndim == 2 else -1
    unknown = np.full(max(count, 0), np.nan)
    interest = unknown if interest is None else interest
    if count < 0 or prices.shape[0] <= CLOSE or any(len(one) != count for one in (buy, sell, interest)):
        shapes = f"prices {prices.shape}, buy {buy.shape}, sell {sell.shape}, interest {interest.shape}"
        raise SchemaViolation(shapes, "prices (4, n) and three of (n,)", "give one value per bar")
    begin = np.zeros(count, dtype=np.int64) if begin is None else begin
    words, confidence = np.full((4, count), UNKNOWN), np.full(count, np.nan)
    flows = _three(buy, sell, interest)
    bars = np.ascontiguousarray(prices, dtype=np.float64)
    _judge_all(bars, flows, begin, _limits(thresholds), first, words, confidence)
    return Regimes(words[0], words[1], confidence, words[2], words[3], flows[0])


@lru_cache(maxsize=16)
def _limits(thresholds: Thresholds | None) -> tuple[float, ...]:
    limits = thresholds or Thresholds()
    taker = math.log(limits.taker_high), math.log(limits.taker_low)
    return tuple(map(float, (*astuple(limits)[:6], *taker, *astuple(limits)[8:])))


def _three(buy: Floats, sell: Floats, interest: Floats) -> Floats:
    """Flow, taker and interest of each bar, (3, n); NaN where unknown, infinite taker where one side is empty."""
    buy, sell = np.asarray(buy, dtype=np.float64), np.asarray(sell, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = buy + sell
        sound = (buy >= 0) & (sell >= 0) & (total > 0) & np.isfinite(total)
        flow = np.where(sound, (buy - sell) / total, np.nan)
        taker = np.where(sound, np.log(buy / sell), np.nan)
    return np.stack([flow, taker, np.where(np.isfinite(interest), interest, np.nan)])


@compiled
def _judge_all(
    bars: Floats, flows: Floats, begin: Ints, limits: tuple[float, ...], first: int, words: Ints, confidence: Floats
) -> None:
    """Write label, direction, reason, evidence (4, n) and confidence (n,) of every bar from ``first`` on."""
    for i in range(first, bars.shape[1]):
        flow, taker, interest = flows[0, i], flows[1, i], flows[2, i]
        atr, rsi = wilder(bars, max(begin[i], i - REACH + 1), i, CUSTOMARY)
        warm = atr > 0.0
        words[3, i] = warm * BARS_KNOWN + (not np.isnan(flow)) * FLOW_KNOWN + (not np.isnan(interest)) * INTEREST_KNOWN
        if warm:
            price = (bars[CLOSE, i] - bars[OPEN, i]) / atr
            reach = (bars[HIGH, i] - bars[LOW, i]) / atr
            label, words[2, i] = _judge((flow, taker, interest), (price, reach, rsi), limits)
        else:
            price, label, words[2, i] = np.nan, UNKNOWN, 0
        words[0, i] = label
        votes = _sign(flow, 0.0) + _sign(taker, 0.0) + _sign(price, 0.0)
        words[1, i] = (label >= 0) * ((votes >= 2) - (votes <= -2))
        confidence[i] = _confidence(label, flow, taker, interest, price) if label >= 0 else np.nan


@compiled
def _judge(
    facts: tuple[float, float, float], bar: tuple[float, float, float], limits: tuple[float, ...]
) -> tuple[int, int]:
    """Label and reason of one bar; comparisons with what is unknown are false."""
    flow, taker, interest = facts
    price, reach, rsi = bar
    strong, weak, broken, still, full, hunt, high, low, growth, fall, hot, cold = limits
    move, push, along = abs(price), abs(flow), flow * price > 0.0
    if reach > hunt and move < still:
        return STOP_HUNT, 2
    if np.isnan(flow):
        return UNKNOWN, 1
    if push > strong and move > broken and along and move > full * reach:
        sided, grows = taker > high or taker < low, interest > growth
        if sided or grows:
            return BREAKOUT, 2 + sided + 2 * grows
    if push > strong and interest < -fall and (rsi > hot or rsi < cold):
        return EXHAUSTION, 6 if rsi > hot else 7
    if push > strong and interest < -fall and move < still:
        return TRAP, 8
    if push > strong and move <= still:
        return ABSORPTION, 9
    if push > weak and move > still and along:
        return CONTINUATION, 10
    return NOISE, 11 if push <= weak else 12


@compiled
def _sign(value: float, dead: float) -> int:
    """1 above ``dead``, -1 below ``-dead``, else 0; unknown is 0."""
    return int(value > dead) - int(value < -dead)


@compiled
def _part(value: float, full: float) -> float:
    """``|value|`` as a fraction of ``full``, at most 1; unknown is 0."""
    return 0.0 if np.isnan(value) else min(abs(value), full) / full


@compiled
def _confidence(label: int, flow: float, taker: float, interest: float, price: float) -> float:
    base: float = (
        0.3 * _part(flow, 0.3) + 0.2 * _part(taker, 1.0) + 0.2 * _part(interest, 5.0) + 0.3 * _part(price, 2.0)
    )
    a, b, c = _sign(flow, 0.02), _sign(taker, 0.1), _sign(price, 0.15)
    against = a * b < 0 or a * c < 0 or b * c < 0
    together = a != 0 and a == b and a == c
    if label == NOISE:
        return base * 0.85 * 0.90
    if label == TRAP and flow * price > 0.0:
        base *= 0.88
    if label in (BREAKOUT, CONTINUATION) and against:
        return base * 0.85
    if label in (ABSORPTION, TRAP) and together:
        return base * 0.88
    return base
