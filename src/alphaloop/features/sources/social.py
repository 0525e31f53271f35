"""Social features: six hours of buckets of ``social_text_latent``, and a blend with events.

Counts are sums and means are weighted by how many contributed, over the symbol's buckets
that became available in the last 6 hours, added up afresh at each decision time. Where the
symbol had no bucket for a day the source counts as silent and all is missing, except where
events alone can answer for the blend. Knows pooled rows, no single post.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import DAY_US, HOUR_US
from alphaloop.features import facts as form
from alphaloop.features.family import compiled
from alphaloop.features.sources import events
from alphaloop.features.sources.rows import Reader, Rows, Whose, floats, own, rows, told, vectors
from alphaloop.features.sources.symbols import names_of
from alphaloop.features.sources.words import news
from alphaloop.features.sources.words.embedding import DIMENSION
from alphaloop.features.sources.words.posts import FIVE_MINUTES, TABLE

SOCIAL_AGG_BLEND_ALPHA = 0.35  # weight of the social side of a blend, as in the system of seed 001
WINDOW_US = 6 * HOUR_US
SILENT_US = DAY_US

_SILENT = "masked while the symbol has no bucket of posts in the last 24 h"
_NONE = "masked while the symbol has no post in 6 h"
_UNSTATED = _NONE + " that states it"
_EITHER = "the one that is known where only one is; masked where neither is"
_COLUMNS = (
    ("social_posts", "posts", "posts in 6 h", _SILENT),
    ("social_comments", "comments", "comments in 6 h", _SILENT),
    ("social_buzz", "log", "log(1 + posts + comments in 6 h)", _SILENT),
    ("social_authors", "log", "log(1 + sum over buckets of different authors)", _UNSTATED),
    ("social_originality", "fraction", "sum over buckets of different texts / (posts + comments)", _NONE),
    ("comment_skew", "-1 to 1", "(comments - posts) / (comments + posts)", _NONE),
    ("social_post_sentiment", "-1 to 1", "mean polarity of the posts that take a side", _UNSTATED),
    ("social_comment_sentiment", "-1 to 1", "mean polarity of the comments that take a side", _UNSTATED),
    ("social_engagement_norm", "log", "mean log(1 + likes + reposts + replies), where counted in time", _UNSTATED),
    ("social_influence_norm", "log", "mean log(1 + author's followers), where counted in time", _UNSTATED),
    ("social_age", "hours", "now - available_at of its newest bucket", _SILENT),
    ("social_event_ratio", "fraction", "s / (s + e): s posts and comments, e events in 6 h",
     "masked unless both sources speak and s + e > 0"),
    ("social_event_sentiment", "-1 to 1", "a s + (1 - a) e, a = {a}; s mean polarity of posts and comments,"
     " e event_sentiment", _EITHER),
    ("social_event_activity", "log", "a social_buzz + (1 - a) log(1 + events in 6 h), a = {a}", _EITHER),
)  # fmt: skip
NAMES = tuple(name for name, *_ in _COLUMNS)
(
    _POSTS, _COMMENTS, _BUZZ, _AUTHORS, _ORIGINALITY, _SKEW, _POST_SENTIMENT, _COMMENT_SENTIMENT, _ENGAGEMENT,
    _INFLUENCE, _AGE, _RATIO, _SENTIMENT, _ACTIVITY,
) = range(len(NAMES))  # fmt: skip
_MEANS = _POST_SENTIMENT  # the first of four columns that are means of values by their counts
_STATISTICS = {
    name: pl.Float64()
    for name in (
        "authors", "texts", "post_sentiment", "post_sided", "comment_sentiment", "comment_sided",
        "engagement", "engagement_known", "influence", "influence_known",
    )
}  # fmt: skip


@dataclass(frozen=True)
class SocialFamily:
    """Posts of the last six hours; a :class:`alphaloop.features.facts.SourceFamily`.

    Parameters
    ----------
    dimension : int
        Of the rows' vectors; rows of another length are passed over.
    model : str
        Whose vectors are read; empty for the hashed words of that dimension.
    alpha : float, 0 to 1
        Weight of posts in the blends with events, ``SOCIAL_AGG_BLEND_ALPHA``.

    Examples
    --------
    >>> family = SocialFamily(dimension=4)
    >>> len(family.declared), family.declared[-1].name
    (18, 'social_latent_3')
    """

    dimension: int = DIMENSION
    model: str = ""
    alpha: float = SOCIAL_AGG_BLEND_ALPHA

    def __post_init__(self) -> None:
        if self.dimension < 1 or not 0 <= self.alpha <= 1:
            found = f"dimension {self.dimension}, alpha {self.alpha}"
            raise InvalidOption(found, "a dimension of 1 or more, alpha from 0 to 1", "correct the family")

    @property
    def name(self) -> str:
        """Family name."""
        return "social"

    @cached_property
    def declared(self) -> tuple[form.Declared, ...]:
        """The columns, in order: statistics, then the mean vector."""
        inputs = tuple(f"{TABLE}.{name}" for name in ("available_at", "posts", "comments", "agg_features"))
        counts = [
            form.Declared(name, "social", unit, text.replace("{a}", str(self.alpha)), inputs, when)
            for name, unit, text, when in _COLUMNS
        ]
        model, inputs = self.model or f"hash{self.dimension}-v1", (f"{TABLE}.latent", *inputs[:3])
        vector = [
            form.Declared(f"social_latent_{d}", "social", "", f"mean over 6 h of latent[{d}] of {model}", inputs, _NONE)
            for d in range(self.dimension)
        ]
        return (*counts, *vector)

    @property
    def tables(self) -> tuple[str, ...]:
        """Lake tables read."""
        return (TABLE, *news.TABLES)

    @property
    def memory_us(self) -> int:
        """A day of buckets; the blend remembers what the events do."""
        return max(SILENT_US, news.MEMORY_US)

    @property
    def memory_bars(self) -> int:
        """No bars are read."""
        return 0

    @cached_property
    def readers(self) -> Mapping[str, Reader]:
        """Numbers and vector of each bucket; events as their own family reads them."""
        return {TABLE: Reader(self._read), **news.READERS}

    def _read(self, frame: pl.DataFrame, whose: Whose) -> Rows:
        model, names = self.model or f"hash{self.dimension}-v1", names_of(whose.symbol)
        mine = own(frame, model=model, timeframe=str(FIVE_MINUTES))
        mine &= told(frame["symbol"], names.__contains__).astype(np.bool_)
        whole, vector = vectors(frame["latent"], self.dimension)
        kept = mine & whole
        if not kept.all():
            frame, vector = frame.filter(pl.Series(kept)), vector[kept[whole]]
        counts = [np.nan_to_num(floats(frame, name)) for name in ("posts", "comments")]
        numbers = np.concatenate([np.stack(counts, axis=1), _statistics(frame["agg_features"])], axis=1)
        return rows(frame, numbers=numbers, vector=vector)

    def compute(self, facts: form.SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask``, both (columns, n)."""
        buckets, said = facts.read(TABLE, self.readers[TABLE]), news.gather(facts)
        _walk(facts.asked, buckets.available, buckets["numbers"], buckets["vector"], values)
        happened = np.empty((len(events.NAMES), len(facts.asked)))
        events.describe(said, np.full(len(said.known), np.nan), facts.asked, happened)
        _blend(values, happened, self.alpha)
        np.isfinite(values, out=mask)


