"""The reward oracle: 100,000 candidates on 1 M bars, horizon 48, all outputs, against three ways to do without.

vectorbt ``from_signals`` (windows as columns), numpy broadcasting, and JAX on the CPU (``vmap`` over
candidates, ``scan`` over bars; in a process of its own, skipped with its reason where it cannot be
had). Values first:
numpy and JAX must give every reason and every return, vectorbt every return of candidates without
leverage under its own fill rules; else no time is reported. Bars are checked and laid out once, as
JAX's are on their device; the oracle from raw bars is timed besides.
"""

import statistics
import tempfile
from pathlib import Path

import numpy as np

from _rounds import interleaved, keep, peak_mib
from alphaloop.core.market import MarginTier
from alphaloop.execution.simulator.presets import VECTORBT
from alphaloop.hindsight.outcomes import Costs, label_candidates, prepare
from shared.peers import Unavailable, ask

BARS, COUNT, HORIZON, SUBSET, ROUNDS = 1_000_000, 100_000, 48, 2_000, 3
COSTS = Costs(taker_fee=5e-4, maker_fee=2e-4, slippage=1e-4, maintenance_rate=0.005, liquidation_fee=0.0125)
TIERS = (MarginTier(5e4, 0.004), MarginTier(2.5e5, 0.005, 50.0), MarginTier(np.inf, 0.01, 1300.0))
JAX_COSTS = ("taker_fee", "maker_fee", "slippage", "maintenance_rate", "liquidation_fee")
NAMES = ("net_return", "gross_return", "max_drawdown", "exit_price", "entry_price", "fees")


def bars() -> dict[str, np.ndarray]:
    """A seeded random walk with eight steps inside each bar and gaps on one bar in twenty."""
    rng = np.random.default_rng(7)
    path = np.cumsum(rng.standard_normal((BARS, 8)) * 0.0015 / np.sqrt(8), axis=1)
    gap = np.where(rng.random(BARS) < 0.05, rng.standard_normal(BARS) * 0.002, 0.0)
    first = np.concatenate([[0.0], np.cumsum(path[:, -1] + gap)[:-1]]) + gap
    low, high = first + np.minimum(path.min(axis=1), 0), first + np.maximum(path.max(axis=1), 0)
    steps = (first, high, low, first + path[:, -1])
    return {name: 100 * np.exp(one) for name, one in zip(("open", "high", "low", "close"), steps, strict=True)}


