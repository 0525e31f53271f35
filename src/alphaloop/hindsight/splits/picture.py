"""A picture of a split in plain text: one line per fold, time from left to right."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Ints
from alphaloop.hindsight.splits.intervals import Intervals
from alphaloop.hindsight.splits.splitter import Splitter

TRAIN, TEST, PART, OUT = "#", "T", "+", "."


def picture(splits: Splitter | Iterable[tuple[Any, Any]], *, times: Any, ends: Any, width: int = 72) -> str:
    """Which timestamps each fold trains on and tests.

    Parameters
    ----------
    splits : Splitter, or iterable of (train, test) places of rows
    times, ends : int64 or datetime64 array-like, shape (n,), microseconds UTC
    width : int, characters
        Of a line; many timestamps share a character.

    Returns
    -------
    str
        ``#`` trained on, ``T`` tested, ``.`` left out, ``+`` trained on in part.

    Raises
    ------
    InvalidOption
        If the width is below 1.

    Examples
    --------
    >>> from alphaloop.hindsight.splits.kfold import PurgedKFold
    >>> times = np.arange(12) * 10
    >>> print(picture(PurgedKFold(3, embargo=10), times=times, ends=times + 20))
    TTTT..######
    ###.TTTT..##
    #######.TTTT
    """
    if width < 1:
        raise InvalidOption(f"width {width}", "1 or more", "use e.g. 72")
    rows = Intervals.of(times, ends)
    stamps, stamp = np.unique(rows.times, return_inverse=True)
    place = stamp * min(width, len(stamps)) // len(stamps)
    pairs = splits.split(times=times, ends=ends) if isinstance(splits, Splitter) else splits
    return "\n".join(_line(place, np.asarray(train), np.asarray(test)) for train, test in pairs)


def _line(place: Ints, train: Ints, test: Ints) -> str:
    count = int(place.max()) + 1
    every, trained, tested = (np.bincount(one, minlength=count) for one in (place, place[train], place[test]))
    marks = np.select([tested > 0, trained == every, trained > 0], [TEST, TRAIN, PART], OUT)
    return "".join(marks.tolist())
