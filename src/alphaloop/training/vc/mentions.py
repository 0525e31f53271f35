"""Which entity was in the news when: events of the lake, each beside the entities it names.

A mention is known when both the event and its link to the entity are. Events that name no entity
of the kinds that are scored are counted and left out of what looks at entities.
"""

from dataclasses import dataclass

import polars as pl

from alphaloop.core.errors import NoData
from alphaloop.core.time import DAY_US, iso
from alphaloop.features.sources.symbols import names_of
from alphaloop.lake.table import Lake
from alphaloop.training.vc.asked import VcAsked

TABLES = ("events", "event_links", "entities")
_EVENT = ("event_id", "event_type", "event_time", "known", "source_tier", "confidence", "is_synthetic", "is_derived")


@dataclass(frozen=True, eq=False, slots=True)
class Mentions:
    """Events of a window, and who is named in them.

    Parameters
    ----------
    events : DataFrame
        ``event_id event_type event_time known source_tier confidence is_synthetic is_derived``, oldest first by
        ``known``; times in microseconds UTC.
    named : DataFrame
        The same and ``entity``, one row per event and entity, oldest first; ``known`` is when the link was, too.
    nameless : int
        Events without an entity of the kinds that are scored.
    end : int, microseconds UTC
        Where the record stops: what is not known by then has not been seen, which is not the same as not happened.
    """

    events: pl.DataFrame
    named: pl.DataFrame
    nameless: int
    end: int


def gather(lake: Lake, asked: VcAsked) -> Mentions:
    """Events of the window.

    Raises
    ------
    NoData
        If there is none.
    """
    links = lake.scan("event_links")
    if asked.symbols:
        links = links.filter(pl.col("symbol").is_in(sorted({name for one in asked.symbols for name in names_of(one)})))
    events, end = _events(lake, asked, links)
    kept = links.select(
        "event_id", pl.col("entity_id").alias("entity"), pl.col("available_at").to_physical().alias("linked")
    )
    scored = lake.scan("entities").filter(pl.col("kind").is_in(asked.kinds)).select("entity_id").unique()
    ours = kept.join(scored, left_on="entity", right_on="entity_id", how="semi")
    ours = ours.group_by("event_id", "entity").agg(pl.col("linked").min())
    named = events.join(ours.collect(), on="event_id", how="inner")
    named = named.with_columns(known=pl.max_horizontal("known", "linked")).drop("linked")
    named = named.filter(pl.col("known") < end).sort("known", "event_time", "event_id", "entity")
    return Mentions(events, named, events.height - named["event_id"].n_unique(), end)


def _events(lake: Lake, asked: VcAsked, links: pl.LazyFrame) -> tuple[pl.DataFrame, int]:
    """Events of the window, oldest first, and where the record ends."""
    rows = lake.scan("events").with_columns(
        known=pl.col("available_at").to_physical(), event_time=pl.col("event_time").to_physical()
    )
    if asked.symbols:
        rows = rows.join(links.select("event_id").unique(), on="event_id", how="semi")
    if asked.end is not None:
        rows = rows.filter(pl.col("known") < asked.end)
    found = rows.select(_EVENT).collect().sort("known", "event_time", "event_id")
    newest = None if found.is_empty() else int(found["known"][-1])
    end = (newest or 0) + 1 if asked.end is None else asked.end
    start = asked.start if asked.lookback_days is None else end - asked.lookback_days * DAY_US
    found = found if start is None else found.filter(pl.col("known") >= start)
    if found.is_empty():
        about = f" of {', '.join(asked.symbols)}" if asked.symbols else ""
        since = "the beginning" if start is None else iso(start)
        fix = "run: alphaloop data import FOLDER, with funding rounds, acquisitions or news"
        raise NoData(f"no events{about} known from {since} on", "events in the lake", fix)
    return found if asked.limit is None else found.tail(asked.limit), end
