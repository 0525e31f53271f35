"""The kernel's two entry points, compiled once and kept on disk.

numba notices a change of the file that holds an entry point, not of the files whose rules
it compiled in; a stale kernel would be a wrong backtest. So the entry points close over a
stamp of all those sources, and closures are part of numba's cache key.
"""

import math
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba.extending import register_jitable

from alphaloop.core import account as core_account
from alphaloop.core import market as core_market
from alphaloop.core import orders as core_orders
from alphaloop.core.account import wanted_quantity
from alphaloop.core.market import Floats
from alphaloop.core.orders import round_to_lot
from alphaloop.execution.simulator import jit, kernel, levels, money, quiet, resting, rules
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.jit import ask_for, borrow, entry_point, inlined
from alphaloop.execution.simulator.kernel import events
from alphaloop.execution.simulator.quiet import glide, mark, next_word
from alphaloop.execution.simulator.quiet import quiet as nothing_happens
from alphaloop.execution.simulator.rules import FillRules

register_jitable(wanted_quantity)  # the very function the Python side uses; numba compiles it in place

_SOURCES = (core_account, core_market, core_orders, jit, rules, at, levels, money, resting, kernel, quiet)
STAMP = sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in _SOURCES)).hexdigest()
"""Of the rules as they stand in these files."""


def rules_hash(chosen: FillRules) -> str:
    """SHA-256 of the code that fills and of the rules it was given; written into every trace."""
    return sha256(f"{STAMP}:{chosen.hash}".encode()).hexdigest()


class Plan(NamedTuple):
    """Precomputed targets: what a policy would have said on each bar.

    ``target``, ``stop``, ``take`` and ``leverage`` have shape (T, A) and are read where
    ``target`` is not NaN (NaN holds). Targets are signed fractions of equity, or base units
    when ``units``; stop and take are price levels, or fractions of the entry when ``fractions``.
    """

    target: Floats
    stop: Floats
    take: Floats
    leverage: Floats
    units: bool = False
    fractions: bool = False
    band: float = 0.0


class Views(NamedTuple):
    """What the kernel reads of a market: ``values`` (T, A, 6); ``marks`` (T, A, 2), or (0, A, 2) for none."""

    values: Floats
    marks: Floats


@inlined
def queue_target(state: Floats, account: Floats, plan: Plan, t: int, asset: int) -> None:
    """Make row ``t`` of the plan a working order, as ``core.account.orders_to_reach`` does."""
    target, price = plan.target[t, asset], state[at.MARK, asset]
    if math.isnan(price):
        return
    held, lot, equity = state[at.QUANTITY, asset], state[at.LOT, asset], account[at.EQUITY]
    if plan.units:
        delta = -held if target == 0.0 else round_to_lot(target - held, lot)
    else:
        delta = wanted_quantity(target, equity, price, held, lot)
    notional = abs(delta) * price
    small = notional < state[at.MIN_NOTIONAL, asset] or notional < plan.band * equity
    kind, amount = at.MARKET, delta
    if delta == 0.0 or (small and target != 0.0 and target * held >= 0.0):
        moves = held != 0.0 and not (math.isnan(plan.stop[t, asset]) and math.isnan(plan.take[t, asset]))
        cancels = target == 0.0 and state[at.KIND, asset] != at.NONE  # an order that waits through a halt
        if not (moves or cancels):
            return
        kind, amount = at.PROTECT, 0.0
    state[at.KIND, asset] = kind
    state[at.AMOUNT, asset] = amount
    closes = target == 0.0  # and needs no levels: what is not read does not wait for memory
    state[at.STOP_LEVEL, asset] = math.nan if closes else plan.stop[t, asset]
    state[at.TARGET_LEVEL, asset] = math.nan if closes else plan.take[t, asset]
    state[at.ORDER_LEVERAGE, asset] = 1.0 if closes else plan.leverage[t, asset]
    # Only reducing, it must not open the other side, should a level close the position before it fills.
    state[at.REDUCE_ONLY, asset] = 1.0 if delta * held < 0.0 and target * held >= 0.0 else 0.0
    state[at.FRACTIONS, asset] = 1.0 if plan.fractions else 0.0
    state[at.TICKET, asset] = t


