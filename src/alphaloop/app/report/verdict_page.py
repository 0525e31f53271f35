"""The page of a verdict: static text and tables, which need no script, and four pictures, which do.

Every line that states a figure ends with a dagger where rows behind it were derived or
simulated; the dagger is explained in the banner and below the tables.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from alphaloop.app.report.learning import pictures
from alphaloop.app.report.verdict import GROUPS, WORDS, Json, VerdictInput, build, number
from alphaloop.app.report.write import asset, escaped_json, escaped_text, fill_template, put_text
from alphaloop.training.chain.logs import Curve

MARK = "†"


def write_verdict(shown: VerdictInput, folder: Path) -> Path:
    """Write ``index.html`` and ``verdict.json``; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    payload = build(shown)
    put_text(folder / "verdict.json", json.dumps(payload, allow_nan=False, indent=1) + "\n")
    page = folder / "index.html"
    put_text(page, page_of(payload, shown.fits))
    return page


def page_of(payload: Json, fits: Sequence[Curve] = ()) -> str:
    """The HTML page that says ``payload``, whole, with how the fits went."""
    mark = mark_of(payload)
    parts = {
        "TITLE": escaped_text(str(payload["title"])),
        "STYLE": asset("report.css"),
        "SUBTITLE": escaped_text(f"Candidate {payload['candidate']}, {payload['kind']}, {payload['claim']} market"),
        "BANNER": _banner(payload),
        "STATUS": str(payload["verdict"]),
        "VERDICT": WORDS[payload["verdict"]],
        "ABSTRACT": escaped_text(payload["abstract"]),
        "REASONS": "".join(f"<li>{escaped_text(one)}{mark}</li>" for one in payload["reasons"]),
        "SIX": "" if payload["figures"]["ic"] else " six",
        "FIGURES": _figures(payload["figures"], mark),
        "QUESTION": escaped_text(payload["question"]),
        "COVERAGE": _coverage(payload["coverage"]),
        "PROTOCOL": _facts(payload["protocol"]),
        "SCALES": _scales(payload, mark),
        "POWER": escaped_text(payload["power"]),
        "LEARNING": _learning(fits),
        "CHECKS": "".join(_group(payload["checks"], group, mark) for group in GROUPS),
        "LEGEND": _legend(payload),
        "REPRODUCE": _facts(payload["reproduce"]),
        "DATA": escaped_json(payload),
        "ECHARTS": asset("echarts.min.js"),
        "SCRIPT": asset("theme.js") + asset("charts.js") + asset("verdict.js"),
    }
    return fill_template("verdict.html", parts)


def mark_of(payload: Json) -> str:
    """What every line with a figure ends with where not all rows are real."""
    if not payload["made"]:
        return ""
    said = escaped_text("; ".join(payload["made"]))
    return f'<span class="made" title="{said}">{MARK}</span>'


def _banner(payload: Json) -> str:
    return f'<p class="banner" role="note">{escaped_text(payload["banner"])}</p>' if payload["banner"] else ""


def _legend(payload: Json) -> str:
    if not payload["made"]:
        return ""
    said = escaped_text("; ".join(payload["made"]))
    return f'<p class="note">{MARK} stands on rows that nobody observed: {said}.</p>'


def _figures(figures: Json, mark: str) -> str:
    shown = [
        ("Net profit", _percent(figures["net_pnl"]), f"turnover {_plain(figures['turnover'], 1)}× a year"),
        ("Sharpe, annual", _plain(figures["sharpe"]), f"verifiable from {_plain(figures['smallest_sharpe'])}"),
        ("Max drawdown", _percent(figures["max_drawdown"], sign=False), f"{number(figures['trades'])} trades"),
        ("Deflated Sharpe", _plain(figures["dsr"], 3), "probability of more than luck"),
        ("SPA p", _plain(figures["spa_p"], 3), "chance of this by luck alone"),
        ("Overfitting, PBO", _plain(figures["pbo"], 3), "see its null band below"),
    ]
    for name, found in (("IC", figures["ic"]), ("Rank IC", figures["rank_ic"])):
        if found is not None:
            shown.append((name, f"{found[0]:.4f}", f"{found[1]:.4f} to {found[2]:.4f}"))
    return "".join(
        f'<div class="kpi"><div class="name">{name}</div><div class="value">{value}{mark}</div>'
        f'<div class="more">{more}</div></div>'
        for name, value, more in shown
    )