def _statistics(texts: pl.Series) -> Floats:
    """Numbers in JSON by the names of :data:`_STATISTICS`, (m, 10); NaN where null or left out."""
    if len(texts) <= _FEW:  # the same numbers, without the fixed cost of polars
        told_of = [json.loads(text or "{}") for text in texts.to_list()]
        numbers = [[one.get(name) for name in _STATISTICS] for one in told_of if type(one) is dict]
        if len(numbers) == len(texts) and all(type(one) in _NUMBERS for row in numbers for one in row):
            return np.array(numbers, dtype=np.float64).reshape(-1, len(_STATISTICS))
    decoded = (
        texts.alias("text").to_frame().select(pl.col("text").str.json_decode(pl.Struct(_STATISTICS)).struct.unnest())
    )
    return np.stack([floats(decoded, name) for name in _STATISTICS], axis=1)


_FEW = 64
_NUMBERS = (int, float, type(None))


@compiled
def _walk(now: Ints, known: Ints, numbers: Floats, vectors: Floats, out: Floats) -> None:
    """Statistics and mean vector of the window at each ``now``; a window as before is copied."""
    first, stop, before = 0, 0, (-1, -1)
    for i in range(len(now)):
        while stop < len(known) and known[stop] <= now[i]:
            stop += 1
        while first < stop and known[first] <= now[i] - WINDOW_US:
            first += 1
        alive = stop > 0 and known[stop - 1] > now[i] - SILENT_US
        if alive and before == (first, stop):
            out[:, i] = out[:, i - 1]
        else:
            out[:, i] = np.nan
            if alive:
                _count(numbers[first:stop], vectors[first:stop], out[:, i])
        before = (first, stop) if alive else (-1, -1)
        if alive:
            out[_AGE, i] = (now[i] - known[stop - 1]) / HOUR_US


