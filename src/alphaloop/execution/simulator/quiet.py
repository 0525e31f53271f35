"""Bars in which nothing can happen but a new mark: recognised cheaply, and passed quickly.

Most bars are such. ``quiet`` tells one from the others; ``glide`` passes a run of them for a
market of one asset without asking for anything that does not change meanwhile. Neither
books anything but the value of what is held.
"""

import math

from alphaloop.core.market import CLOSE, FUNDING, HIGH, LOW, Floats
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.jit import ask_for, inlined, nth
from alphaloop.execution.simulator.levels import follow

WIDTH, EIGHT = FUNDING + 1, 8
AHEAD = 128  # bars to ask the memory for while earlier ones are looked at: two of its pages


@inlined
def mark(state: Floats, account: Floats, values: Floats, t: int) -> None:
    """Value every position at its last known close, move its trailing stop, and end bar ``t``."""
    equity = account[at.CASH]
    for asset in range(values.shape[1]):
        close = values[t, asset, CLOSE]
        if not math.isnan(close):
            state[at.MARK, asset] = close
        held = state[at.QUANTITY, asset]
        if held != 0.0:
            equity += held * (state[at.MARK, asset] - state[at.ENTRY, asset])
            if not math.isnan(state[at.TRAIL, asset]):
                follow(state, values[t], asset)
        state[at.WAITS, asset] = at.NOTHING
        state[at.STOPPED, asset] = 0.0
    account[at.EQUITY] = equity
    account[at.PEAK] = max(account[at.PEAK], equity)


@inlined
def quiet(state: Floats, values: Floats, t: int) -> bool:
    """Whether bar ``t`` can change nothing but marks: no order, no funding, no level in reach."""
    for asset in range(values.shape[1]):
        if state[at.KIND, asset] != at.NONE:
            return False
        held = state[at.QUANTITY, asset]
        if held == 0.0:
            continue
        if values[t, asset, FUNDING] != 0.0:
            return False
        low, high = values[t, asset, LOW], values[t, asset, HIGH]
        bottom, top = state[at.MARK_LOW, asset], state[at.MARK_HIGH, asset]
        if math.isnan(bottom):
            bottom, top = low, high
        if held > 0.0:
            beyond = low <= state[at.STOP, asset] or bottom <= state[at.LIQUIDATION, asset]
            if beyond or high >= state[at.TARGET, asset]:
                return False
        else:
            beyond = high >= state[at.STOP, asset] or top >= state[at.LIQUIDATION, asset]
            if beyond or low <= state[at.TARGET, asset]:
                return False
    return True


@inlined
def last_close(rows: Floats, state: Floats, start: int, end: int) -> float:
    """The last known close of asset 0 before bar ``end``; bars before ``start`` are marked already."""
    for t in range(end - 1, start - 1, -1):
        close = rows[nth(t * WIDTH + CLOSE)]
        if not math.isnan(close):
            return float(close)
    return float(state[at.MARK, 0])


@inlined
def next_word(words: Floats, t: int) -> int:
    """The first bar from ``t`` on of which the plan of one asset speaks; eight are looked at together."""
    while t + EIGHT <= len(words):
        silent = True
        for place in range(t, t + EIGHT):
            silent &= math.isnan(words[nth(place)])
        if not silent:
            break
        t += EIGHT
    while t < len(words) and math.isnan(words[nth(t)]):
        t += 1
    return t


@inlined
def glide_flat(rows: Floats, state: Floats, account: Floats, equity: Floats, t: int, until: int) -> int:
    """Without a position a bar is quiet whatever its prices, until the plan speaks."""
    start, cash = t, account[at.CASH]
    for quiet_bar in range(t, until):
        equity[nth(quiet_bar)] = cash
    if until > start:
        state[at.MARK, 0] = last_close(rows, state, start, until)
        account[at.EQUITY] = cash
        account[at.PEAK] = max(account[at.PEAK], cash)
    return until


@inlined
def glide_held(rows: Floats, state: Floats, account: Floats, equity: Floats, t: int, until: int) -> int:
    """With a position: until a level is in reach, funding falls due, a close is missing, or the plan speaks."""
    held, entry, cash = state[at.QUANTITY, 0], state[at.ENTRY, 0], account[at.CASH]
    stop, liquidation, best = state[at.STOP, 0], state[at.LIQUIDATION, 0], state[at.TARGET, 0]
    lower, upper = best, stop
    if held > 0.0:
        lower, upper = stop, best
        if math.isnan(stop) or liquidation > stop:
            lower = liquidation
    elif math.isnan(stop) or liquidation < stop:
        upper = liquidation
    start, peak, worth, last = t, account[at.PEAK], 0.0, 0.0
    while t < until:
        row = t * WIDTH
        ask_for(rows, row + AHEAD * WIDTH)
        close = rows[nth(row + CLOSE)]
        ends = (rows[nth(row + LOW)] <= lower) | (rows[nth(row + HIGH)] >= upper)
        if ends | (rows[nth(row + FUNDING)] != 0.0) | math.isnan(close):
            break
        last, worth = close, cash + held * (close - entry)
        peak = max(peak, worth)
        equity[nth(t)] = worth
        t += 1
    if t > start:
        state[at.MARK, 0], account[at.EQUITY], account[at.PEAK] = last, worth, peak
    return t


@inlined
def glide(rows: Floats, state: Floats, account: Floats, equity: Floats, t: int, until: int) -> int:
    """Pass the quiet bars from ``t`` on of a market of one asset; returns the first that needs a closer look.

    ``rows`` (6 T,) are its bars, one after the other; ``until`` is the first bar of which its plan speaks.
    """
    if state[at.KIND, 0] != at.NONE or not math.isnan(state[at.TRAIL, 0]):
        return t
    if state[at.QUANTITY, 0] == 0.0:
        return glide_flat(rows, state, account, equity, t, until)
    return glide_held(rows, state, account, equity, t, until)
