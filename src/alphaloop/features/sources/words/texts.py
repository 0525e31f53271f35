"""Texts as numbers: cleaning, a small lexicon, and hashed words.

Text is hostile input. Of each only the first :data:`LIMIT` characters are read; it is
brought to one spelling (Unicode NFKC, lower case), invisible characters (zero width,
direction marks) are dropped and control characters become spaces. What follows are pure
functions of a text alone: none is fitted, so nothing can leak, and the same text gives the
same numbers in every process. Nothing here knows times or symbols.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.market import Floats, Ints

LIMIT = 1_000  # characters: a headline and its first sentences; three tweets
CHUNK = 20_000  # texts that are turned into vectors at a time

# Words of markets and of people who talk of them. A choice of ours, not fitted to anything.
RISING = """
acquired adopt adopts adoption advance advances approval approve approved approves bounce bounces boost boosts boosted
breakout breakthrough bull bullish bulls buy buying climb climbs climbed gain gains gained green grow grows growth
inflow inflows jump jumps jumped launch launches nice optimism optimistic outperform outperforms partnership positive
premium profit profits profitable raise raises raised rallied rallies rally rebound rebounds record recover recovers
recovery rise rises rising rose ships smiling soar soars soared strength strong stronger success surge surged
surges undervalued upbeat upgraded upside win wins winning
"""
FALLING = """
attack ban banned bans bear bearish bears bleed bleeding breach collapse collapsed collapses crackdown crash crashed
crashes crisis decline declined declines delay delayed delays downgrade downgraded downside drop dropped drops dump
dumped exploit fail failed fails failure fall fallen falling falls fear fears fell fine fined fraud hack hacked hacker
illegal investigation lawsuit layoffs liquidated liquidation lose loses losing loss losses lost negative outflow
outflows overvalued panic plunge plunged plunges plummet plummets probe recession reject rejected rejects risk risks
scam selloff sellers sell selling sink sinks slump slumped slumps stolen sue sued sues theft tumble tumbled tumbles
ugly warn warned warning warns weak weaker weakness worst
"""
RISING_MARKS, FALLING_MARKS = "🚀📈💎", "📉💀🩸"


def clean(texts: pl.Series) -> pl.Series:
    r"""One spelling of each text, at most :data:`LIMIT` characters of it; null becomes empty.

    Examples
    --------
    >>> clean(pl.Series(["BIT\u200bCOIN\x00Soars", None])).to_list()
    ['bitcoin soars', '']
    """
    return texts.cast(pl.String).alias("text").to_frame().select(cleaned(pl.col("text")))["text"]


def cleaned(text: pl.Expr) -> pl.Expr:
    """:func:`clean` of a text column."""
    text = text.fill_null("").str.head(LIMIT).str.normalize("NFKC").str.to_lowercase()
    text = text.str.replace_all(r"\p{Cf}", "").str.replace_all(r"[\p{Cc}\p{Z}]+", " ")
    return text.str.head(LIMIT)


def select(frame: pl.DataFrame, wanted: Sequence[pl.Expr | str]) -> pl.DataFrame:
    """``frame.select(wanted)``, of few rows in this thread alone: waking others would cost more than the work."""
    return frame.select_seq(wanted) if len(frame) <= _FEW else frame.select(wanted)


_FEW = 64


def polarity(cleaned: pl.Series) -> Floats:
    """``(rising - falling) / (rising + falling)`` counted in words of the lexicon, shape (n,).

    -1 to 1; NaN where no word of it occurs: the text takes no side, which is not the same as
    a neutral one. Negation is not understood.

    Examples
    --------
    >>> polarity(pl.Series(["etf wins approval", "hack: gains lost, record losses", "a new logo"])).round(2).tolist()
    [1.0, -0.2, nan]
    """
    rising, falling = _counted(cleaned, RISING, RISING_MARKS), _counted(cleaned, FALLING, FALLING_MARKS)
    said = rising + falling
    return np.asarray(np.divide(rising - falling, said, out=np.full(len(said), np.nan), where=said > 0))


def _counted(cleaned: pl.Series, words: str, marks: str) -> Floats:
    """Words and marks in each text, (n,); few texts are searched by Python, which has the pattern at hand."""
    if len(cleaned) <= _FEW:
        pattern = _pattern(words, marks)
        return np.array([len(pattern.findall(text)) for text in cleaned.to_list()], dtype=np.float64)
    # The boundary is that of ASCII: Unicode's is a hundred times slower, and the words are English.
    pattern_text = _pattern(words, marks).pattern.replace(r"\b", r"(?-u:\b)")
    return cleaned.str.count_matches(pattern_text).to_numpy().astype(np.float64)


@lru_cache(maxsize=2)
def _pattern(words: str, marks: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words.split())})\b|[{re.escape(marks)}]", re.ASCII)


def word_sets(cleaned: pl.Series, bits: int = 18) -> Iterator[tuple[Ints, Ints]]:
    """Words and pairs of neighbours of each text as hashes below ``2 ** bits``, chunk by chunk.

    Yields ``(bounds, hashes)``: text k of a chunk has ``hashes[bounds[k]:bounds[k + 1]]``,
    each once. At most :data:`CHUNK` texts are held at a time.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    hasher = HashingVectorizer(
        n_features=2**bits, ngram_range=(1, 2), binary=True, norm=None, alternate_sign=False, lowercase=False
    )
    for start in range(0, len(cleaned), CHUNK):
        made = hasher.transform(cleaned[start : start + CHUNK].to_list())
        yield made.indptr.astype(np.int64), made.indices.astype(np.int64)


def hashed(cleaned: pl.Series, dimension: int) -> Floats:
    """Signed hashes of words, shape (n, dimension); length 1, or all zero for a text without words.

    Each word adds +1 or -1 to one of the dimensions, both by its hash: on average the inner
    product of two texts is that of their word counts, whatever the dimension.

    Source
    ------
    Weinberger et al. (2009), Feature hashing for large scale multitask learning, ICML.

    Examples
    --------
    >>> vectors = hashed(pl.Series(["btc soars", "soars btc", ""]), 16)
    >>> vectors.shape, bool((vectors[0] == vectors[1]).all()), float(abs(vectors[2]).sum())
    ((3, 16), True, 0.0)
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    hasher = HashingVectorizer(n_features=dimension, norm="l2", alternate_sign=True, lowercase=False)
    vectors = np.empty((len(cleaned), dimension))
    for start in range(0, len(cleaned), CHUNK):
        part: Any = hasher.transform(cleaned[start : start + CHUNK].to_list())
        vectors[start : start + CHUNK] = part.toarray()
    return vectors
