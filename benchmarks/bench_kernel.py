"""One symbol, 1 M bars, about 20,000 bracketed trades: our kernel against vectorbt and backtesting.py.

Each under the rules of the engine it is held against, so that every trade and the end equity
are equal; where they are not, no time is reported. All write the equity of every bar. The
engines run in Pythons of their own (see ``shared/peers.py``), in turns with ours; vectorbt with both of
its engines and ``value()``, the faster one counts. Memory is that of a process that does
nothing but read the bars and simulate.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from _rounds import keep, peak_mib
from alphaloop.execution.simulator.batch import simulate
from alphaloop.execution.simulator.presets import PRESETS, VECTORBT
from alphaloop.execution.simulator.rules import FillRules
from parity import compare
from shared.story import Story, trades, walk

BARS, ROUNDS = 1_000_000, 3


def seconds(story: Story, rules: FillRules, *, fractions: bool) -> tuple[float, float]:
    """Median CPU and wall seconds of a simulation that is ready to go."""
    market, plan = story.market, story.plan(fractions=fractions)
    found = []
    for turn in range(12):
        cpu, wall = time.process_time(), time.perf_counter()
        simulate(market, plan, story.instruments, story.cash, rules=rules)
        if turn > 1:
            found.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpus, walls = zip(*found, strict=True)
    return statistics.median(cpus), statistics.median(walls)


def against(story: Story, name: str, *words: str) -> dict[str, object]:
    """Rounds of ours and theirs in turn; refuses where trades or ends differ."""
    ratios, mine, theirs, last = [], [], [], {}
    for _ in range(ROUNDS if name == "vectorbt" else 1):
        ours = seconds(story, PRESETS[name], fractions=name == "vectorbt")
        with tempfile.TemporaryDirectory() as folder:
            last = compare(story, name, Path(folder), *words)
        if "unavailable" in last:
            return last
        if not last["equal"]:
            raise SystemExit(f"{name} and alphaloop disagree, so no time is reported: {last}")
        best = min(last["seconds"].values())
        mine, theirs, ratios = [*mine, ours], [*theirs, best], [*ratios, best[0] / ours[0]]
    return {
        "version": last["version"],
        "trades": last["trades"],
        "differing": last["differing"],
        "ends": last["ends"],
        "bars_per_cpu_s": {
            "alphaloop": BARS / statistics.median(one[0] for one in mine),
            **{f"{name} {engine}": BARS / spent[0] for engine, spent in last["seconds"].items()},
        },
        "bars_per_s": {
            "alphaloop": BARS / statistics.median(one[1] for one in mine),
            name: BARS / statistics.median(one[1] for one in theirs),
        },
        "ratio_cpu": statistics.median(ratios),
        "ratio_cpu_of_rounds": ratios,
        "peak_mib": last.get("peak_mib"),
    }


def memory(folder: Path) -> None:
    """Read the bars and the plan from ``folder``, simulate, and print the peak of this process."""
    from alphaloop.core.market import Market
    from alphaloop.core.time import Timeframe
    from alphaloop.execution.simulator.batch import targets

    values, side, stop, take = (np.load(folder / f"{name}.npy") for name in ("values", "goal", "stop", "take"))
    market = Market(np.arange(len(values)) * 300_000_000, ("X",), values, Timeframe.parse("5m"))
    plan = targets(side, stop=stop, take=take, units=True, fractions=True)
    one = Story(values[:2, 0, :4], *(np.zeros(0, dtype=int),) * 4, cash=1e7).instruments
    result = simulate(market, plan, one, 1e7, rules=VECTORBT)
    print(own_peak_mib(), len(result.rows))


def own_peak_mib() -> float:
    """Largest resident memory of this program; the usual figure begins with that of the process it was started by."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_mib()
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return float(lines["VmHWM"].split()[0]) / 1024


def memory_of(story: Story) -> float:
    """Peak resident MiB of a process of its own that simulates the story."""
    plan = story.plan(fractions=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, array in zip(
            ("values", "goal", "stop", "take"), (story.market.values, plan.target, plan.stop, plan.take), strict=True
        ):
            np.save(Path(folder) / f"{name}.npy", array)
        call = [sys.executable, __file__, folder]
        done = subprocess.run(call, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[0])


def main() -> None:
    """Equal first, then time, then memory."""
    story = trades(walk(BARS))
    default = seconds(story, FillRules(), fractions=True)
    found: dict[str, object] = {
        "bars": BARS,
        "default_rules_bars_per_cpu_s": BARS / default[0],
        "vectorbt": against(story, "vectorbt", "3"),
        "backtesting.py": against(story, "backtesting.py"),
        "peak_mib": memory_of(story),
    }
    keep("kernel", found)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        memory(Path(sys.argv[1]))
    else:
        main()
