"""Orders that rest at a price: when a bar fills them, which of a pair, and which are dropped on arrival.

Rules of one symbol's working order and, where it is one of a pair, of the other. Nothing
here changes money; conventions as in the kernel beside this file.
"""

import math

from alphaloop.core.market import CLOSE, HIGH, LOW, OPEN, VOLUME, Floats
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.jit import compiled, inlined


@inlined
def tradable(bars: Floats, asset: int) -> bool:
    """Whether anything can fill: a bar exists, and it is not the flat, volumeless bar of a halt."""
    if math.isnan(bars[asset, CLOSE]):
        return False
    return not (bars[asset, VOLUME] == 0.0 and bars[asset, HIGH] == bars[asset, LOW])


@inlined
def waiting(state: Floats, bars: Floats, asset: int) -> bool:
    """Whether a bar can act on a resting order: there is one, and the bar trades."""
    kind = state[at.KIND, asset]
    return bool(kind == at.LIMIT or kind == at.STOP_ENTRY or kind == at.STOP_LIMIT) and tradable(bars, asset)


@inlined
def arrive(state: Floats, bars: Floats, asset: int) -> None:
    """A post-only limit that would trade at the first open it meets is dropped; later it is a limit like any."""
    if state[at.KIND, asset] != at.LIMIT or state[at.POST_ONLY, asset] == 0.0:
        return
    state[at.POST_ONLY, asset] = 0.0
    price, first = state[at.PRICE, asset], bars[asset, OPEN]
    if first <= price if state[at.AMOUNT, asset] > 0.0 else first >= price:
        state[at.KIND, asset] = at.NONE


@inlined
def refused(state: Floats, level: float, asset: int) -> bool:
    """Whether ``level`` is worse than the price at which an order that may not rest would trade."""
    worst = state[at.CAP, asset]
    return bool(level > worst if state[at.AMOUNT, asset] > 0.0 else level < worst)


@compiled
def resting_level(state: Floats, bars: Floats, asset: int, leg: int) -> float:
    """Where a resting order fills in this bar, before slippage; NaN if it does not. ``leg``: rows to its slot.

    A limit needs a trade *through* it: a touch may have been somebody else's fill.
    """
    kind, price, first = state[at.KIND + leg, asset], state[at.PRICE + leg, asset], bars[asset, OPEN]
    buys = state[at.AMOUNT + leg, asset] > 0.0
    if kind == at.LIMIT:
        if buys:
            return min(first, price) if bars[asset, LOW] < price else math.nan
        return max(first, price) if bars[asset, HIGH] > price else math.nan
    trigger = state[at.TRIGGER + leg, asset] if kind == at.STOP_LIMIT else price
    worst = price if kind == at.STOP_LIMIT else math.nan
    if buys:
        level = max(first, trigger)
        return math.nan if bars[asset, HIGH] < trigger or level > worst else level
    level = min(first, trigger)
    return math.nan if bars[asset, LOW] > trigger or level < worst else level


@inlined
def resting_reason(state: Floats, asset: int) -> int:
    """How a resting order's fill is named."""
    return at.R_LIMIT if state[at.KIND, asset] == at.LIMIT else at.R_STOP_ENTRY


@inlined
def choose(state: Floats, bars: Floats, asset: int) -> None:
    """Of a pair, bring the order that this bar fills to the front: the one nearer to the open, or given first."""
    if state[at.OTHER, asset] == at.NONE:
        return
    first, level = resting_level(state, bars, asset, 0), resting_level(state, bars, asset, at.ORDER_FIELDS)
    away, other = abs(first - bars[asset, OPEN]), abs(level - bars[asset, OPEN])
    turned = state[at.TICKET, asset] > state[at.TICKET + at.ORDER_FIELDS, asset]
    if math.isnan(level) or away < other or (away == other and not turned):
        return
    for row in range(at.KIND, at.OTHER):
        kept = state[row, asset]
        state[row, asset] = state[row + at.ORDER_FIELDS, asset]
        state[row + at.ORDER_FIELDS, asset] = kept


@inlined
def arm(state: Floats, bars: Floats, asset: int) -> None:
    """Stop-limit orders whose trigger this bar reached are limit orders from the next bar on."""
    for leg in (0, at.ORDER_FIELDS):
        if state[at.KIND + leg, asset] != at.STOP_LIMIT:
            continue
        trigger = state[at.TRIGGER + leg, asset]
        buys = state[at.AMOUNT + leg, asset] > 0.0
        if bars[asset, HIGH] >= trigger if buys else bars[asset, LOW] <= trigger:
            state[at.KIND + leg, asset] = at.LIMIT