@compiled
def _count(numbers: Floats, vectors: Floats, out: Floats) -> None:
    """One window, oldest bucket first. Columns of ``numbers``: posts, comments, then the statistics."""
    posts, comments, authors, texts, signed = 0.0, 0.0, 0.0, 0.0, 0
    sums, weights = np.zeros(4), np.zeros(4)
    vector = np.zeros(vectors.shape[1])
    for j in range(len(numbers)):
        row = numbers[j]
        posts, comments, texts = posts + row[0], comments + row[1], texts + row[3]
        if not np.isnan(row[2]):
            authors, signed = authors + row[2], signed + 1
        for k in range(4):
            value, weight = row[4 + 2 * k], row[5 + 2 * k]
            if weight > 0.0:
                sums[k] += value * weight
                weights[k] += weight
        for d in range(len(vector)):
            vector[d] += (row[0] + row[1]) * vectors[j, d]
    said = posts + comments
    out[_POSTS], out[_COMMENTS], out[_BUZZ] = posts, comments, np.log1p(said)
    out[_AUTHORS] = np.log1p(authors) if signed > 0 else np.nan
    out[_ORIGINALITY], out[_SKEW] = texts / said, (comments - posts) / said  # of none: not known
    for k in range(4):
        out[_MEANS + k] = sums[k] / weights[k]
    out[_SENTIMENT] = (sums[0] + sums[1]) / (weights[0] + weights[1])
    for d in range(len(vector)):
        out[_ACTIVITY + 1 + d] = vector[d] / said


def _blend(values: Floats, happened: Floats, alpha: float) -> None:
    """Fill the three columns that need both posts and events."""
    said, events_6h = values[_POSTS] + values[_COMMENTS], happened[events.NAMES.index("event_velocity_6h")] * 6.0
    both = said + events_6h
    values[_RATIO] = np.divide(said, both, out=np.full(len(both), np.nan), where=both > 0)
    _mix(values[_SENTIMENT], happened[events.NAMES.index("event_sentiment")], alpha, values[_SENTIMENT])
    _mix(values[_BUZZ], np.log1p(events_6h), alpha, values[_ACTIVITY])


@compiled
def _mix(social: Floats, event: Floats, alpha: float, out: Floats) -> None:
    for i in range(len(out)):
        if np.isnan(social[i]) or np.isnan(event[i]):
            out[i] = event[i] if np.isnan(social[i]) else social[i]
        else:
            out[i] = alpha * social[i] + (1.0 - alpha) * event[i]
