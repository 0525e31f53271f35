"""Random panels for splitters: symbols listed late, gaps, labels of any length, rows in any order."""

import numpy as np

MINUTE_US = 60_000_000


def panel(seed, stamps=24, symbols=3, longest=6, order="time", ragged=True):
    """Times and ends of a panel's rows, minutes as microseconds."""
    random = np.random.default_rng(seed)
    listed = random.integers(0, stamps // 2, symbols) if ragged else np.zeros(symbols, dtype=int)
    listed[0] = 0
    rows = [
        (stamp, symbol)
        for stamp in range(stamps)
        for symbol in range(symbols)
        if stamp >= listed[symbol] and (not ragged or symbol == 0 or random.random() > 0.2)
    ]
    keys = {"time": lambda row: row, "symbol": lambda row: row[::-1], "shuffled": lambda _: random.random()}
    rows.sort(key=keys[order])
    times = np.array([stamp for stamp, _ in rows], dtype=np.int64) * MINUTE_US
    return times, times + random.integers(1, longest + 1, len(rows)) * MINUTE_US


def balanced(seed, stamps, symbols, longest=6):
    """A panel without holes, by time."""
    return panel(seed, stamps, symbols, longest, ragged=False)


def slow_overlaps(times, ends, train, test):
    """Training rows whose label shares an instant with a test label's, pair by pair."""
    return sum(any(times[j] < ends[i] and times[i] < ends[j] for j in test) for i in train)
