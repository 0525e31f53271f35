"""The index: several runs side by side, a card each, and one table to compare them.

Static HTML and inline SVG; no script beyond the theme switch. All text is escaped, and
a card may link only to a file below the index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import quote

import numpy as np

from alphaloop.app.report.curves import extremes
from alphaloop.app.report.write import asset, escaped_text, fill_template, put_text
from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats
from alphaloop.hindsight.metrics import Metrics

Status = Literal["passed", "refused", "insufficient", "shown"]
_WORDS = {"passed": "Passed", "refused": "Refused", "insufficient": "Insufficient evidence", "shown": "–"}
_SPARK = 240  # points of a sparkline


@dataclass(frozen=True, slots=True)
class IndexCard:
    """One run on the index.

    Parameters
    ----------
    name : str
    href : str
        Report page, relative to the index, e.g. ``ma-cross/index.html``.
    metrics : dict
        As :func:`alphaloop.hindsight.metrics.summary` makes it.
    equity : float array, shape (T,)
    benchmark : float array, shape (T,), optional
        Any unit; drawn from the same starting point.
    verdict : str
        One line: why it passed or not.
    status : {"passed", "refused", "insufficient", "shown"}

    Raises
    ------
    InvalidOption
        If ``href`` leaves the folder of the index.
    """

    name: str
    href: str
    metrics: Metrics
    equity: Floats
    benchmark: Floats | None = None
    verdict: str = ""
    status: Status = "shown"

    def __post_init__(self) -> None:
        path = PurePosixPath(self.href)
        if path.is_absolute() or ".." in path.parts or ":" in self.href or "\\" in self.href:
            raise InvalidOption(f"a link to {self.href}", "a file below the index", "pass a relative path")


def write_index(
    cards: Sequence[IndexCard], path: Path, title: str, subtitle: str = "", banner: str = "", notes: Sequence[str] = ()
) -> Path:
    """Write the page that compares several runs.

    Parameters
    ----------
    cards : sequence of IndexCard
        In the order they are shown.
    path : Path
        The HTML file; its folder is made if missing.
    title, subtitle, banner : str
        The banner warns, e.g. that the market is simulated.
    notes : sequence of str
        Sentences below the table.

    Returns
    -------
    Path
        ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = {
        "TITLE": escaped_text(title),
        "STYLE": asset("report.css"),
        "SUBTITLE": escaped_text(subtitle),
        "BANNER": f'<p class="banner" role="note">{escaped_text(banner)}</p>' if banner else "",
        "CARDS": "\n".join(_card(card) for card in cards),
        "ROWS": "\n".join(_row(card) for card in cards),
        "NOTES": "".join(f'<p class="note">{escaped_text(note)}</p>' for note in notes),
        "SCRIPT": asset("theme.js"),
    }
    put_text(path, fill_template("index.html", parts))
    return path


def _card(card: IndexCard) -> str:
    figures = [
        ("Return", _percent(card.metrics.get("total_return"), sign=True)),
        ("Sharpe", _number(card.metrics.get("sharpe"))),
        ("Drawdown", _percent(card.metrics.get("max_drawdown"))),
        ("Trades", _number(card.metrics.get("trades"), 0)),
    ]
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    badge = f"<b>{_WORDS[card.status]}</b>" if card.status != "shown" else ""
    return (
        f'<a class="card run" href="{quote(card.href)}"><h2>{escaped_text(card.name)}</h2>{sparkline(card)}'
        f'<dl class="figures">{listed}</dl>'
        f'<p class="verdict {card.status}">{badge}{escaped_text(card.verdict)}</p></a>'
    )


def sparkline(card: IndexCard) -> str:
    """Equity (and buy-and-hold, dashed) as an SVG without axes; both start at 1."""
    own = card.equity / card.equity[0]
    curves = [("own", own)]
    if card.benchmark is not None:
        curves.insert(0, ("held", card.benchmark / card.benchmark[0]))
    low = min(float(values.min()) for _, values in curves)
    high = max(float(values.max()) for _, values in curves)
    scale = 76.0 / (high - low) if high > low else 0.0
    base = 80.0 - (1.0 - low) * scale
    lines = "".join(_polyline(name, values, low, scale) for name, values in curves)
    return (
        '<svg class="spark" viewBox="0 0 300 84" preserveAspectRatio="none" aria-hidden="true">'
        f'<line class="base" x1="0" x2="300" y1="{base:.1f}" y2="{base:.1f}"/>{lines}</svg>'
    )


def _polyline(name: str, values: Floats, low: float, scale: float) -> str:
    rows = extremes(values, _SPARK)
    across = 300.0 * rows / max(1, len(values) - 1)
    heights = 80.0 - (values[rows] - low) * scale
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across.tolist(), heights.tolist(), strict=True))
    return f'<polyline class="{name}" points="{points}"/>'


def _row(card: IndexCard) -> str:
    get = card.metrics.get
    total = get("total_return")
    cells = [
        (_percent(total, sign=True), _tone(total)),
        (_percent(get("annual_return"), sign=True), ""),
        (_percent(get("excess_return"), sign=True), ""),
        (_number(get("sharpe")), ""),
        (_number(get("sortino")), ""),
        (_percent(get("max_drawdown")), ""),
        (_number(get("annual_turnover"), 1), ""),
        (_percent(get("costs_fraction")), ""),
        (_percent(get("win_rate")), ""),
        (_number(get("trades"), 0), ""),
    ]
    data = "".join(f'<td class="{tone}">{value}</td>' for value, tone in cells)
    link = f'<a href="{quote(card.href)}">{escaped_text(card.name)}</a>'
    verdict = f'<td class="text">{_WORDS[card.status].split()[0]}</td>'
    return f'<tr><th scope="row" class="text">{link}</th>{verdict}{data}</tr>'


def _tone(value: float | None) -> str:
    return "" if not value else "up" if value > 0 else "down"


def _percent(value: float | None, sign: bool = False) -> str:
    if value is None or not np.isfinite(value):
        return "–"
    return f"{100 * value:+,.2f} %" if sign else f"{100 * value:,.2f} %"


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:,.{digits}f}"
