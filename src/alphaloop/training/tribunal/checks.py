"""The checks: each rewrites one thing and looks whether the answer moves as it must.

Every check compares bits, over all rows that claim to be known by the cut, not the last
row alone. Knows answers and futures; does not know what a verdict makes of the evidence.
"""

import numpy as np

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.training.tribunal.futures import (
    FUTURES,
    GARBAGE,
    REMOVED,
    Futures,
    at_once,
    begun_at,
    collected_otherwise,
    delayed,
    emptied,
    rewritten,
    thinned,
)
from alphaloop.training.tribunal.scene import CLOCK, MADE_LATER, Scene
from alphaloop.training.tribunal.subject import Answer, Frames, Memory, Subject, ask
from alphaloop.training.tribunal.verdict import SETTLED, Startup

NEVER_US = 400 * 366 * 86_400 * 1_000_000  # a delay no scene outlives
Look = tuple[int, str]  # an instant, and the future that follows it
STARTS = (0.1, 0.25, 0.4)  # of the span: where history begins when start-up is tested
EARLIEST = 8  # bars that are known before the first random cut


def choose_looks(subject: Subject, scene: Scene, answer: Answer, count: int, random: np.random.Generator) -> list[Look]:
    """``count`` instants, each with the future that shall follow it.

    Random instants alone would miss what shows once in a thousand rows, so up to half are
    chosen: where a column first speaks (a value given one row too early shows there or
    never), and bar closes that fall between the event and the publication of some row. The
    rest is drawn, half at bar closes, half anywhere.
    """
    nows = scene.nows[min(EARLIEST, len(scene.nows) - 1) :]
    births = _some(first_words(answer), count // 8, random)
    looks = [(one, future) for one in births.tolist() for future in (REMOVED, GARBAGE)]
    between = [
        _some(straddled(scene, table), count // (4 * len(subject.tables)), random) for table in subject.tables[1:]
    ]
    left = max(count - len(looks) - sum(map(len, between)), 0)
    closes = random.choice(nows, left // 2)
    anywhere = random.integers(nows[0], nows[-1], left - left // 2)
    drawn = np.concatenate([*between, closes, anywhere]).astype(np.int64).tolist()
    return looks + [(one, FUTURES[place % len(FUTURES)]) for place, one in enumerate(drawn)]


def straddled(scene: Scene, table: str) -> Ints:
    """Bar closes at which some row of ``table`` had happened and was not known yet, ascending."""
    frame = scene.frames[table]
    happened, known = (np.asarray(frame[name].to_physical()) for name in ("event_time", "available_at"))
    place = np.searchsorted(scene.nows, happened)
    inside = place < len(scene.nows)
    close = scene.nows[place[inside]]
    return np.unique(close[close < known[inside]])


def _some(instants: Ints, most: int, random: np.random.Generator) -> Ints:
    """At most so many of them, in order."""
    if len(instants) <= most:
        return instants
    return np.sort(random.choice(instants, most, replace=False))


def first_words(answer: Answer) -> Ints:
    """Instants of the first known row of each column and symbol, ascending, each once."""
    instants = set()
    for symbol in np.unique(answer.symbols).tolist():
        own = np.flatnonzero(answer.symbols == symbol)
        known = ~np.isnan(answer.values[:, own])
        spoken = known.any(axis=1)
        instants |= set(answer.known[own[known[spoken].argmax(axis=1)]].tolist())
    return np.array(sorted(instants), dtype=np.int64)


def future_moves(subject: Subject, futures: Futures, base: Answer, cut: int, future: str) -> Bools:
    """Which columns change a row known at ``cut`` when ``future`` follows it, shape (columns,)."""
    symbols = futures.scene.symbols
    other = ask(subject, futures.splice(cut, future, subject.tables), symbols)
    return base.until(cut).differs(other.until(cut))


def moved(subject: Subject, scene: Scene, base: Answer, frames: Frames) -> Bools:
    """Which columns change anywhere on other frames, shape (columns,)."""
    return base.differs(ask(subject, frames, scene.symbols))


def reads(subject: Subject, scene: Scene, base: Answer, seed: int) -> dict[str, Bools]:
    """For each table: which columns change when what it states is rewritten, or half its rows are gone."""
    found = {}
    for table in subject.tables:
        found[table] = moved(subject, scene, base, rewritten(scene, table, seed))
        if table != CLOCK and not found[table].all():  # fewer bars are fewer rows: that would move anything
            found[table] |= moved(subject, scene, base, thinned(scene, table, seed))
    return found


def availability(subject: Subject, scene: Scene, base: Answer) -> tuple[dict[str, Bools], dict[str, Bools]]:
    """Columns that use a table beside the bars and do not care when its rows became known.

    A table known one bucket later must change them. One that a bucket does not move may
    follow a timetable (the next settlement). One that needs the rows and is not even moved
    when they are known never, or at once, has its own idea of when they were known: it
    leaks as soon as a row is late.

    Returns
    -------
    ignoring, unshifted : dict of table to bool array, shape (columns,)
    """
    ignoring, unshifted = {}, {}
    for table in subject.tables:
        if table == CLOCK:
            continue
        needs = moved(subject, scene, base, emptied(scene, table))
        still = needs & ~moved(subject, scene, base, delayed(scene, table, scene.timeframe.us))
        unshifted[table], ignoring[table] = still, still
        if still.any():
            never = moved(subject, scene, base, delayed(scene, table, NEVER_US))
            ignoring[table] = still & ~never & ~moved(subject, scene, base, at_once(scene, table))
    return ignoring, unshifted


def made_later(subject: Subject, scene: Scene, base: Answer) -> dict[str, Bools]:
    """For each table with columns settled after the row became known: which columns read them."""
    tables = [table for table in subject.tables if table in MADE_LATER]
    return {table: moved(subject, scene, base, collected_otherwise(scene, table)) for table in tables}


def startups(subject: Subject, scene: Scene, base: Answer) -> dict[str, Startup]:
    """How much each column with a declared memory depends on where history begins."""
    starts = [int(scene.nows[int(len(scene.nows) * share)]) for share in STARTS]
    shorter = [ask(subject, begun_at(scene, start), scene.symbols) for start in starts] if subject.memory else []
    found = {}
    for place, column in enumerate(subject.columns):
        if column in subject.memory:
            parts = [
                _startup(base, short, place, subject.memory[column], start)
                for short, start in zip(shorter, starts, strict=True)
            ]
            settles = [one.settles for one in parts]
            never = any(rows is None for rows in settles)
            found[column] = Startup(
                max(one.variance for one in parts), None if never else max(rows or 0 for rows in settles)
            )
    return found


def _startup(base: Answer, short: Answer, place: int, memory: Memory, start: int) -> Startup:
    """One column against its answer on a history that begins at ``start``."""
    whole = dict(zip(zip(base.symbols.tolist(), base.known.tolist(), strict=True), base.values[place], strict=True))
    keys = list(zip(short.symbols.tolist(), short.known.tolist(), strict=True))
    rank = np.concatenate([np.arange(np.sum(short.symbols == one)) for one in np.unique(short.symbols)])
    before = np.array([whole.get(key, np.nan) for key in keys])
    due = (rank >= memory.bars) & (short.known - start >= memory.us)
    gap = difference(before, short.values[place])
    gap[~due] = 0.0
    unsettled = rank[gap > SETTLED]
    if not len(unsettled):
        return Startup(float(gap.max(initial=0.0)), 0)
    last = int(unsettled.max())
    lasting = last >= rank.max() - 1
    return Startup(float(gap.max()), None if lasting else last + 1 - memory.bars)


def difference(left: Floats, right: Floats) -> Floats:
    """Relative difference; 0 where both are unknown, infinite where one is.

    Examples
    --------
    >>> difference(np.array([1.0, np.nan, 2.0]), np.array([1.0, np.nan, 1.0])).tolist()
    [0.0, 0.0, 0.5]
    """
    size = np.maximum(np.maximum(np.abs(left), np.abs(right)), 1e-300)
    with np.errstate(invalid="ignore"):
        gap = np.abs(left - right) / size
    gap[np.isnan(left) & np.isnan(right)] = 0.0
    gap[np.isnan(left) != np.isnan(right)] = np.inf
    return np.asarray(gap)
