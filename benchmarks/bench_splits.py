"""Purged splits of a large panel, beside purgedcv: the same indices first, then time per CPU-second.

    python benchmarks/bench_splits.py [--stamps 120000] [--rounds 3]

Ten symbols, labels of 1 to 288 bars, C(10, 2) = 45 splits with an embargo of a day. purgedcv is given
rows by time, as it needs them, and is timed on three of the 45 splits; ours also with rows by symbol,
and with the audit of all folds. If one index differs nothing is reported and the exit code is 1.
"""

import argparse
import itertools
import sys

import numpy as np
import pandas as pd
import purgedcv

from _rounds import interleaved, keep, peak_mib
from alphaloop.hindsight.splits import CombinatorialPurgedCV, audit

SYMBOLS, LONGEST, STEP_US = 10, 288, 300_000_000
EMBARGO_US = 86_400_000_000
SPLITS = 3  # of purgedcv


def panel(stamps: int) -> tuple[np.ndarray, np.ndarray]:
    """Times and label ends of a panel without holes, by time."""
    times = np.repeat(np.arange(stamps, dtype=np.int64) * STEP_US, SYMBOLS)
    return times, times + np.random.default_rng(0).integers(1, LONGEST + 1, len(times)) * STEP_US


def theirs(times: np.ndarray, ends: np.ndarray) -> purgedcv.CombinatorialPurgedCV:
    """The same split; its embargo is closed, so it is a microsecond shorter."""
    when = [pd.Series(one.astype("datetime64[us]")) for one in (times, ends)]
    embargo = pd.Timedelta(microseconds=EMBARGO_US - 1)
    return purgedcv.CombinatorialPurgedCV(10, 2, prediction_times=when[0], evaluation_times=when[1], embargo=embargo)


def main() -> int:
    """Compare, then time."""
    options = argparse.ArgumentParser()
    options.add_argument("--stamps", type=int, default=120_000)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    cv, (times, ends) = CombinatorialPurgedCV(10, 2, embargo=EMBARGO_US), panel(given.stamps)
    order = np.arange(len(times)).reshape(given.stamps, SYMBOLS).T.ravel()
    mixed, until = times[order], ends[order]

    def first(splits: object, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
        return list(itertools.islice(splits, count))  # type: ignore[call-overload]

    small = panel(given.stamps // 40)
    pairs = zip(cv.split(times=small[0], ends=small[1]), theirs(*small).split(small[0]), strict=True)
    if not all(np.array_equal(a, b) for one, other in pairs for a, b in zip(one, other, strict=True)):
        print("an index differs from purgedcv's")
        return 1
    peer = theirs(times, ends)
    seconds = interleaved(
        {
            "ours_45_by_time": lambda: [len(train) for train, _ in cv.split(times=times, ends=ends)],
            "ours_45_by_symbol": lambda: [len(train) for train, _ in cv.split(times=mixed, ends=until)],
            "ours_audit_45": lambda: audit(cv, times=times, ends=ends).require(),
            f"purgedcv_{SPLITS}": lambda: first(peer.split(times), SPLITS),
        },
        given.rounds,
    )
    each = {
        "ours": seconds["ours_45_by_time"]["cpu_s"] / 45,
        "purgedcv": seconds[f"purgedcv_{SPLITS}"]["cpu_s"] / SPLITS,
    }
    keep("splits", {"rows": len(times), **seconds, "cpu_s_per_split": each, "peak_mib": peak_mib()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
