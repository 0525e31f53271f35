"""Pages of an evaluation: static HTML and one SVG each, no script beyond the theme switch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from alphaloop.app.evaluating.forest import MARKS, forest
from alphaloop.app.report.write import asset, escaped_text, fill_template, put_text
from alphaloop.core.time import HOUR_US, iso

Json = Mapping[str, Any]
_POINTS = 600  # of an equity curve: more than a picture has columns
_WIDTH, _HEIGHT, _LEFT, _FOOT = 980, 260, 70, 28
_SPOKEN = {"walk_forward": "walk-forward", "purged_kfold": "purged K-fold", "zeroed": "hidden", "retrained": "anew"}


def write_ablation(said: Json, folder: Path) -> Path:
    """Write ``index.html`` and ``forest.svg`` of an ablation; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [one["name"] for one in said["taken"]]
    picture = forest(said["results"], names)
    full = said["results"]["walk_forward"]["full"]
    parts = {
        **_frame(said, "Ablation"),
        "TOTALS": _kpis(
            [
                ("IC", _plain(full["ic"], 4), _span(full["interval"])),
                ("Rank IC", _plain(full["rank_ic"], 4), _span(full["rank_interval"])),
                ("Net profit", _percent(full["net_pnl"]), f"{full['days']} days, {full['trades']} trades"),
                ("Sharpe, annual", _plain(full["sharpe"], 2), "net of cost"),
            ]
        ),
        "PICTURE": picture,
        "ROWS": "".join(_change_row(said["results"], name, *mark[:2]) for name in names for mark in MARKS),
        "NOTES": _notes(said),
        "PROTOCOLS": "".join(_protocol_row(name, one) for name, one in said["protocols"].items()),
    }
    put_text(folder / "forest.svg", picture + "\n")
    put_text(folder / "index.html", fill_template("ablation.html", parts))
    return folder / "index.html"


