"""The page of the controls: how often the pipeline is fooled, how often it finds, and what stood in the way.

Static HTML and one SVG; no script beyond the theme switch. Beside it lie the same figures as JSON and
the picture by itself.
"""

import json
from pathlib import Path
from typing import Any

from alphaloop.app.report.power import power_curve
from alphaloop.app.report.write import asset, escaped_text, fill_template, put_text

Json = dict[str, Any]


def write_controls(found: Json, folder: Path) -> Path:
    """Write ``index.html``, ``controls.json`` and ``power.svg``; returns the page.

    Parameters
    ----------
    found : dict
        As :func:`alphaloop.training.controls.summary.summarise` makes it, with ``command``.
    folder : Path
        Made if missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    picture = power_curve(found)
    put_text(folder / "controls.json", json.dumps(found, allow_nan=False, indent=1) + "\n")
    put_text(folder / "power.svg", picture + "\n")
    page = folder / "index.html"
    put_text(page, fill_template("controls.html", _parts(found, picture)))
    return page


def _parts(found: Json, picture: str) -> dict[str, str]:
    setting, protocol = found["setting"], found["protocol"]
    return {
        "TITLE": "Controls",
        "STYLE": asset("report.css"),
        "SUBTITLE": escaped_text(
            f"{setting['symbols']} symbols, {setting['timeframe']} bars, {setting['days']} days; a search of "
            f"{protocol['trials']} configurations; {protocol['blocks']} walk-forward blocks"
        ),
        "BANNER": '<p class="banner" role="note">Simulated markets: nothing below is a claim about real ones.</p>',
        "TOTALS": _totals(found),
        "PICTURE": picture,
        "PLANTED": "".join(_planted(one) for one in found["planted"]),
        "NULL": "".join(_null(kind, one) for kind, one in {"all": found["null"], **found["null"]["by_kind"]}.items()),
        "TARGETS": "".join(_target(one) for one in found["targets"]),
        "COMMAND": escaped_text(str(found.get("command", ""))),
        "SECONDS": f"{found['seconds']:,.0f}",
        "SEED": str(found["seed"]),
        "SCRIPT": asset("theme.js"),
    }


def _totals(found: Json) -> str:
    null = found["null"]
    low, high = null["interval"]
    purged = _number(found["purged_kfold_ic"], 3)
    shown = [
        (
            "False promotions",
            _percent(null["rate"]),
            f"{null['promoted']} of {null['markets']}; {low:.1%} to {high:.1%}",
        ),
        *((one["name"].capitalize(), _percent(one["measured"]), one["required"]) for one in found["targets"][1:]),
        ("IC by shuffled folds", _number(found["shuffled_kfold_ic"], 3), f"without edge; purged: {purged}"),
    ]
    return "".join(
        f'<div class="kpi"><div class="name">{escaped_text(name)}</div><div class="value">{escaped_text(value)}</div>'
        f'<div class="more">{escaped_text(more)}</div></div>'
        for name, value, more in shown
    )


def _planted(row: Json) -> str:
    gates, alone = (
        ", ".join(f"{gate} {count}" for gate, count in row[name].items()) or "none"
        for name in ("failed_gates", "failed_alone")
    )
    cells = (
        str(row["days"]), str(row["markets"]), str(row["promoted"]), _percent(row["rate"]), _interval(row),
        _number(row["informed"]), _number(row["achieved"]),
    )  # fmt: skip
    return (
        f'<tr><th scope="row">{row["strength"]:g}</th>'
        + "".join(f"<td>{escaped_text(cell)}</td>" for cell in cells)
        + f'<td class="text wrap">{escaped_text(gates)}</td><td class="text wrap">{escaped_text(alone)}</td></tr>'
    )


def _null(kind: str, row: Json) -> str:
    cells = (
        str(row["markets"]), str(row["promoted"]), _percent(row["rate"]), _interval(row), str(row["refused"]),
        str(row["insufficient"]),
    )  # fmt: skip
    head = f'<tr><th scope="row" class="text">{escaped_text(kind)}</th>'
    return head + "".join(f"<td>{escaped_text(cell)}</td>" for cell in cells) + "</tr>"


def _target(row: Json) -> str:
    met = "met" if row["met"] else "not met"
    return (
        f'<tr><th scope="row" class="text">{escaped_text(row["name"])}</th><td>{_percent(row["measured"])}</td>'
        f"<td>{escaped_text(row['required'])}</td><td>{met}</td></tr>"
    )


def _interval(row: Json) -> str:
    return f"{row['interval'][0]:.1%} to {row['interval'][1]:.1%}" if row["interval"] else "–"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
