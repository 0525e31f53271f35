r"""A handful of texts, read by Python alone: to the letter what :mod:`texts` makes of many.

A live feed brings one piece of news at a time, and for one text a column engine costs far
more to wake than to run. Python and the engine agree on a text whose characters have been
settled for long and stand each for itself: Latin, punctuation, currencies, pictures. Of
any other, None is the answer: let the engine read it. Knows texts, not what they say.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from unicodedata import normalize

import numpy as np

from alphaloop.core.market import Ints

MOST = 64  # texts that are sooner read one by one

# No character of these joins its neighbour or depends on it, whatever the version of Unicode.
_SETTLED = re.compile("[\x00-\u024f\u2000-\u206f\u20a0-\u20bf\U0001f300-\U0001f64f]*")
_INVISIBLE = re.compile("[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f]")  # Cf among them
_BLANK = re.compile("[\x00-\x20\x7f-\xa0\u2000-\u200a\u2028\u2029\u202f\u205f]+")  # Cc and Z among them
_WORD = re.compile(r"\b\w\w+\b")
_LOWEST = -(2**31)


def cleaned(text: str, limit: int) -> str | None:
    r"""One spelling of a text, at most ``limit`` characters of it; None where Python might see it otherwise.

    Examples
    --------
    >>> cleaned("BIT\u200bCOIN\x00Soars", 100), cleaned("\u0441\u0435\u043b\u043b", 100)
    ('bitcoin soars', None)
    """
    text = text[:limit]
    if not _SETTLED.fullmatch(text):
        return None
    if not text.isascii():
        text = _INVISIBLE.sub("", normalize("NFKC", text).lower())
    return _BLANK.sub(" ", text.lower())[:limit]


def word_sets(texts: Sequence[str], bits: int) -> tuple[Ints, Ints]:
    """Words and pairs of neighbours of each text as hashes below ``2 ** bits``, each once, ascending.

    Returns
    -------
    bounds : int array, shape (n + 1,)
        Text k has ``hashes[bounds[k]:bounds[k + 1]]``.
    hashes : int array

    Examples
    --------
    >>> bounds, hashes = word_sets(["btc btc", "", "a b"], 18)
    >>> bounds.tolist(), len(hashes)
    ([0, 2, 2, 2], 2)
    """
    from sklearn.utils import murmurhash3_32

    sets = [_hashes(text, 2**bits, murmurhash3_32) for text in texts]
    bounds = np.zeros(len(sets) + 1, dtype=np.int64)
    bounds[1:] = np.cumsum([len(one) for one in sets])
    return bounds, np.array([number for one in sets for number in one], dtype=np.int64)


def _hashes(text: str, size: int, number: Callable[[str], int]) -> list[int]:
    words = _WORD.findall(text)
    words += [f"{one} {other}" for one, other in pairwise(words)]
    return sorted({_place(number(word), size) for word in words})


def _place(number: int, size: int) -> int:
    """As scikit-learn's FeatureHasher folds a hash."""
    return (2**31 - size) % size if number == _LOWEST else abs(number) % size
