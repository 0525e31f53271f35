"""As-of joins: our merge beside polars' join_asof, interleaved, per CPU-second.

    python benchmarks/bench_asof.py

1.2 million instants against a slow source (funding), one of the same cadence, and a dense
one: both find the row. Then ten symbols of 120,000 instants strictly joined with the columns
of funding, a book and events, symbol by symbol. The answers are compared first.
"""

import sys

import numpy as np
import polars as pl

from _rounds import interleaved, keep
from alphaloop.features.asof import as_of, gather

INSTANTS, STEP_US = 1_200_000, 300_000_000
SOURCES = {"funding, 8 h": 12_500, "on-chain, 1 h": 100_000, "ratios, 5 min": 1_200_000, "trades": 12_000_000}
SYMBOLS, WIDE = 10, {"funding": (1_250, 2), "book": (240_000, 6), "events": (10_000, 3)}  # rows a symbol, columns


def wide(rng: np.random.Generator) -> dict[str, float] | None:
    """CPU milliseconds of the strict join of all columns by symbol; none if the numbers differ."""
    count = INSTANTS // SYMBOLS
    now = np.arange(count) * STEP_US
    names = [f"S{k}" for k in range(SYMBOLS)]
    left = pl.DataFrame({"symbol": np.repeat(names, count), "at": np.tile(now, SYMBOLS)})
    sources, frames = [], []
    for rows, columns in WIDE.values():
        known = np.sort(rng.integers(0, count * STEP_US, (SYMBOLS, rows)))
        values = rng.random((SYMBOLS, columns, rows))
        sources.append((known, values))
        table = {f"c{len(frames)}_{k}": values[:, k].ravel() for k in range(columns)}
        frames.append(pl.DataFrame({"symbol": np.repeat(names, rows), "at": known.ravel(), **table}))

    def ours() -> list[np.ndarray]:
        return [
            gather(as_of(known[k], now, strict=True), values[k]) for known, values in sources for k in range(SYMBOLS)
        ]

    def theirs() -> pl.DataFrame:
        joined = left
        for right in frames:
            joined = joined.join_asof(right, on="at", by="symbol", allow_exact_matches=False, check_sortedness=False)
        return joined

    made, joined = ours(), theirs()
    for k, (_, columns) in enumerate(WIDE.values()):
        found = np.concatenate(made[k * SYMBOLS : (k + 1) * SYMBOLS], axis=1)
        wanted = joined.select(pl.col(f"c{k}_{column}").fill_null(np.nan) for column in range(columns)).to_numpy()
        if not np.array_equal(found.T, wanted, equal_nan=True):
            return None
    spent = interleaved({"alphaloop": ours, "polars": theirs})
    return {name: one["cpu_s"] * 1e3 for name, one in spent.items()}


def main() -> int:
    """Compare, time, print JSON."""
    rng, figures = np.random.default_rng(0), {}
    now = np.arange(INSTANTS) * STEP_US
    left = pl.DataFrame({"at": now})
    for name, rows in SOURCES.items():
        available = np.sort(rng.integers(0, INSTANTS * STEP_US, rows))
        right = pl.DataFrame({"at": available, "row": np.arange(rows)})
        jobs = {
            "alphaloop": lambda available=available: as_of(available, now),
            "polars": lambda right=right: left.join_asof(right, on="at"),
        }
        if not np.array_equal(jobs["alphaloop"](), jobs["polars"]()["row"].fill_null(-1).to_numpy()):
            print(f"refused: rows differ for a source {name}")
            return 1
        spent = interleaved(jobs)
        figures[name] = {job: round(one["cpu_s"] * 1e3, 2) for job, one in spent.items()}
        figures[name]["times faster per CPU-second"] = round(spent["polars"]["cpu_s"] / spent["alphaloop"]["cpu_s"], 2)
    spent = wide(rng)
    if spent is None:
        print("refused: joined columns differ")
        return 1
    figures["11 columns by symbol"] = {job: round(one, 2) for job, one in spent.items()} | {
        "times faster per CPU-second": round(spent["polars"] / spent["alphaloop"], 2)
    }
    keep("asof", {"cpu_ms_for_1.2_million_instants": figures})
    return 0


if __name__ == "__main__":
    sys.exit(main())
