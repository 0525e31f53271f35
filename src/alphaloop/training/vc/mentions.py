"""Which entity was in the news when: events of the lake, each beside the entities it names.

A mention is known when both the event and its link to the entity are. Events that name no entity
of the kinds that are scored are counted and left out of what looks at entities.
"""

from dataclasses import dataclass

import polars as pl

from alphaloop.core.errors import NoData
from alphaloop.core.time import iso
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
    events = _events(lake, asked)
    if events.is_empty():
        window = [None if one is None else iso(one) for one in (asked.start, asked.end)]
        fix = "run: alphaloop data import FOLDER, with funding rounds, acquisitions or news"
        raise NoData(f"no events known from {window[0]} to {window[1]}", "events in the lake", fix)
    last = int(events["known"].max())  # type: ignore[arg-type]
    end = last + 1 if asked.end is None else asked.end
    links = lake.scan("event_links").select(
        "event_id", pl.col("entity_id").alias("entity"), pl.col("available_at").to_physical().alias("linked")
    )
    scored = lake.scan("entities").filter(pl.col("kind").is_in(asked.kinds)).select("entity_id").unique()
    ours = links.join(scored, left_on="entity", right_on="entity_id", how="semi")
    ours = ours.group_by("event_id", "entity").agg(pl.col("linked").min())
    named = events.join(ours.collect(), on="event_id", how="inner")
    named = named.with_columns(known=pl.max_horizontal("known", "linked")).drop("linked")
    named = named.filter(pl.col("known") < end).sort("known", "event_time", "event_id", "entity")
    return Mentions(events, named, events.height - named["event_id"].n_unique(), end)


def _events(lake: Lake, asked: VcAsked) -> pl.DataFrame:
    rows = lake.scan("events").with_columns(
        known=pl.col("available_at").to_physical(), event_time=pl.col("event_time").to_physical()
    )
    if asked.start is not None:
        rows = rows.filter(pl.col("known") >= asked.start)
    if asked.end is not None:
        rows = rows.filter(pl.col("known") < asked.end)
    found = rows.select(_EVENT).collect().sort("known", "event_time", "event_id")
    return found if asked.newest is None else found.tail(asked.newest)
