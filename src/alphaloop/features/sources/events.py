"""Event features: what was known of a symbol in the last 24 hours, by ``available_at``.

For an event j of the symbol, known ``lag_j`` hours ago (0 <= lag_j < 24), let ``w_j`` be its
weight (source tier times confidence), ``d_j`` its polarity, ``f_j = exp(-lag_j / 6)``. Every
column is a sum, count or extreme over those events, added up afresh at each decision time in
one fixed order, so a live feed computes the same bits. Where no event of *anybody* was heard
of for a week, the source counts as silent and all is missing; else no event is a fact, 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import HOUR_US
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.family import compiled
from alphaloop.features.sources.rows import Reader
from alphaloop.features.sources.words.news import (
    MEMORY_US,
    NOVEL_US,
    READERS,
    TABLES,
    WINDOW_US,
    News,
    gather,
    novelty,
)

DECAY_HOURS = 6.0
REACH_US = WINDOW_US + NOVEL_US  # how far back the age of the last event is known

_SILENT = "masked while no event of any symbol became available in the last 7 days"
_NONE = _SILENT + ", and while the symbol has no event in 24 h"
_UNSTATED = _NONE + " that states it"
_COLUMNS = (
    ("event_decay", "weighted events", "sum w_j f_j", _SILENT),
    ("event_velocity_1h", "events per hour", "events with lag < 1 h", _SILENT),
    ("event_velocity_6h", "events per hour", "events with lag < 6 h / 6", _SILENT),
    ("event_density", "events per hour", "events with lag < 24 h / 24", _SILENT),
    ("event_market_density", "events per hour", "events of anybody with lag < 24 h / 24", _SILENT),
    ("event_lag_bucket_0_1h", "fraction", "share of the 24 h's events with lag < 1 h", _NONE),
    ("event_lag_bucket_1_6h", "fraction", "share of the 24 h's events with 1 h <= lag < 6 h", _NONE),
    ("event_lag_bucket_6_24h", "fraction", "share of the 24 h's events with lag >= 6 h", _NONE),
    ("source_tier_weight", "fraction", "mean of (6 - source_tier) / 5", _UNSTATED),
    ("source_confidence", "fraction", "mean of confidence", _UNSTATED),
    ("source_diversity", "publishers", "n^2 / sum n_s^2, n_s events of publisher s: how many equal ones", _NONE),
    ("cross_source_consensus", "fraction", "|a - b| / (a + b), a publishers who lean up and b down", _UNSTATED),
    ("event_sentiment", "-1 to 1", "sum w_j f_j d_j / sum w_j f_j over events that take a side", _UNSTATED),
    ("event_disagreement", "fraction", "1 - |sum w_j d_j| / sum w_j |d_j|", _UNSTATED),
    ("event_importance", "fraction", "largest w_j f_j", _NONE),
    ("event_novelty", "fraction", "sum f_j v_j / sum f_j, v_j share of words not heard of it for 3 days", _UNSTATED),
    ("event_age", "hours", "now - available_at of its newest event", _SILENT + ", and beyond 96 h"),
)
NAMES = tuple(name for name, *_ in _COLUMNS)
_READ = ("available_at", "title", "text", "source_tier", "confidence", "url", "payload", "source")
_INPUTS = (*(f"events.{name}" for name in _READ), "event_links.symbol", "event_links.available_at")
_DECLARED = tuple(Declared(name, "event", unit, formula, _INPUTS, when) for name, unit, formula, when in _COLUMNS)
(
    _DECAY, _FAST, _SLOW, _DENSITY, _MARKET, _NEW, _MIDDLE, _OLD, _TIER, _CONFIDENCE, _DIVERSITY,
    _CONSENSUS, _SENTIMENT, _DISAGREEMENT, _IMPORTANCE, _NOVELTY, _AGE,
) = range(len(NAMES))  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventFamily:
    """Events of the last 24 hours; a :class:`alphaloop.features.facts.SourceFamily`.

    Examples
    --------
    >>> family = EventFamily()
    >>> family.declared[0].name, family.memory_us // 3_600_000_000
    ('event_decay', 168)
    """

    @property
    def name(self) -> str:
        """Family name."""
        return "events"

    @property
    def declared(self) -> tuple[Declared, ...]:
        """The columns, in order."""
        return _DECLARED

    @property
    def tables(self) -> tuple[str, ...]:
        """Lake tables read."""
        return TABLES

    @property
    def readers(self) -> Mapping[str, Reader]:
        """Numbers of each event, and which are the symbol's."""
        return READERS

    @property
    def memory_us(self) -> int:
        """24 h of events, 3 days of words before them, 3 days for a link that comes late."""
        return MEMORY_US

    @property
    def memory_bars(self) -> int:
        """No bars are read."""
        return 0

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask``, both (columns, n)."""
        news = gather(facts)
        describe(news, novelty(news), facts.asked, values)
        np.isfinite(values, out=mask)


def describe(news: News, novel: Floats, now: Ints, out: Floats) -> None:
    """All columns of :data:`NAMES` at each ``now`` into ``out`` (columns, n); NaN where missing."""
    said = np.concatenate([news.said, novel[:, None]], axis=1)
    different, publisher = np.unique(news.publisher, return_inverse=True)
    _walk(now, news.known, said, publisher, np.zeros((len(different), 2), dtype=np.int64), out)
    _listen(now, news.heard, out)


@compiled
def _walk(now: Ints, known: Ints, said: Floats, publisher: Ints, tallies: Ints, out: Floats) -> None:
    """Move the window over the events; counts are whole numbers and so may be carried along."""
    total = np.zeros(3, dtype=np.int64)  # sum of squared counts; publishers leaning up, down
    first, hour, six, stop = 0, 0, 0, 0
    for i in range(len(now)):
        while stop < len(known) and known[stop] <= now[i]:
            _count(publisher[stop], said[stop, 3], 1, tallies, total)
            stop += 1
        while first < stop and known[first] <= now[i] - WINDOW_US:
            _count(publisher[first], said[first, 3], -1, tallies, total)
            first += 1
        while hour < stop and known[hour] <= now[i] - HOUR_US:
            hour += 1
        while six < stop and known[six] <= now[i] - 6 * HOUR_US:
            six += 1
        for column in range(out.shape[0]):
            out[column, i] = np.nan
        n = stop - first
        out[_FAST, i], out[_SLOW, i], out[_DENSITY, i] = stop - hour, (stop - six) / 6.0, n / 24.0
        out[_DECAY, i] = 0.0
        if n > 0:
            out[_NEW, i], out[_MIDDLE, i], out[_OLD, i] = (stop - hour) / n, (hour - six) / n, (six - first) / n
            out[_DIVERSITY, i] = n * n / total[0]
            if total[1] + total[2] > 0:
                out[_CONSENSUS, i] = abs(total[1] - total[2]) / (total[1] + total[2])
            _weigh(now[i], known[first:stop], said[first:stop], out[:, i])
        if stop > 0 and now[i] - known[stop - 1] < REACH_US:
            out[_AGE, i] = (now[i] - known[stop - 1]) / HOUR_US


@compiled
def _count(who: int, polarity: float, step: int, tallies: Ints, total: Ints) -> None:
    """One event of publisher ``who`` enters (+1) or leaves (-1): how many it said, and where it leans."""
    said, leaning = tallies[who, 0], tallies[who, 1]
    total[0] += step * (2 * said + step)
    after = leaning + (step if polarity > 0.0 else -step if polarity < 0.0 else 0)
    total[1] += (after > 0) - (leaning > 0)
    total[2] += (after < 0) - (leaning < 0)
    tallies[who, 0], tallies[who, 1] = said + step, after


@compiled
def _weigh(now: int, known: Ints, said: Floats, out: Floats) -> None:
    """The columns that are sums of fractions, oldest event first."""
    decay, largest, fresh, fresh_weight = 0.0, 0.0, 0.0, 0.0
    tier, tiers, confidence, confidences = 0.0, 0, 0.0, 0
    leaning, leaning_weight, side, sides = 0.0, 0.0, 0.0, 0.0
    for j in range(len(known)):
        weight, polarity = said[j, 0], said[j, 3]
        fading = np.exp((known[j] - now) / (DECAY_HOURS * HOUR_US))
        decay += weight * fading
        largest = max(largest, weight * fading)
        if not np.isnan(said[j, 1]):
            tier, tiers = tier + said[j, 1], tiers + 1
        if not np.isnan(said[j, 2]):
            confidence, confidences = confidence + said[j, 2], confidences + 1
        if not np.isnan(polarity):
            leaning += weight * fading * polarity
            leaning_weight += weight * fading
            side += weight * polarity
            sides += weight * abs(polarity)
        if not np.isnan(said[j, 4]):
            fresh += fading * said[j, 4]
            fresh_weight += fading
    out[_DECAY], out[_IMPORTANCE] = decay, largest
    out[_TIER], out[_CONFIDENCE] = tier / tiers, confidence / confidences  # none: 0 / 0, not known
    out[_SENTIMENT], out[_NOVELTY] = leaning / leaning_weight, fresh / fresh_weight
    out[_DISAGREEMENT] = 1.0 - abs(side) / sides


@compiled
def _listen(now: Ints, heard: Ints, out: Floats) -> None:
    """Events of anybody per hour; where nobody was heard of within memory, nothing is known."""
    first, day, stop = 0, 0, 0
    for i in range(len(now)):
        while stop < len(heard) and heard[stop] <= now[i]:
            stop += 1
        while first < stop and heard[first] <= now[i] - MEMORY_US:
            first += 1
        while day < stop and heard[day] <= now[i] - WINDOW_US:
            day += 1
        if first == stop:
            for column in range(out.shape[0]):
                out[column, i] = np.nan
        else:
            out[_MARKET, i] = (stop - day) / 24.0
