"""The lake: import of a million 5m bars with its audit, and a simulated year of ten symbols."""

import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from _rounds import keep, peak_mib
from alphaloop.lake.audit import audit
from alphaloop.lake.ingest import import_files
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from alphaloop.lake.table import Lake

ROWS = 1_000_000


def write_bars(path: Path) -> None:
    """A Parquet file of one symbol, as an exchange publishes candles."""
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.standard_normal(ROWS) * 0.001))
    first = np.concatenate([[100.0], close[:-1]])
    columns = {
        "ts": np.arange(ROWS) * 300_000 + 1_500_000_000_000 // 300_000 * 300_000,
        "open": first,
        "high": np.maximum(first, close) * 1.0005,
        "low": np.minimum(first, close) * 0.9995,
        "close": close,
        "volume": rng.random(ROWS) + 1.0,
    }
    pl.DataFrame(columns).write_parquet(path)


def main() -> None:
    """Each job three times in a fresh lake; the median kept."""
    spent: dict[str, list[float]] = {"import": [], "audit": [], "import_again": [], "simulate": []}
    for turn in range(3):
        with tempfile.TemporaryDirectory() as folder:
            path, lake = Path(folder) / "BTCUSDT_5m.parquet", Lake(Path(folder) / "lake")
            write_bars(path)
            started = time.perf_counter()
            report = import_files(lake, [path], ingested_at=0)[0]
            imported = time.perf_counter()
            row = audit(lake)[0]
            audited = time.perf_counter()
            again = import_files(lake, [path], ingested_at=1)[0]
            repeated = time.perf_counter()
            if (report.written, row.present, row.gaps, again.written) != (ROWS, ROWS, 0, 0):
                raise SystemExit(f"wrong counts, no time is reported: {report} {row} {again}")
            simulate(SimulatedMarket(days=365, seed=turn))  # another seed each time: nothing is remembered
            simulated = time.perf_counter()
        spent["import"].append(imported - started)
        spent["audit"].append(audited - imported)
        spent["import_again"].append(repeated - audited)
        spent["simulate"].append(simulated - repeated)
    figures = {name: float(np.median(seconds)) for name, seconds in spent.items()}
    keep("lake", {"rows": ROWS, "seconds": figures, "peak_mib": peak_mib()})


if __name__ == "__main__":
    main()
