"""Startups: acquisitions and funding rounds as events about companies.

    events        one a row: "Acquirer acquires Company", "Startup raises Round"
    entities      every company and investor named
    event_links   which event names which entity; the symbol is ``MARKET``, nothing is listed

Dates are days, so an event is known when its day is over. Amounts, places and trades of
industry go into ``payload``; the amount read out of text keeps its name ``..._derived``.
"""

import polars as pl

from alphaloop.lake.schema import SYMBOL_OF_NONE
from alphaloop.lake.sources.columns import Sheet
from alphaloop.lake.sources.layouts import rows
from alphaloop.lake.sources.layouts.texts import end_of_precision, stable_ids

_SEPARATOR = r"\s*(?:,|;|\s&\s|\sand\s)\s*"
_PROVENANCE = ("source", "is_synthetic", "is_derived")


def build_acquisitions(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Mergers: who bought whom."""
    buyer, company = _clean(sheet, "acquirer_name"), _clean(sheet, "company_name")
    title = pl.concat_str([buyer.fill_null("somebody"), company.fill_null("somebody")], separator=" acquires ")
    named = {"company": [buyer, company]}
    return _build(sheet, "mna", title, named)


def build_rounds(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Funding: who raised what from whom."""
    startup, kind = _clean(sheet, "startup"), _clean(sheet, "round_type").fill_null("funding")
    title = pl.concat_str([startup.fill_null("somebody"), kind.str.replace_all(r"\\+n", " ")], separator=" raises ")
    investors = _clean(sheet, "investors").str.replace_all(_SEPARATOR, "\n").str.split("\n")
    named = {"company": [startup], "investor": [investors]}
    return _build(sheet, "funding", title, named)


def _build(sheet: Sheet, kind: str, title: pl.Expr, named: dict[str, list[pl.Series]]) -> dict[str, pl.DataFrame]:
    times = sheet.time("time")
    precision = pl.Series("precision", ["day"]).new_from_index(0, sheet.frame.height)
    said = sheet.frame.with_columns(pl.col(pl.Date).cast(pl.String))
    ids = stable_ids(kind, said)
    time_column = sheet.roles["time"]
    body = pl.struct(pl.all().exclude(time_column)).struct.json_encode()
    events = rows.lake_rows(
        sheet,
        event_id=ids,
        event_time=times,
        available_at=end_of_precision(times, precision),
        event_type=kind,
        title=sheet.frame.select(title.alias("title")).to_series(),
        payload=said.select(body.alias("payload")).to_series(),
        precision=precision,
    )
    mentions = pl.concat(_mentions(events, entity, names) for entity, all_names in named.items() for names in all_names)
    links = mentions.select("event_id", "entity_id", "event_time", "available_at", *_PROVENANCE)
    links = links.unique(["event_id", "entity_id"], keep="first", maintain_order=True)
    entities = mentions.drop("event_id").sort("event_time").unique("entity_id", keep="first", maintain_order=True)
    return {"events": events, "event_links": links.with_columns(symbol=pl.lit(SYMBOL_OF_NONE)), "entities": entities}


def _mentions(events: pl.DataFrame, kind: str, names: pl.Series) -> pl.DataFrame:
    """One row per event and entity it names; ids ignore case and spaces at the ends."""
    frame = events.select("event_id", "event_time", "available_at", *_PROVENANCE).with_columns(names.alias("name"))
    if frame.schema["name"] != pl.String:
        frame = frame.explode("name")
    frame = frame.with_columns(pl.col("name").str.strip_chars()).filter(pl.col("name").str.len_chars() > 0)
    entity_id = pl.lit(f"{kind}/") + pl.col("name").str.to_lowercase()
    return frame.with_columns(entity_id=entity_id, kind=pl.lit(kind))


def _clean(sheet: Sheet, column: str) -> pl.Series:
    """Trimmed text of a column by its name; the text ``nan`` is null."""
    text = sheet.frame[column].cast(pl.String).str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(["nan", "n/a", ""]).fill_null(True), None)