def write_oos(said: Json, folder: Path) -> Path:
    """Write ``index.html`` of an out-of-sample report, its equity curve from the bars beside it; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    forecast, money, rows = said["forecast"], said["money"], said["rows"]
    reproduced = {True: "as when it was trained", False: "differs from the ledger's evidence", None: "no evidence yet"}
    parts = {
        **_frame(said, "Out of sample"),
        "TOTALS": _kpis(
            [
                ("IC", _plain(forecast["ic"]["value"], 4), reproduced[said["reproduced"]]),
                ("Net profit", _percent(money["net_pnl"]["value"]), f"{money['days']} days, {money['trades']} trades"),
                ("Max drawdown", _percent(money["max_drawdown"]["value"], sign=False), "of days"),
                ("Overlaps", str(rows["overlaps"]), f"{rows['scored']:,} rows scored"),
            ]
        ),
        "FIGURES": _figures(forecast, money),
        "PICTURE": _equity(pl.read_parquet(folder / "oos_bars.parquet", columns=["now", "equity"])),
        "QUANTILES": _quantiles(said["calibration"]["quantiles"]),
        "ECE": _ece(said["calibration"]),
        "PROTOCOL": escaped_text(f"{rows['protocol']}. Embargo {rows['embargo_us'] / HOUR_US:g} hours."),
        "FOLDS": "".join(_fold_row(number, one) for number, one in enumerate(rows["folds"], start=1)),
    }
    put_text(folder / "index.html", fill_template("oos.html", parts))
    return folder / "index.html"


def _frame(said: Json, what: str) -> dict[str, str]:
    """What both pages have."""
    simulated = "Simulated market: nothing below is a claim about real ones." if said["claim"] == "simulated" else ""
    degraded = "; ".join(said["degraded"])
    banner = " ".join(filter(None, (simulated, f"Degraded: {degraded}." if degraded else "")))
    return {
        "TITLE": escaped_text(f"{what}: {said['symbol']} {said['horizon']}"),
        "STYLE": asset("report.css"),
        "SUBTITLE": escaped_text(
            f"Candidate {said['candidate']}, {said['kind']}: {said['chosen']}, {said['timeframe']} bars, "
            f"{said['features']} features, {said['cost'] * 1e4:g} bp a change of position"
        ),
        "BANNER": f'<p class="banner" role="note">{escaped_text(banner)}</p>' if banner else "",
        "COMMAND": escaped_text(str(said["command"])),
        "TRAINED": escaped_text(str(said["trained_by"])),
        "SEED": str(said["seed"]),
        "SCRIPT": asset("theme.js"),
    }


def _kpis(shown: Sequence[tuple[str, str, str]]) -> str:
    return "".join(
        f'<div class="kpi"><div class="name">{escaped_text(name)}</div><div class="value">{escaped_text(value)}</div>'
        f'<div class="more">{escaped_text(more)}</div></div>'
        for name, value, more in shown
    )


def _change_row(results: Json, name: str, protocol: str, mode: str) -> str:
    row = results.get(protocol, {}).get(mode, {}).get(name)
    if row is None or "ic" not in row:
        return ""
    cells = [
        f"{row['rows']:,}", _plain(row["ic"]["full"], 3), _changed(row["ic"], 3), _changed(row["rank_ic"], 3),
        _changed(row["mse"], 2, 100.0 / row["mse"]["full"]), _changed(row["net_per_day"], 1, 1e4),
    ]  # fmt: skip
    head = "".join(f'<td class="text">{_SPOKEN[one]}</td>' for one in (mode, protocol))
    body = "".join(f"<td>{escaped_text(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row" class="text">{escaped_text(name)}</th>{head}{body}</tr>'


def _changed(found: Json, digits: int, unit: float = 1.0) -> str:
    """The change with its interval, in a unit; nothing more where nothing changed at all."""
    if found["change"] is None:
        return "–"
    ends = [found[name] for name in ("change", "low", "high") if found[name] is not None]
    value, *interval = [f"{one * unit:+.{digits}f}" for one in ends]
    if not any(ends):
        return "0"
    return f"{value} ({', '.join(interval)})" if interval else value


def _notes(said: Json) -> str:
    """What was not measured, and why."""
    lines = [f"{one['name']}: {one['reason']}" for one in said["taken"] if one["reason"]]
    lines += [
        f"{one['name']} was not trained anew: {one['not_retrained']}" for one in said["taken"] if one["not_retrained"]
    ]
    for protocol, modes in said["results"].items():
        for mode in ("zeroed", "retrained"):
            lines += [
                f"{name}, {_SPOKEN[mode]}, {_SPOKEN[protocol]}: {row['reason']}"
                for name, row in modes[mode].items()
                if "reason" in row
            ]
    window = said["meaning"]["event_window"]
    lines.append(f"event_window: {window}; the threshold is {said['event_threshold']:g}")
    return "".join(f'<p class="note">{escaped_text(line)}.</p>' for line in lines)


def _protocol_row(name: str, one: Json) -> str:
    cells = (f"{one['folds']}", f"{one['scored_rows']:,}")
    when = (iso(one["first_decision"]), iso(one["last_decision"]))
    return (
        f'<tr><th scope="row" class="text">{_SPOKEN[name]}</th>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "".join(f'<td class="text">{cell}</td>' for cell in when)
        + f"<td>{one['embargo_us'] / HOUR_US:g}</td><td>{one['overlaps']}</td></tr>"
    )


def _figures(forecast: Json, money: Json) -> str:
    rows = [("IC", forecast["ic"], 4, 1.0), ("Rank IC", forecast["rank_ic"], 4, 1.0)]
    rows += [("Hit rate, %", forecast["hit_rate"], 2, 100.0), ("Net profit, %", money["net_pnl"], 2, 100.0)]
    rows += [("Sharpe, annual", money["sharpe"], 2, 1.0), ("Max drawdown, %", money["max_drawdown"], 2, 100.0)]
    rows += [("Turnover a year", money["turnover"], 1, 1.0)]
    return "".join(_figure_row(name, found, digits, unit) for name, found, digits, unit in rows)


def _figure_row(name: str, found: Json, digits: int, unit: float) -> str:
    ends = (found.get(part) for part in ("value", "low", "high"))
    cells = ["–" if one is None else f"{one * unit:.{digits}f}" for one in ends]
    effective = found.get("effective_n")
    cells.append("–" if effective is None else f"{effective:,.0f}")
    return f'<tr><th scope="row" class="text">{name}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _quantiles(levels: Sequence[Json]) -> str:
    names = ("level", "coverage", "low", "high")
    return "".join("<tr>" + "".join(f"<td>{_plain(one[name], 3)}</td>" for name in names) + "</tr>" for one in levels)


def _ece(found: Json) -> str:
    ece, slope = found["ece"], found["slope"]
    if ece is None:
        return '<p class="note">No quantiles to judge.</p>'
    said = (
        f"Expected calibration error of the chance of a rise: {_plain(ece['value'], 4)}"
        f" ({_plain(ece['low'], 4)} to {_plain(ece['high'], 4)}), {ece['bins']} bins; a calibrated forecast of as many "
        f"independent rows would show about {_plain(ece['by_luck'], 4)}. Rises: {100 * found['rises']:.1f} % seen, "
        f"{100 * found['stated_rises']:.1f} % stated. Outcomes per unit of forecast: {_plain(slope['value'], 2)} "
        f"({_plain(slope['low'], 2)} to {_plain(slope['high'], 2)}); 1 where forecasts have their size."
    )
    return f'<p class="note">{escaped_text(said)}</p>'


def _fold_row(number: int, one: Json) -> str:
    scored = "yes" if one["scored"] else "fits the rule"
    when = "".join(
        f'<td class="text">{iso(one[name])}</td>' for name in ("last_train_label_ends", "first_test", "last_test")
    )
    return (
        f'<tr><td>{number}</td><td class="text">{scored}</td><td>{one["train_rows"]:,}</td><td>{one["purged"]}</td>'
        f"{when}<td>{one['test_rows']:,}</td></tr>"
    )


def _equity(bars: pl.DataFrame) -> str:
    """The curve as an SVG, at most :data:`_POINTS` points."""
    thin = bars.gather_every(max(1, bars.height // _POINTS))
    values: list[float] = thin["equity"].to_list()
    times: list[int] = thin["now"].to_physical().to_list()
    low, high = min(*values, 1.0), max(*values, 1.0)
    tall = (high - low) or 1.0
    first, wide = times[0], (times[-1] - times[0]) or 1

    def up(value: float) -> float:
        return 12 + (high - value) / tall * (_HEIGHT - _FOOT - 24)

    points = " ".join(
        f"{_LEFT + (t - first) / wide * (_WIDTH - _LEFT - 12):.1f},{up(v):.1f}"
        for t, v in zip(times, values, strict=True)
    )
    marks = "".join(
        f'<text x="{_LEFT - 8}" y="{up(one) + 4:.1f}" text-anchor="end">{100 * (one - 1):+.1f} %</text>'
        for one in sorted({low, 1.0, high})
    )
    foot = _HEIGHT - 6
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f"<title>Equity</title><desc>From 0 to {100 * (values[-1] - 1):+.2f} %.</desc>"
        "<style>text{font:12px system-ui,sans-serif;fill:#7c8794}.curve{fill:none;stroke:#0b5cad;stroke-width:1.6}"
        ".still{stroke:#aab3bd;stroke-dasharray:4 3}"
        "@media(prefers-color-scheme:dark){.curve{stroke:#6fb6ff}}</style>"
        f'<line class="still" x1="{_LEFT}" x2="{_WIDTH - 12}" y1="{up(1.0):.1f}" y2="{up(1.0):.1f}"/>{marks}'
        f'<polyline class="curve" points="{points}"/>'
        f'<text x="{_LEFT}" y="{foot}">{iso(first)}</text>'
        f'<text x="{_WIDTH - 12}" y="{foot}" text-anchor="end">{iso(times[-1])}</text></svg>'
    )


def _plain(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _span(ends: Sequence[float] | None) -> str:
    return "" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}"


def _percent(value: float | None, sign: bool = True) -> str:
    if value is None:
        return "–"
    return f"{100 * value:+.2f} %" if sign else f"{100 * value:.2f} %"
