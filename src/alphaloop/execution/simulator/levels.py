"""The prices at which a position would leave: stop, target, liquidation, and where a jumped one fills.

Arithmetic on the state of one asset; nothing here changes money. Conventions as in
the kernel beside this file: NaN is "none".
"""

import math

from alphaloop.core.market import CLOSE, HIGH, LOW, OPEN, VOLUME, Floats
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator import rules
from alphaloop.execution.simulator.jit import compiled, inlined


@compiled
def liquidation_price(state: Floats, asset: int) -> float:
    """Price at which margin plus profit equals maintenance, quote per base; NaN if none above zero.

    Solves ``margin + q (p - entry) = rate |q| p - deduction`` in the first tier whose cap
    covers the notional at the solution.
    """
    quantity, entry, margin = state[at.QUANTITY, asset], state[at.ENTRY, asset], state[at.MARGIN, asset]
    size, price = abs(quantity), math.nan
    for row in range(at.TIERS, state.shape[0], 3):
        cap, rate, deduction = state[row, asset], state[row + 1, asset], state[row + 2, asset]
        if quantity > 0.0:
            price = (size * entry - margin - deduction) / (size * (1.0 - rate))
        else:
            price = (size * entry + margin + deduction) / (size * (1.0 + rate))
        if size * price <= cap:
            break
    return price if price > 0.0 else math.nan


@inlined
def on_tick(state: Floats, asset: int, level: float, away: float) -> float:
    """``level`` on the grid of ticks, as the rules round; ``away`` is the sign that leads from the entry.

    A whole number of ticks over the denominator of the tick is the very float that the
    decimal price reads as, so a level and a bar that name one price compare equal.
    """
    rounding = state[at.ROUNDING, asset]
    if rounding == rules.ROUND_NONE or math.isnan(level):
        return level
    ticks = level * state[at.TICK_DOWN, asset] / state[at.TICK_UP, asset]
    near = math.floor(ticks + 0.5)
    if rounding == rules.ROUND_AGAINST_US and abs(ticks - near) > 1e-9 * max(1.0, abs(ticks)):
        near = math.ceil(ticks) if away > 0.0 else math.floor(ticks)
    return float(near * state[at.TICK_UP, asset] / state[at.TICK_DOWN, asset])


@inlined
def order_level(state: Floats, asset: int, field: int, way: float) -> float:
    """The working order's stop (``way`` -1) or target (+1) as a price; fractions are of the position's basis."""
    level = state[field, asset]
    side = 1.0 if state[at.QUANTITY, asset] > 0.0 else -1.0
    if state[at.FRACTIONS, asset] != 0.0:
        basis = state[at.ENTRY, asset] if state[at.BASIS, asset] == rules.BASIS_FILL else state[at.BASE, asset]
        level = basis * (1.0 + way * side * level)
    return float(on_tick(state, asset, level, way * side))


@compiled
def trailing(state: Floats, asset: int, price: float) -> float:
    """The stop that trails ``price``: by a distance where the trail is above zero, by a fraction where below."""
    side = 1.0 if state[at.QUANTITY, asset] > 0.0 else -1.0
    trail = state[at.TRAIL, asset]
    level = price - side * trail if trail > 0.0 else price * (1.0 + side * trail)
    return float(on_tick(state, asset, level, -side))


@inlined
def begin_trail(state: Floats, asset: int, price: float) -> None:
    """Take over the working order's trail, if it has one; its stop, if it names none, starts behind ``price``."""
    state[at.TRAIL, asset] = state[at.ORDER_TRAIL, asset]
    if math.isnan(state[at.STOP, asset]) and not math.isnan(state[at.TRAIL, asset]):
        state[at.STOP, asset] = trailing(state, asset, price)


@inlined
def follow(state: Floats, bars: Floats, asset: int) -> None:
    """Move a trailing stop behind the best price of a bar that is over; never back.

    Where the position was opened or enlarged inside the bar, its extreme may have come
    before, its close cannot have.
    """
    stop, inside = state[at.STOP, asset], state[at.WAITS, asset] != at.NOTHING
    if math.isnan(bars[asset, CLOSE]) or (bars[asset, VOLUME] == 0.0 and bars[asset, HIGH] == bars[asset, LOW]):
        return
    if state[at.QUANTITY, asset] > 0.0:
        level = trailing(state, asset, bars[asset, CLOSE] if inside else bars[asset, HIGH])
        state[at.STOP, asset] = stop if level <= stop else level
    else:
        level = trailing(state, asset, bars[asset, CLOSE] if inside else bars[asset, LOW])
        state[at.STOP, asset] = stop if level >= stop else level


@inlined
def jumped_price(rule: float, level: float, bars: Floats, asset: int) -> float:
    """Where an exit fills whose level this bar's open is beyond."""
    if rule == rules.GAP_OPEN:
        return float(bars[asset, OPEN])
    if rule == rules.GAP_LEVEL or bars[asset, LOW] <= level <= bars[asset, HIGH]:
        return level
    if rule == rules.GAP_LEVEL_ELSE_OPEN:
        return float(bars[asset, OPEN])
    return float(min(max(level, bars[asset, LOW]), bars[asset, HIGH]))


@inlined
def stop_reached(held: float, level: float, bars: Floats, asset: int, opening: bool) -> bool:
    """Whether the open (or the bar's worst price) is at or beyond a level on the losing side."""
    if held > 0.0:
        return bool((bars[asset, OPEN] if opening else bars[asset, LOW]) <= level)
    return bool((bars[asset, OPEN] if opening else bars[asset, HIGH]) >= level)


@inlined
def mark_reached(state: Floats, asset: int, opening: bool) -> bool:
    """Whether the mark price is at or beyond the liquidation price: at all, or (``opening``) all through the bar."""
    level = state[at.LIQUIDATION, asset]
    if state[at.QUANTITY, asset] > 0.0:
        return bool((state[at.MARK_HIGH, asset] if opening else state[at.MARK_LOW, asset]) <= level)
    return bool((state[at.MARK_LOW, asset] if opening else state[at.MARK_HIGH, asset]) >= level)


@inlined
def liquidation_nearer(state: Floats, asset: int) -> bool:
    """Whether the price meets the liquidation before the stop on its way against the position."""
    stop, liquidation = state[at.STOP, asset], state[at.LIQUIDATION, asset]
    if math.isnan(stop):
        return True
    return bool(liquidation > stop if state[at.QUANTITY, asset] > 0.0 else liquidation < stop)


@inlined
def target_leads(state: Floats, bars: Floats, asset: int) -> bool:
    """Whether a bar that reaches stop and target reached the target first."""
    rule = state[at.BOTH, asset]
    if rule == rules.STOP_FIRST or rule == rules.STOP_ALWAYS:
        return False
    if rule == rules.TARGET_FIRST:
        return True
    rose_first = rule == rules.OPEN_HIGH_LOW_CLOSE or bars[asset, OPEN] > bars[asset, CLOSE]
    return bool(rose_first == (state[at.QUANTITY, asset] > 0.0))
