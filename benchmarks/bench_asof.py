"""As-of joins: our merge beside polars' join_asof, interleaved, per CPU-second.

    python benchmarks/bench_asof.py

1.2 million instants against a slow source (funding), one of the same cadence, and a dense
one. Both find the row; the answers are compared first.
"""

import sys

import numpy as np
import polars as pl

from _rounds import interleaved, keep
from alphaloop.features.asof import as_of

INSTANTS, STEP_US = 1_200_000, 300_000_000
SOURCES = {"funding, 8 h": 12_500, "on-chain, 1 h": 100_000, "ratios, 5 min": 1_200_000, "trades": 12_000_000}


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
    keep("asof", {"cpu_ms_for_1.2_million_instants": figures})
    return 0


if __name__ == "__main__":
    sys.exit(main())
