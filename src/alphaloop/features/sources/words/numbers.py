"""A number for each text, equal for equal ones: what names are told apart by.

The same in every process, for one text and for a million. Knows bytes alone.

Source
------
Fowler, Noll, Vo: FNV-1a of 64 bits; the last mixing step is that of MurmurHash3 (Appleby).
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alphaloop.core.market import Ints
from alphaloop.features.family import compiled

_FEW = 64


def numbers_of(texts: pl.Series) -> Ints:
    """Equal for equal texts and, but for a chance of 2**-64 a pair, for no others; null counts as empty. (n,)

    Examples
    --------
    >>> one, other, again = numbers_of(pl.Series(["a", "b", "a"])).tolist()
    >>> one == again, one == other
    (True, False)
    """
    if len(texts) <= _FEW:
        every = [(text or "").encode() for text in texts.to_list()]
        bounds = np.zeros(len(every) + 1, dtype=np.int64)
        bounds[1:] = np.cumsum([len(one) for one in every])
        made: Ints = _numbers(np.frombuffer(b"".join(every), dtype=np.uint8), bounds)
        return made
    laid = texts.fill_null("").rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, bounds, data = laid.buffers()
    ends = np.frombuffer(bounds, dtype=np.int64)[laid.offset : laid.offset + len(laid) + 1]
    found: Ints = _numbers(np.frombuffer(data or b"", dtype=np.uint8), np.array(ends))
    return found


@compiled
def _numbers(data: NDArray[np.uint8], bounds: Ints) -> Ints:
    made = np.empty(len(bounds) - 1, dtype=np.int64)
    for k in range(len(made)):
        number = np.uint64(0xCBF29CE484222325)
        for place in range(bounds[k], bounds[k + 1]):
            number = (number ^ np.uint64(data[place])) * np.uint64(0x100000001B3)
        for factor in (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)):
            number = (number ^ (number >> np.uint64(33))) * factor
        made[k] = np.int64(number ^ (number >> np.uint64(33)))
    return made