def candidates(group: int, seed: int) -> dict[str, np.ndarray]:
    """Random bars (``group`` candidates share one), sides, levels and leverages."""
    rng = np.random.default_rng(seed)
    return {
        "bar": np.repeat(rng.integers(0, BARS - HORIZON - 2, COUNT // group), group),
        "side": rng.choice(np.array([1, -1], np.int8), COUNT),
        "stop": rng.uniform(0.002, 0.03, COUNT),
        "target": rng.uniform(0.002, 0.06, COUNT),
        "leverage": rng.choice(np.array([1, 2, 3, 5, 10, 20, 50.0]), COUNT),
    }


def ordered(tried: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same, by bar."""
    order = np.argsort(tried["bar"], kind="stable")
    return {name: values[order] for name, values in tried.items()}


def by_numpy(table: dict[str, np.ndarray], tried: dict[str, np.ndarray], chunk: int = 4096) -> dict[str, np.ndarray]:
    """The default rules by broadcasting, (chunk, horizon) at a time."""
    made = {name: np.empty(COUNT) for name in (*NAMES, "exit_bar", "code")}
    for start in range(0, COUNT, chunk):
        part = slice(start, min(COUNT, start + chunk))
        at = tried["bar"][part, None] + np.arange(1, HORIZON + 1)
        side, lever = tried["side"][part].astype(float), tried["leverage"][part]
        signed = {name: values[at] * side[:, None] for name, values in table.items()}
        worst, best = np.minimum(signed["high"], signed["low"]), np.maximum(signed["high"], signed["low"])
        raw = signed["open"][:, 0] * side
        entry = raw * (1 + side * COSTS.slippage)
        stop = side * (entry * (1 - side * tried["stop"][part]))
        ruin = side * (entry * (1 - side / lever) / (1 - side * COSTS.maintenance_rate))
        take = side * (entry * (1 + side * tried["target"][part]))
        protect, row = np.maximum(stop, ruin), np.arange(len(at))
        hit = (worst <= protect[:, None]) | (best >= take[:, None])
        ended, end = hit.any(1), np.where(hit.any(1), hit.argmax(1), HORIZON - 1)
        first, last = signed["open"][row, end], signed["close"][row, end]
        jumped, ahead = ended & (first <= protect), ended & (first >= take) & (first > protect)
        stopped = ended & ~ahead & (worst[row, end] <= protect)
        left = np.where(jumped | ahead, first, np.where(stopped, protect, np.where(ended, take, last)))
        code = np.where(stopped, np.where(ruin > stop, 4, 2), np.where(ended, 3, 1))
        before = np.concatenate([(side * entry)[:, None], signed["close"][:, :-1]], axis=1)
        peak = np.maximum.accumulate(before, axis=1)
        deep = np.where((stopped | ahead)[:, None] & (np.arange(HORIZON) == end[:, None]), left[:, None], worst)
        fall = np.where(np.arange(HORIZON) <= end[:, None], peak - deep, 0.0).max(1)
        slip = np.where((code == 3) | (code == 4), 0.0, COSTS.slippage)
        rate = np.where(code == 3, COSTS.maker_fee, np.where(code == 4, COSTS.liquidation_fee, COSTS.taker_fee))
        price = side * left * (1 - side * slip)
        fees = lever * (COSTS.taker_fee + rate * price / entry)
        net = np.maximum(-1.0, lever * side * (price / entry - 1) - fees)
        gross = lever * side * (side * left / raw - 1)
        found = (net, gross, lever * np.maximum(fall, 0) / entry, price, entry, fees, at[row, end], code)
        for name, values in zip(made, found, strict=True):
            made[name][part] = values
    return made


def against_jax(table: dict[str, np.ndarray], tried: dict[str, np.ndarray], ours) -> dict[str, object]:
    """Rounds of ours and JAX's in turn, in a process of its own; refuses where a figure differs."""
    costs = [getattr(COSTS, name) for name in JAX_COSTS]
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        story, out = Path(folder) / "story.npz", Path(folder) / "out.npz"
        np.savez(story, **table, **tried, costs=costs, horizon=HORIZON)
        for _ in range(ROUNDS):
            mine.append({way: one["cpu_s"] for way, one in interleaved(ours).items()})
            try:
                told = ask("jax", "oracle_jax", str(story), str(out), "3")
            except Unavailable as error:
                return {"skipped": str(error)}
            theirs.append({kind: spent[0] for kind, spent in told["seconds"].items()})
        apart = agree(ours["random"](), dict(np.load(out)))
    ratios = {
        way: {
            kind: statistics.median(b[kind] / a[way] for a, b in zip(mine, theirs, strict=True)) for kind in theirs[0]
        }
        for way in ours
    }
    spent = {kind: statistics.median(one[kind] for one in theirs) for kind in theirs[0]}
    return {
        "version": told["version"],
        "apart": apart,
        "million_per_cpu_s": {kind: COUNT / one / 1e6 for kind, one in spent.items()},
        "ratio_cpu": ratios,
    }


def by_vectorbt(table: dict[str, np.ndarray], tried: dict[str, np.ndarray], chunk: int = 5000) -> np.ndarray:
    """Net return of each candidate, its window a column; value and drawdown are made too. No liquidation."""
    import pandas as pd
    import vectorbt as vbt

    made = np.empty(len(tried["bar"]))
    for start in range(0, len(made), chunk):
        part = slice(start, min(len(made), start + chunk))
        at = np.arange(1, HORIZON + 1)[:, None] + tried["bar"][part][None]
        held = {name: pd.DataFrame(values[at]) for name, values in table.items()}
        price, long = table["close"][at], tried["side"][part] > 0
        price[0] = table["open"][at[0]]
        first, last = np.zeros(at.shape, bool), np.zeros(at.shape, bool)
        first[0], last[-1] = True, True
        folio = vbt.Portfolio.from_signals(
            held["close"],
            entries=pd.DataFrame(first & long),
            exits=pd.DataFrame(last),
            short_entries=pd.DataFrame(first & ~long),
            short_exits=pd.DataFrame(last),
            price=pd.DataFrame(price),
            open=held["open"],
            high=held["high"],
            low=held["low"],
            size=1 / (price[0] * (1 + tried["side"][part] * COSTS.slippage))[None],
            size_type="amount",
            fees=COSTS.taker_fee,
            slippage=COSTS.slippage,
            init_cash=100.0,
            sl_stop=tried["stop"][part][None],
            tp_stop=tried["target"][part][None],
            stop_entry_price="price",
            stop_exit_price="stopmarket",
            accumulate=False,
            freq="5min",
        )
        value = folio.value().to_numpy()
        np.max(np.maximum.accumulate(value, axis=0) - value, axis=0)
        made[part] = tried["leverage"][part] * (folio.final_value().to_numpy() - 100.0)
    return made


def agree(found, other: dict[str, np.ndarray]) -> float:
    """Largest difference of any figure; refuses a report if a reason or an exit bar differs, or more than 1e-9."""
    wrong = int(((found.codes != other["code"]) | (found.exit_bar != other["exit_bar"])).sum())
    widest = max(float(np.abs(getattr(found, name) - other[name]).max()) for name in NAMES)
    if wrong or widest > 1e-9:
        raise SystemExit(f"{wrong} candidates differ, by up to {widest}; no time is reported")
    return widest


def agree_with_vectorbt(table: dict[str, np.ndarray], tried: dict[str, np.ndarray]) -> float:
    """The same under vectorbt's rules, for candidates without leverage, one fee for all orders."""
    part = {name: values[:SUBSET] for name, values in tried.items()} | {"leverage": np.ones(SUBSET)}
    one_fee = Costs(COSTS.taker_fee, COSTS.taker_fee, COSTS.slippage, 0.0, 0.0)
    found = label_candidates(table, part, costs=one_fee, horizon=HORIZON, rules=VECTORBT)
    widest = float(np.abs(found.net_return - by_vectorbt(table, part)).max())
    if widest > 1e-9:
        raise SystemExit(f"vectorbt's returns differ from ours under its rules by up to {widest}; no time is reported")
    return widest


def main() -> None:
    """Compare, then time."""
    import vectorbt

    table = bars()
    tape, random = prepare(table), candidates(1, 13)
    rising, grouped = ordered(random), candidates(100, 17)
    paying = np.where(np.arange(BARS) % 96 == 0, np.random.default_rng(3).standard_normal(BARS) * 1e-4, 0.0)
    funded = prepare(table | {"funding_rate": paying})
    sized = rising | {"notional": np.random.default_rng(5).uniform(1e3, 1e6, COUNT)}
    tiered = Costs(**{name: getattr(COSTS, name) for name in COSTS.__slots__} | {"margin_tiers": TIERS})

    def ours(bars, tried, costs=COSTS, threads=1):
        return lambda: label_candidates(bars, tried, costs=costs, horizon=HORIZON, threads=threads)

    jobs = {
        "sorted": ours(tape, rising),
        "random": ours(tape, random),
        "grouped": ours(tape, grouped),
        "sorted, raw bars": ours(table, rising),
        "sorted, funding and tiers": ours(funded, sized, tiered),
        "sorted, 2 threads": ours(tape, rising, threads=2),
        "grouped, 2 threads": ours(tape, grouped, threads=2),
        "numpy": lambda: by_numpy(table, random),
        "vectorbt (tenth)": lambda: by_vectorbt(table, {name: one[: COUNT // 10] for name, one in random.items()}),
    }
    found = ours(tape, random)()
    apart = {"numpy": agree(found, by_numpy(table, random)), "vectorbt": agree_with_vectorbt(table, random)}
    jax = against_jax(table, random, {way: jobs[way] for way in ("sorted", "random", "grouped")})
    times = interleaved(jobs)
    times["vectorbt (tenth)"] = {name: 10 * value for name, value in times["vectorbt (tenth)"].items()}
    peers = [name for name in times if name.startswith(("numpy", "vectorbt"))]
    figures = {
        "candidates": COUNT,
        "reasons": {str(name): int((found.reason == name).sum()) for name in np.unique(found.reason)},
        "apart": apart,
        "million_per_cpu_s": {name: COUNT / one["cpu_s"] / 1e6 for name, one in times.items()},
        "million_per_s_best": {name: COUNT / one["best_s"] / 1e6 for name, one in times.items()},
        "ratio_cpu": {
            way: {peer: times[peer]["cpu_s"] / times[way]["cpu_s"] for peer in peers}
            for way in ("sorted", "random", "grouped")
        },
        "cost_of_funding_and_tiers": times["sorted, funding and tiers"]["cpu_s"] / times["sorted"]["cpu_s"],
        "two_threads": {
            way: times[way]["best_s"] / times[f"{way}, 2 threads"]["best_s"] for way in ("sorted", "grouped")
        },
        "peak_mib": peak_mib(),
        "jax": jax,
        "vectorbt": vectorbt.__version__,
    }
    keep("oracle", figures)


if __name__ == "__main__":
    main()
