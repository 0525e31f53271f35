"""Rows to learn from: five features of an event as it looks at a decision, and what is asked about it.

    event_type   news and market 0, regulatory 1/4, product 1/2, mna 3/4, funding 1; others unknown
    source_tier  over 5: 0.2 is the best publisher
    confidence   as stated
    decay        exp(-age / 30 days), age from the event being known to the decision
    recency      age over the longest age that is scored, at most 1

Decisions are taken on fixed days, every so many. The documented label is whether ``event_type`` is a deal: a
function of the first feature, so that any model which reads it is right by construction. The later one
is not: an entity is decided about by its newest event, and the label is whether a deal that happens after
the decision becomes known within some months. Decisions whose answer the record does not reach are
left out and counted, those answered early with yes among them: to keep those alone would add deals.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from alphaloop.core.errors import DegenerateData, NoData
from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import DAY_US
from alphaloop.training.vc.asked import VcAsked
from alphaloop.training.vc.mentions import Mentions

FEATURES = ("event_type", "source_tier", "confidence", "decay", "recency")
CODES = {"news": 0.0, "market": 0.0, "regulatory": 0.25, "product": 0.5, "mna": 0.75, "funding": 1.0}
DEALS = ("funding", "mna")
DECAY_DAYS = 30.0
FEWEST = 200
"""Rows below which nothing is fitted."""


@dataclass(frozen=True, eq=False, slots=True)
class Samples:
    """Rows in the order of time. N rows.

    Parameters
    ----------
    X : float array, shape (N, 5)
        :data:`FEATURES`; NaN where unknown.
    y : float array, shape (N,), 0 or 1
    times, ends : int array, shape (N,), microseconds UTC
        When each was decided, and the last instant its label reads.
    entity : int array, shape (N,)
        Whose row: rows of one entity are not independent. The event's own number in the documented mode.
    censored : int
        Decisions left out because the record ends before their answer.
    """

    X: Floats
    y: Floats
    times: Ints
    ends: Ints
    entity: Ints
    censored: int = 0

    def __len__(self) -> int:
        return len(self.y)


def samples_of(mentions: Mentions, asked: VcAsked) -> Samples:
    """Rows of the label that was asked for.

    Raises
    ------
    NoData
        If there are too few, or no event names an entity.
    DegenerateData
        If all labels are alike.
    """
    made = documented(mentions, asked) if asked.label == "documented" else later(mentions, asked)
    if len(made) < FEWEST:
        found = f"{len(made)} rows, {made.censored} left out because the record ends before their answer"
        raise NoData(found, f"{FEWEST} or more", "import more events, or lower --within-months or --step-days")
    if float(made.y.min()) == float(made.y.max()):
        found = f"{len(made)} labels that are all {made.y[0]:g}"
        raise DegenerateData(found, "some of each", "import events of other types, or change --within-months")
    return made


def documented(mentions: Mentions, asked: VcAsked) -> Samples:
    """One row per event, as it looks on the decision day after it; the label is in its type."""
    frame, step = mentions.events, asked.step_days * DAY_US
    known = frame["known"].to_numpy()
    times = -(-known // step) * step
    kept = np.flatnonzero(times < mentions.end)  # the others were not looked at yet
    deals = frame["event_type"].is_in(DEALS).to_numpy().astype(np.float64)
    features = _features(frame, (times - known) / DAY_US, asked)
    return Samples(
        features[kept], deals[kept], times[kept], times[kept] + 1, np.arange(len(kept)), len(known) - len(kept)
    )


def later(mentions: Mentions, asked: VcAsked) -> Samples:
    """One row per entity and decision day, by the newest event of the entity that is known by then."""
    frame = mentions.named
    if frame.is_empty():
        found = f"{mentions.nameless} events, none about {' or '.join(asked.kinds)}"
        raise NoData(found, "event_links that name an entity", "import sources with companies, or pass --kinds")
    step = asked.step_days * DAY_US
    known = frame["known"].to_numpy()
    first = -(-int(known.min()) // step) * step  # decisions at fixed instants, wherever the record begins
    decisions = np.arange(first, mentions.end, step, dtype=np.int64)
    row, at = _heard(frame, decisions, asked.reach_days * DAY_US)
    now, mention = decisions[at], frame[row]
    answered = _answers(mention["entity"], now, frame)
    ends = now + asked.within_us
    kept = np.flatnonzero(ends <= mentions.end)
    order = kept[np.argsort(now[kept], kind="stable")]
    age = (now - mention["known"].to_numpy()) / DAY_US
    entity = mention["entity"].rank("dense").to_numpy().astype(np.int64)
    return Samples(
        _features(mention, age, asked)[order],
        (answered <= ends).astype(np.float64)[order],
        now[order],
        ends[order],
        entity[order],
        len(now) - len(kept),
    )


def _heard(frame: pl.DataFrame, decisions: Ints, reach: int) -> tuple[Ints, Ints]:
    """For each mention, the decisions at which it is its entity's newest: places of both."""
    known = frame["known"].to_numpy()
    following = frame.select(pl.col("known").shift(-1).over("entity").fill_null(np.iinfo(np.int64).max))
    until = np.minimum(following.to_series().to_numpy(), known + reach)
    low, high = np.searchsorted(decisions, known), np.searchsorted(decisions, until)
    row = np.repeat(np.arange(frame.height), high - low)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(high - low) - high, high - low)


def _answers(entity: pl.Series, now: Ints, frame: pl.DataFrame) -> Ints:
    """When the next deal of each entity that happens after ``now`` becomes known; the end of time for none."""
    never = np.iinfo(np.int64).max
    deals = frame.filter(pl.col("event_type").is_in(DEALS)).sort("event_time")
    soonest = pl.col("known").reverse().cum_min().reverse().over("entity")
    deals = deals.select("entity", "event_time", soonest.alias("answer"))
    asked = pl.DataFrame({"entity": entity, "now": now, "place": np.arange(len(now))}).sort("now")
    found = asked.join_asof(
        deals, left_on="now", right_on="event_time", by="entity", strategy="forward", allow_exact_matches=False,
        check_sortedness=False,
    )  # fmt: skip
    return found.sort("place")["answer"].fill_null(never).to_numpy()


def _features(frame: pl.DataFrame, age: Floats, asked: VcAsked) -> Floats:
    """The five columns; ``age`` in days."""
    kind = frame["event_type"].replace_strict(CODES, default=None, return_dtype=pl.Float64)
    stated = [kind, frame["source_tier"].cast(pl.Float64) / 5.0, frame["confidence"].cast(pl.Float64)]
    columns = [one.fill_null(np.nan).to_numpy() for one in stated]
    return np.column_stack([*columns, np.exp(-age / DECAY_DAYS), np.minimum(age / asked.reach_days, 1.0)])
