"""Plot: one symbol's price with its regimes, trend levels and events, as one page.

Bars are drawn as candles wide enough to be seen; a candle carries the label most of its
bars have (of equals the rarer kind, as :data:`LABELS` orders them), and the trend and
levels known at its last bar. Events stand where they became known, not where they say
they happened. What the page shows is computed here; the page only draws.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from alphaloop.app.report.curves import short
from alphaloop.app.report.payload import BANNERS
from alphaloop.app.report.prices import MAX_CANDLES, candle_us, candles
from alphaloop.app.report.write import asset, escaped_json, escaped_text, fill_template, put_text
from alphaloop.core.market import FUNDING, Floats, Ints, Market
from alphaloop.core.time import Timeframe, iso
from alphaloop.features.facts import SymbolFacts
from alphaloop.features.regime import LABELS, REASONS
from alphaloop.features.sources.regime import Regime
from alphaloop.features.symbol import Own, compute_source
from alphaloop.features.timeframes import LONG, TREND_COLUMNS, trend_columns

MAX_EVENTS = 400
MAX_TITLE = 160  # characters of an event's title on the page
NO_FLOW = "No taker volume in these bars: of the seven labels only stop hunts can be told."

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class PlotInput:
    """What a plot is made of.

    Parameters
    ----------
    own : Own
        The symbol's bars, warm-up included, and its rows of ``open_interest``.
    events : DataFrame
        Columns ``available_at title event_type source``, ascending; may be empty.
    start, end : int, microseconds UTC
        Bars whose open lies in ``[start, end)`` are drawn.
    """

    own: Own
    events: pl.DataFrame
    start: int
    end: int


def plot_payload(given: PlotInput) -> Json:
    """Everything the page shows, JSON-safe."""
    own = given.own
    drawn = slice(*np.searchsorted(own.opens, [given.start, given.end]).tolist())
    market = Market(own.opens[drawn], (own.symbol,), own.bars[: FUNDING + 1, drawn].T[:, None].copy(), own.timeframe)
    step = candle_us(market, MAX_CANDLES)
    regime = _regime(own, drawn)
    trend = dict(zip(TREND_COLUMNS, trend_columns(own.now, own.bars, own.timeframe)[:, drawn], strict=True))
    last = _lasts(market.ts, step)
    known = regime["code"][~np.isnan(regime["code"])].astype(int).tolist()
    kind = _kind(own, drawn)
    shown = given.events.filter(pl.col("available_at").is_between(_time(given.start), _time(given.end), closed="left"))
    return {
        "symbol": own.symbol,
        "venue": own.venue,
        "timeframe": str(own.timeframe),
        "candle": str(Timeframe(step)),
        "long": str(LONG),
        "start": iso(int(market.ts[0])),
        "end": iso(int(market.ts[-1]) + own.timeframe.us),
        "bars": len(market),
        "banner": " ".join(part for part in (BANNERS[kind], "" if regime["flow"].any() else NO_FLOW) if part),
        "data_kind": kind,
        "candles": candles(market, 0, step),
        "step": step // 1000,
        "labels": list(LABELS),
        "label": _modes(market.ts, regime["code"], step),
        "trend": _codes(trend["direction"][last]),
        "strength": _codes(trend["strength"][last]),
        "volatility": _codes(regime["vol_state"][last]),
        "support": short(trend["support"][last]),
        "resistance": short(trend["resistance"][last]),
        "table": _table(regime),
        "unknown": _unknown(regime),
        "label_known": len(known),
        "flow_known": bool(regime["flow"].any()),
        "interest_known": bool((~np.isnan(regime["oi_change"])).any()),
        "events": _events(shown),
        "events_total": shown.height,
    }


def write_plot(payload: Json, path: Path) -> None:
    """Write the page, whole or not at all; its folder is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = {
        "TITLE": escaped_text(f"{payload['symbol']} {payload['timeframe']}"),
        "STYLE": asset("report.css"),
        "DATA": escaped_json(payload),
        "ECHARTS": asset("echarts.min.js"),
        "SCRIPT": asset("theme.js") + asset("charts.js") + asset("plot.js"),
    }
    put_text(path, fill_template("plot.html", parts))


def _regime(own: Own, drawn: slice) -> dict[str, Floats]:
    """Columns of the regime family by short name, of the bars drawn; ``flow`` as 1 where it is known."""
    family = Regime()
    facts = SymbolFacts(own.symbol, own.timeframe, own.now, own.bars, own.tables, own.venue)
    values, mask = compute_source(family, facts)
    values[~mask] = np.nan
    made = {one.name.removeprefix("regime_"): row[drawn] for one, row in zip(family.declared, values, strict=True)}
    return {**made, "flow": ~np.isnan(made["flow"]) * 1.0}


def _lasts(ts: Ints, step: int) -> Ints:
    """Row of the last bar of each candle."""
    return np.append(np.flatnonzero(np.diff(ts // step)), len(ts) - 1)


def _modes(ts: Ints, codes: Floats, step: int) -> list[int]:
    """What most bars of each candle are, the lowest code of equals; -1 where they are unknown."""
    candle = np.cumsum(np.append(0, np.diff(ts // step) > 0))
    counts = np.zeros((int(candle[-1]) + 1, len(LABELS) + 1), dtype=np.int64)  # the last is unknown
    np.add.at(counts, (candle, np.where(np.isnan(codes), len(LABELS), codes).astype(int)), 1)
    most = counts.argmax(axis=1)
    modes: list[int] = np.where(most == len(LABELS), -1, most).tolist()
    return modes


def _codes(values: Floats) -> list[int | None]:
    return [None if np.isnan(value) else int(value) for value in values.tolist()]


def _table(regime: dict[str, Floats]) -> list[list[object]]:
    """Per label: share of the labelled bars, shares up and down, mean confidence."""
    code = regime["code"]
    rows: list[list[object]] = []
    total = int((~np.isnan(code)).sum())
    for place, label in enumerate(LABELS):
        own = code == place
        count = int(own.sum())
        sides = [float((regime["direction"][own] == side).mean()) if count else None for side in (1, -1)]
        sure = float(regime["confidence"][own].mean()) if count else None
        rows.append([label, count, count / total if total else None, *sides, sure])
    return rows


def _unknown(regime: dict[str, Floats]) -> list[list[object]]:
    """Why bars have no label: reason and count, the commonest first."""
    reasons = Counter(regime["reason"][np.isnan(regime["code"])].astype(int).tolist())
    return [[REASONS[code], count] for code, count in reasons.most_common()]


def _events(events: pl.DataFrame) -> list[list[object]]:
    """The newest events: time known in milliseconds, title, type, source."""
    newest = events.sort("available_at").tail(MAX_EVENTS)
    words = [pl.col(name).fill_null("").str.slice(0, MAX_TITLE) for name in ("title", "event_type", "source")]
    return [list(row) for row in newest.select(pl.col("available_at").dt.epoch("ms"), *words).rows()]


def _kind(own: Own, drawn: slice) -> str:
    made = own.synthetic[drawn]
    return "simulated" if made.all() else "mixed" if made.any() else "real"


def _time(instant: int) -> pl.Expr:
    return pl.lit(instant).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
