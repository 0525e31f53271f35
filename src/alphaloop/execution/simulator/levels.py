"""The prices at which a position would leave: stop, target, liquidation, and where a jumped one fills.

Arithmetic on the state of one asset; nothing here changes money. Conventions as in
the kernel beside this file: NaN is "none".
"""

import math

from alphaloop.core.market import CLOSE, HIGH, LOW, OPEN, Floats
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
    if rounding == rules.ROUND_NONE:
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