def _coverage(rows: list[Json]) -> str:
    """A row a series; one of which not all is real says what of it is not."""
    if not rows:
        return '<tr><td class="text" colspan="8">No data audit stands behind this.</td></tr>'
    return "".join(
        f'<tr{" class=made-row" if row["made"] else ""}><th scope="row" class="text">{escaped_text(row["table"])}'
        f"{f'<span class=made>{MARK}</span>' if row['made'] else ''}</th>"
        f'<td class="text">{escaped_text(row["symbol"])}</td>'
        f"<td>{_count(row['expected'])}</td><td>{_count(row['present'])}</td>"
        f"<td>{_percent(row['share'], sign=False)}</td><td>{_count(row['real'])}</td>"
        f"<td>{_count(row['derived'])}</td><td>{_count(row['synthetic'])}</td></tr>"
        for row in rows
    )


def _learning(fits: Sequence[Curve]) -> str:
    """The card of training curves; nothing where no fit had epochs."""
    drawn = pictures(fits)
    if not drawn:
        return ""
    note = (
        "Losses of every fit, epoch by epoch: solid on the newest training rows, which no step learnt from, dashed in "
        "training. Thin lines are folds of the walk, the bold one is the final fit. None of it is out of sample."
    )
    return f'<section class="card"><h2>How it learnt</h2><p class="note">{note}</p>{drawn}</section>'


def _facts(rows: list[list[str]]) -> str:
    return "".join(f"<dt>{escaped_text(name)}</dt><dd>{escaped_text(text)}</dd>" for name, text in rows)


def _group(checks: list[Json], group: tuple[str, str, str], mark: str) -> str:
    weight, title, note = group
    rows = "".join(_check(one, mark) for one in checks if one["group"] == weight)
    return (
        f'<h3 class="ask">{title}</h3><p class="note">{note}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}, scrollable"><table class="checks">'
        f"<caption>{title}</caption><thead><tr>"
        '<th scope="col" class="text">Check</th><th scope="col" class="text">Answer</th><th scope="col">Measured</th>'
        '<th scope="col">Required</th><th scope="col" class="text">Source</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _check(check: Json, mark: str) -> str:
    word, tone = ("passed", "up") if check["passed"] else ("failed", "down")
    if check["measured"] is None:
        word, tone = "not measured", "open"
    return (
        f'<tr><th scope="row" class="text wrap">{escaped_text(check["label"])}</th>'
        f'<td class="text"><span class="answer {tone}">{word}</span></td>'
        f'<td class="wrap value">{_measured(check["measured"])}{mark}</td>'
        f'<td class="wrap">{_condition(check["required"])}</td>'
        f'<td class="text wrap">{escaped_text(check["source"])}</td></tr>'
    )


def _measured(value: float | int | str | bool | None) -> str:
    return "–" if value is None else escaped_text(number(value))


def _condition(required: str) -> str:
    return escaped_text(required.replace(">=", "≥").replace("<=", "≤"))


def _scales(payload: Json, mark: str) -> str:
    made = []
    if payload["overfitting"] is not None:
        found = payload["overfitting"]
        band = (found["low"], found["high"], "where nobody has skill")
        made.append(_scale("Probability of overfitting", (0.0, 1.0), found["measured"], band, mark))
    if payload["sharpe"] is not None:
        measured, smallest = payload["sharpe"]["measured"], payload["sharpe"]["smallest"]
        low, high = min(0.0, measured) * 1.15, max(measured, smallest) * 1.25
        band = (smallest, high, "could have been verified")
        made.append(_scale("Annual Sharpe", (low, high), measured, band, mark))
    return "".join(made) or '<p class="note">Neither PBO nor Sharpe was measured.</p>'


def _scale(title: str, ends: tuple[float, float], measured: float, band: tuple[float, float, str], mark: str) -> str:
    """A line from ``ends[0]`` to ``ends[1]`` with a band on it, and a needle at what was measured."""
    low, high = ends
    places = [100.0 * (value - low) / (high - low) for value in (band[0], band[1], measured, 0.0)]
    start, end, needle, zero = (min(100.0, max(0.0, place)) for place in places)
    said = f"{title}: measured {measured:.2f}; {band[0]:.2f} to {band[1]:.2f} {band[2]}"
    return (
        f'<figure class="scale"><figcaption>{title}</figcaption>'
        f'<div class="track" role="img" aria-label="{said}"><i class="band" style="left:{start:.2f}%;'
        f'width:{end - start:.2f}%"></i><i class="zero" style="left:{zero:.2f}%"></i>'
        f'<i class="needle" style="left:{needle:.2f}%"></i></div>'
        f'<div class="ends"><span>{low:.2f}</span><span>{high:.2f}</span></div>'
        f'<ul class="key"><li><i class="dot own"></i>measured <b>{measured:.2f}</b>{mark}</li>'
        f'<li><i class="dot band"></i>{band[2]}: {band[0]:.2f} to {band[1]:.2f}</li></ul></figure>'
    )


def _percent(value: float | None, sign: bool = True) -> str:
    if value is None:
        return "–"
    return f"{100 * value:+,.1f} %" if sign else f"{100 * value:,.1f} %"


def _plain(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"
