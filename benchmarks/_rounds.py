"""Interleaved rounds, per CPU-second, so that a busy machine hurts all alike.

Each round starts with another job: what one leaves in caches and allocators meets every other.
"""

import json
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def interleaved(jobs: dict[str, Callable[[], object]], rounds: int = 5) -> dict[str, dict[str, float]]:
    """Median and best wall and CPU seconds of each job over ``rounds`` turns, after one turn to warm up."""
    for job in jobs.values():
        job()
    wall: dict[str, list[float]] = {name: [] for name in jobs}
    cpu: dict[str, list[float]] = {name: [] for name in jobs}
    names = list(jobs)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            job = jobs[name]
            started, spent = time.perf_counter(), time.process_time()
            job()
            wall[name].append(time.perf_counter() - started)
            cpu[name].append(time.process_time() - spent)
    return {
        name: {
            "wall_s": statistics.median(wall[name]),
            "cpu_s": statistics.median(cpu[name]),
            "best_s": min(wall[name]),
            "best_cpu_s": min(cpu[name]),
        }
        for name in jobs
    }


def peak_mib() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def keep(name: str, figures: dict[str, object]) -> None:
    """Print the figures and keep them as JSON beside the benchmarks (not committed)."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