@inlined
def set_marks(state: Floats, marks: Floats, t: int) -> None:
    """Bar ``t``'s lowest and highest mark prices, where the market has them."""
    for asset in range(marks.shape[1]):
        state[at.MARK_LOW, asset] = marks[t, asset, 0]
        state[at.MARK_HIGH, asset] = marks[t, asset, 1]


@inlined
def run_while_room(
    market: Views, plan: Plan, state: Floats, account: Floats, fills: Floats, equity: Floats, t: int
) -> int:
    """Bars from ``t`` on until the market ends or ``fills`` might overflow; returns the next bar."""
    values, marks, target = market.values, market.marks, plan.target
    bars, assets = values.shape[0], values.shape[1]
    room = fills.shape[0] - assets * at.FILLS_PER_ASSET
    rows, words = values.reshape(values.size), target.reshape(target.size)
    word = after = -1
    while account[at.ROWS] <= room:
        if assets == 1 and marks.shape[0] == 0:
            if word < t:  # and fetch what the word after this one says
                word = after if after >= t else next_word(words, t)
                after = next_word(words, word + 1)
                for wishes in (plan.stop, plan.take, plan.leverage):
                    ask_for(wishes, after)
            t = glide(rows, state, account, equity, t, word)
        if t >= bars:
            break
        if marks.shape[0] > 0:
            set_marks(state, marks, t)
        if not nothing_happens(state, values, t):
            first = int(account[at.ROWS])
            events(state, account, fills, values[t])
            for row in range(first, int(account[at.ROWS])):
                fills[row, at.F_BAR] = t
        mark(state, account, values, t)
        equity[t] = account[at.EQUITY]
        for asset in range(assets):
            if not math.isnan(target[t, asset]):
                queue_target(state, account, plan, t, asset)
        t += 1
    return t


def _entry_points(stamp: str) -> tuple[Callable[..., int], Callable[..., Floats]]:
    @entry_point
    def step(state: Floats, account: Floats, fills: Floats, bars: Floats) -> int:
        """One bar of every asset: changes the arrays in place, returns the fill rows written."""
        _ = stamp
        account[at.ROWS] = 0.0
        state, account, fills, bars = borrow(state), borrow(account), borrow(fills), borrow(bars)
        values = bars.reshape((1, bars.shape[0], bars.shape[1]))
        if not nothing_happens(state, values, 0):
            events(state, account, fills, bars)
        mark(state, account, values, 0)
        return int(account[at.ROWS])

    @entry_point
    def run(market: Views, plan: Plan, state: Floats, account: Floats, equity: Floats) -> Floats:
        """A whole market: row ``t`` of the plan is decided on bar ``t`` and meets bar ``t + 1`` first."""
        _ = stamp
        bars, assets = market.values.shape[0], market.values.shape[1]
        fills = np.empty((1024 + assets * at.FILLS_PER_ASSET, at.FILL_FIELDS))
        account[at.ROWS] = 0.0
        target, stop, take, leverage = borrow(plan.target), borrow(plan.stop), borrow(plan.take), borrow(plan.leverage)
        own = Plan(target, stop, take, leverage, plan.units, plan.fractions, plan.band)
        views = Views(borrow(market.values), borrow(market.marks))
        t = run_while_room(views, own, borrow(state), borrow(account), borrow(fills), borrow(equity), 0)
        while t < bars:
            count = int(account[at.ROWS])
            grown = np.empty((4 * fills.shape[0], at.FILL_FIELDS))
            grown[:count] = fills[:count]
            fills = grown
            t = run_while_room(views, own, borrow(state), borrow(account), borrow(fills), borrow(equity), t)
        return fills[: int(account[at.ROWS])]  # the rest was never written, so it takes no memory

    return step, run


step, run = _entry_points(STAMP)
