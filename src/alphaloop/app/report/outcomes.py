"""Outcomes: what many labelled candidates came to, by regime, side, stop and target, as one page.

Static HTML: tables tinted by value, no script beyond the theme switch. A mean over
overlapping candidates is a description, not evidence: their windows share bars, so no
interval is drawn around it. The same tables go beside the page as JSON.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from alphaloop.app.report.write import asset, escaped_text, fill_template, put_text
from alphaloop.core.errors import NoData, SchemaViolation

NEEDED = ("side", "stop", "target", "regime", "reason", "net_return", "gross_return", "bars_held")
NOT_FILLED = "not_filled"
_SIDES = {1: "long", -1: "short"}
_STRONG = 0.55  # opacity of the strongest tint

Json = dict[str, object]


def outcome_tables(frame: pl.DataFrame) -> Json:
    """Every figure of the page.

    Parameters
    ----------
    frame : polars.DataFrame
        A row per candidate: ``side`` (+1 or -1), ``stop`` and ``target`` (fractions of the
        entry price, null for none), ``regime`` and ``reason`` (text), ``net_return`` and
        ``gross_return`` (fractions of margin), ``bars_held``.

    Returns
    -------
    dict
        ``totals``, ``by_regime`` (regime and side), ``reasons`` (share of each way out, by
        regime and side) and ``levels`` (side, stop and target): rows as dicts.

    Raises
    ------
    SchemaViolation
        If a column is missing.
    NoData
        If not one candidate was filled.
    """
    lacking = [name for name in NEEDED if name not in frame.columns]
    if lacking:
        raise SchemaViolation(f"outcomes without {', '.join(lacking)}", f"columns {', '.join(NEEDED)}", "add them")
    filled = frame.filter(pl.col("reason") != NOT_FILLED)
    if filled.is_empty():
        raise NoData(f"{frame.height} candidates of which none was filled", "at least one", "see their reasons")
    figures = (
        pl.len().alias("candidates"),
        pl.col("net_return").mean().alias("mean_net"),
        pl.col("gross_return").mean().alias("mean_gross"),
        pl.col("net_return").median().alias("median_net"),
        (pl.col("net_return") > 0).mean().alias("win_rate"),
        pl.col("bars_held").mean().alias("bars_held"),
    )
    places = ["regime", "side"]
    shares = (
        filled.group_by(*places, "reason").len().with_columns(share=pl.col("len") / pl.col("len").sum().over(places))
    )
    return {
        "totals": {"asked": frame.height, **filled.select(figures).row(0, named=True)},
        "by_regime": filled.group_by(places).agg(figures).sort("regime", "side", descending=[False, True]).to_dicts(),
        "reasons": shares.drop("len").sort("regime", "side", "reason", descending=[False, True, False]).to_dicts(),
        "levels": filled.group_by("side", "stop", "target")
        .agg(figures)
        .sort("side", "stop", "target", descending=[True, False, False], nulls_last=True)
        .to_dicts(),
    }


def write_outcomes(
    frame: pl.DataFrame, path: Path, title: str, *, subtitle: str = "", banner: str = "", notes: Sequence[str] = ()
) -> Json:
    """Write the page and, beside it, its figures as JSON; returns the figures.

    Parameters
    ----------
    frame : polars.DataFrame
        As :func:`outcome_tables` takes it.
    path : Path
        The HTML file; its folder is made if missing.
    title, subtitle, banner : str
    notes : sequence of str
        Sentences below the last table.
    """
    tables = outcome_tables(frame)
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = {
        "TITLE": escaped_text(title),
        "STYLE": asset("report.css"),
        "SUBTITLE": escaped_text(subtitle),
        "BANNER": f'<p class="banner" role="note">{escaped_text(banner)}</p>' if banner else "",
        "TOTALS": _totals(tables["totals"]),  # type: ignore[arg-type]
        "REGIMES": _regimes(tables["by_regime"]),  # type: ignore[arg-type]
        "REASONS": _reasons(tables["reasons"]),  # type: ignore[arg-type]
        "LEVELS": _levels(tables["levels"]),  # type: ignore[arg-type]
        "NOTES": "".join(f'<p class="note">{escaped_text(note)}</p>' for note in notes),
        "SCRIPT": asset("theme.js"),
    }
    put_text(path, fill_template("outcomes.html", parts))
    put_text(path.with_suffix(".json"), json.dumps(tables, allow_nan=False) + "\n")
    return tables


def _totals(totals: Json) -> str:
    shown = [
        ("Candidates", f"{totals['asked']:,}", f"{totals['candidates']:,} filled"),
        ("Mean net return", _percent(totals["mean_net"]), f"before costs {_percent(totals['mean_gross'])}, on margin"),
        ("Win rate", _percent(totals["win_rate"], sign=False), f"median {_percent(totals['median_net'])}"),
        ("Bars held", f"{totals['bars_held']:.1f}", "mean of the filled"),
    ]
    return "".join(
        f'<div class="kpi"><div class="name">{name}</div><div class="value">{value}</div>'
        f'<div class="more">{more}</div></div>'
        for name, value, more in shown
    )


def _regimes(rows: list[Json]) -> str:
    largest = max(abs(float(row["mean_net"])) for row in rows)  # type: ignore[arg-type]
    return "".join(
        f'<tr><th scope="row" class="text">{escaped_text(_spoken(row["regime"]))}</th>'
        f'<td class="text">{_side(row["side"])}</td><td>{row["candidates"]:,}</td>'
        f"<td>{_percent(row['mean_gross'])}</td>{_tinted(row['mean_net'], largest)}"
        f"<td>{_percent(row['median_net'])}</td>"
        f"<td>{_percent(row['win_rate'], sign=False)}</td><td>{row['bars_held']:.1f}</td></tr>"
        for row in rows
    )


def _reasons(rows: list[Json]) -> str:
    names = sorted({str(row["reason"]) for row in rows})
    places: dict[tuple[object, object], dict[str, float]] = {}
    for row in rows:
        places.setdefault((row["regime"], row["side"]), {})[str(row["reason"])] = float(row["share"])  # type: ignore[arg-type]
    head = "".join(f'<th scope="col">{escaped_text(_spoken(name))}</th>' for name in names)
    body = "".join(
        f'<tr><th scope="row" class="text">{escaped_text(_spoken(regime))}</th><td class="text">{_side(side)}</td>'
        + "".join(_shaded(shares.get(name, 0.0)) for name in names)
        + "</tr>"
        for (regime, side), shares in places.items()
    )
    return (
        "<table><caption>Share of each way out</caption><thead><tr>"
        f'<th scope="col" class="text">Regime</th><th scope="col" class="text">Side</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _levels(rows: list[Json]) -> str:
    """One table a side: stops down, targets across, mean net return in the cells."""
    largest = max(abs(float(row["mean_net"])) for row in rows)  # type: ignore[arg-type]
    made = []
    for side in dict.fromkeys(row["side"] for row in rows):
        mine = {(row["stop"], row["target"]): row for row in rows if row["side"] == side}
        stops, targets = (list(dict.fromkeys(key[k] for key in mine)) for k in (0, 1))
        targets.sort(key=lambda level: (level is None, level))
        head = "".join(f'<th scope="col">{_level(target)}</th>' for target in targets)
        body = "".join(
            f'<tr><th scope="row">{_level(stop)}</th>'
            + "".join(
                _tinted(mine[stop, target]["mean_net"], largest, f"{mine[stop, target]['candidates']:,} candidates")
                if (stop, target) in mine
                else "<td>–</td>"
                for target in targets
            )
            + "</tr>"
            for stop in stops
        )
        made.append(
            f'<div><h3>{_side(side).capitalize()}: stop down, target across</h3><div class="scroll" tabindex="0">'
            f'<table class="levels"><caption>Mean net return of {_side(side)} candidates</caption>'
            f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div></div>"
        )
    return "".join(made)


def _tinted(value: object, largest: float, title: str = "") -> str:
    """A cell whose colour says sign and size."""
    number = float(value)  # type: ignore[arg-type]
    strength = _STRONG * abs(number) / largest if largest > 0 else 0.0
    tone = "up" if number > 0 else "down"
    said = f' title="{title}"' if title else ""
    return f'<td style="background: rgba(var(--{tone}-rgb), {strength:.3f})"{said}>{_percent(number)}</td>'


def _shaded(share: float) -> str:
    return f'<td style="background: rgba(var(--up-rgb), {_STRONG * share:.3f})">{_percent(share, sign=False)}</td>'


def _side(side: object) -> str:
    return _SIDES[int(side)]  # type: ignore[call-overload]


def _level(level: object) -> str:
    return "none" if level is None else f"{100 * float(level):g} %"  # type: ignore[arg-type]


def _spoken(name: object) -> str:
    return str(name).replace("_", " ")


def _percent(value: object, sign: bool = True) -> str:
    number = 100 * float(value)  # type: ignore[arg-type]
    return f"{number:+.2f} %" if sign else f"{number:.1f} %"
