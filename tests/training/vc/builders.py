"""Made events: companies that raise money, and news that foretells it where one asks for that."""

import numpy as np
import polars as pl

from alphaloop.core.time import DAY_US
from alphaloop.lake.columns import TIME
from alphaloop.lake.table import Lake

START = 1_262_304_000_000_000  # 2010
_MARKS = {"source": "made", "is_synthetic": True, "is_derived": False}


def put(lake: Lake, rows, kinds=None):
    """Rows ``(event_id, type, day, entity or None, tier, confidence)`` into the three tables; known a day later."""
    events, links, entities = [], [], {}
    for name, kind, day, entity, tier, confidence in rows:
        times = {"event_time": START + int(day * DAY_US), "available_at": START + int((day + 1) * DAY_US)}
        events.append(
            {"event_id": name, "event_type": kind, "title": f"{entity} {kind}", "source_tier": tier,
             "confidence": confidence, **times, **_MARKS}
        )  # fmt: skip
        if entity is not None:
            links.append({"event_id": name, "entity_id": entity, "symbol": "MARKET", **times, **_MARKS})
            kind_of = (kinds or {}).get(entity, "company")
            known = {"event_time": START, "available_at": START, **_MARKS}
            entities.setdefault(entity, {"entity_id": entity, "name": entity, "kind": kind_of, **known})
    for table, found in (("events", events), ("event_links", links), ("entities", list(entities.values()))):
        if found:
            frame = pl.DataFrame(found).with_columns(pl.col("event_time", "available_at").cast(pl.Int64).cast(TIME))
            lake.append(table, frame, ingested_at=START)
    return lake


def world(seed=0, companies=80, days=1500, foretold=0.8, every=60.0):
    """News of companies; after a ``product`` a deal follows within 90 days with chance ``foretold``, else by 0.1."""
    rng = np.random.default_rng(seed)
    rows = []
    for company in range(companies):
        day = float(rng.uniform(0, every))
        while day < days:
            kind = str(rng.choice(["product", "market", "regulatory"]))
            tier = int(rng.integers(1, 6))
            rows.append((f"e{company}-{day:.3f}", kind, day, f"c{company}", tier, 1 - 0.1 * tier))
            if rng.random() < (foretold if kind == "product" else 0.1):
                deal = day + float(rng.uniform(10, 55))
                rows.append(
                    (f"d{company}-{deal:.3f}", str(rng.choice(["funding", "mna"])), deal, f"c{company}", 2, 0.8)
                )
            day += float(rng.uniform(0.5, 1.5)) * every
    return [one for one in rows if one[2] < days]
