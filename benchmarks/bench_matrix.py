"""The whole matrix, lake to lake: a simulated market of every modality, built and built again.

    python benchmarks/bench_matrix.py [--symbols 10] [--days 420] [--lake FOLDER]

A build runs in a process of its own, so that its peak of memory is its own; kernels are
compiled beforehand on a small market. Then the same build again, which has nothing to do,
and one of a day more. Goals: 1.2 million rows in 25 s and 4 GB.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _rounds import keep
from alphaloop.app.featuring import Order, build
from alphaloop.app.simulating import market_of, simulate_into
from alphaloop.features.contract import full
from alphaloop.lake.table import Lake

NAMES = ["BTC", "ETH", "SOL", "BNB", "XRP", "ADA", "DOGE", "TRX", "AVAX", "LINK"]
DAY_US = 86_400_000_000


def built(home: Path, symbols: tuple[str, ...], end: int | None) -> dict[str, float]:
    """One build in a process of its own: seconds, CPU seconds, peak MiB, rows."""
    words = [sys.executable, __file__, "--build", str(home), "--names", ",".join(symbols), "--end", str(end or 0)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def build_here(home: Path, symbols: tuple[str, ...], end: int | None) -> None:
    """In this process; prints its figures."""
    order = Order(symbols, "5m", full(), end=end)
    started, spent = time.perf_counter(), time.process_time()
    made = build(Lake(home / "lake"), home / "features", order, now=time.time_ns() // 1000)
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "rows": made["rows"],
        "features": made["features"],
        "wall_s": round(time.perf_counter() - started, 2),
        "cpu_s": round(time.process_time() - spent, 2),
        "peak_mib": round(usage),
    }
    print(json.dumps(figures))


def main() -> int:
    """Simulate, build three times, print JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--symbols", type=int, default=10)
    options.add_argument("--days", type=int, default=420)
    for name in ("--build", "--names"):
        options.add_argument(name, help=argparse.SUPPRESS)
    options.add_argument("--end", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.build:
        build_here(Path(given.build), tuple(given.names.split(",")), given.end or None)
        return 0
    symbols = tuple(f"{name}USDT" for name in NAMES[: given.symbols])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for days, place in ((30, home / "warm"), (given.days, home / "full")):
            simulate_into(Lake(place / "lake"), market_of(symbols, days, "5m", 0, False), now=1)
        built(home / "warm", symbols[:1], None)
        last = Lake(home / "full" / "lake").scan("market_bars").select("event_time").max().collect().item()
        cut = int(last.timestamp() * 1e6) - DAY_US
        figures = {
            "from nothing": built(home / "full", symbols, cut),
            "again": built(home / "full", symbols, cut),
            "a day more": built(home / "full", symbols, None),
        }
    keep("matrix", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
