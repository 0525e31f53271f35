"""JAX on the CPU: the candidates of a story, ``vmap`` over candidates, ``scan`` over bars (run by its own Python).

    python oracle_jax.py STORY.npz OUT.npz rounds

STORY holds bars, candidates and costs by name. OUT holds what float64 makes of them, a row each.
Bars lie on the device and everything is compiled before a clock starts; each kind is timed in
turns with the other.
"""

import json
import statistics
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

KINDS = ("float64", "float32")
FIGURES = ("net_return", "gross_return", "max_drawdown", "exit_price", "entry_price", "fees", "exit_bar", "code")


def walked(held, at, trade, horizon):
    """Signed price, reason, bar and fall of each trade, bar after bar."""
    side, entry, protect, take, acting = trade

    def step(state, j):
        alive, left, code, end, peak, fall = state
        first, last = side * held["open"][at + j], side * held["close"][at + j]
        low, high = side * held["low"][at + j], side * held["high"][at + j]
        worst, best = jnp.minimum(low, high), jnp.maximum(low, high)
        ahead = (first >= take) & (first > protect)
        stop_now = alive & ~ahead & (worst <= protect)
        take_now = alive & ~stop_now & (best >= take)
        final = alive & ~stop_now & ~take_now & (j == horizon - 1)
        by_stop = jnp.where(first <= protect, first, protect)
        price = jnp.where(stop_now, by_stop, jnp.where(ahead, first, jnp.where(take_now, take, last)))
        deep = jnp.where(stop_now | (take_now & ahead), price, worst)
        fall = jnp.where(alive, jnp.maximum(fall, peak - deep), fall)
        done = stop_now | take_now | final
        left, end = jnp.where(done, price, left), jnp.where(done, at + j, end)
        code = jnp.where(stop_now, acting, jnp.where(take_now, 3, jnp.where(final, 1, code)))
        return (alive & ~done, left, code, end, jnp.maximum(peak, last), fall), None

    zero = jnp.zeros_like(entry)
    start = (jnp.ones_like(entry, bool), zero, zero.astype(int), zero.astype(int), side * entry, zero)
    (_, left, code, end, _, fall), _ = jax.lax.scan(step, start, jnp.arange(horizon))
    return left, code, end, fall


def outcomes(held, costs, horizon, bar, tried):
    """All figures of all candidates; ``tried`` (4, K): side, stop, target, leverage."""
    side, stop, target, lever = tried
    taker, maker, slippage, maintenance, liquidation = costs
    raw = held["open"][bar + 1]
    entry = raw * (1 + side * slippage)
    stopped_at = side * (entry * (1 - side * stop))
    ruin = side * (entry * (1 - side / lever) / (1 - side * maintenance))
    take, protect = side * (entry * (1 + side * target)), jnp.maximum(stopped_at, ruin)
    acting = jnp.where(ruin > stopped_at, 4, 2)
    left, code, end, fall = walked(held, bar + 1, (side, entry, protect, take, acting), horizon)
    slip = jnp.where((code == 3) | (code == 4), 0.0, slippage)
    rate = jnp.where(code == 3, maker, jnp.where(code == 4, liquidation, taker))
    price = side * left * (1 - side * slip)
    fees = lever * (taker + rate * price / entry)
    net = jnp.maximum(-1.0, lever * side * (price / entry - 1) - fees)
    return net, lever * side * (side * left / raw - 1), lever * fall / entry, price, entry, fees, end, code


def oracle(story, kind):
    """A function of nothing: candidates from numpy to outcomes in numpy, compiled at its first call."""
    held = {name: jnp.asarray(story[name].astype(kind)) for name in ("open", "high", "low", "close")}
    costs, horizon = tuple(story["costs"].tolist()), int(story["horizon"])
    compiled = jax.jit(lambda held, bar, tried: outcomes(held, costs, horizon, bar, tried))

    def run():
        tried = tuple(story[name].astype(kind) for name in ("side", "stop", "target", "leverage"))
        return [np.asarray(one) for one in jax.block_until_ready(compiled(held, story["bar"], tried))]

    return run


def main(path, out, rounds):
    """Write what float64 makes of the story; print medians of CPU and wall seconds."""
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
    story = dict(np.load(path))
    jobs = {kind: oracle(story, kind) for kind in KINDS}
    spent = {kind: [] for kind in KINDS}
    np.savez(out, **dict(zip(FIGURES, jobs["float64"](), strict=True)))
    jobs["float32"]()
    for _ in range(rounds):
        for kind, job in jobs.items():
            cpu, wall = time.process_time(), time.perf_counter()
            job()
            spent[kind].append((time.process_time() - cpu, time.perf_counter() - wall))
    seconds = {
        kind: [statistics.median(column) for column in zip(*turns, strict=True)] for kind, turns in spent.items()
    }
    print(json.dumps({"version": jax.__version__, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
