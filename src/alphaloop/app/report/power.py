"""The power curve: how often an edge of each strength is promoted, as an SVG that needs nothing else.

Points are shares, bars their Clopper-Pearson intervals. At a strength of zero stands what was
promoted where there is no edge. Two lines are what the project asks of itself.
"""

from collections.abc import Sequence
from typing import Any

from alphaloop.app.report.write import escaped_text

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 40, 56
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#55616e}.title{font-size:15px;font-weight:620;fill:#15202b}"
    ".axis{stroke:#aab3bd;stroke-width:1}.grid{stroke:#e2e6eb;stroke-width:1}.goal{stroke:#7c8794;stroke-dasharray:5 4}"
    ".none{stroke:#b8430b;fill:#b8430b}.edge{stroke:#0b5cad;fill:#0b5cad}.long{stroke:#6b3fa0;fill:#6b3fa0}"
    ".line{fill:none;stroke-width:2}.bar{stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){text{fill:#9ba8b6}.title{fill:#e7ecf2}.grid{stroke:#28323e}.axis{stroke:#55616e}"
    ".none{stroke:#f0935a;fill:#f0935a}.edge{stroke:#6fb6ff;fill:#6fb6ff}.long{stroke:#b99be6;fill:#b99be6}}"
)

Row = dict[str, Any]


def power_curve(found: Row) -> str:
    """The picture of a summary of controls.

    Parameters
    ----------
    found : dict
        As :func:`alphaloop.training.controls.summary.summarise` makes it.
    """
    usual = found["setting"]["days"]
    short = [one for one in found["planted"] if one["days"] == usual]
    long = [one for one in found["planted"] if one["days"] != usual]
    most = max([one["strength"] for one in found["planted"]], default=1.0) * 1.08
    null = {**found["null"], "strength": 0.0}
    title = "Share of markets in which the pipeline's candidate is promoted"
    said = "; ".join(
        f"{one['strength']:g} on {one['days']} days: {one['promoted']} of {one['markets']}" for one in found["planted"]
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{title}</title><desc>No edge: {null['promoted']} of {null['markets']}. {escaped_text(said)}.</desc>",
        f"<style>{STYLE}</style>",
        f'<text class="title" x="{LEFT}" y="22">{title}</text>',
        *_axes(most),
        _goal(0.8, "80 %: asked of 3.5 on 420 days", "start"),
        _goal(0.05, "5 %: allowed where there is no edge", "end"),
        _line([null, *short], most),
        *(_point(one, "edge", most) for one in short),
        *(_point(one, "long", most, f"{one['days'] / 365:.0f} years") for one in long),
        _point(null, "none", most, "no edge"),
        "</svg>",
    ]
    return "".join(parts)


def _across(strength: float, most: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * strength / most


def _up(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - share)


def _axes(most: float) -> list[str]:
    """Both axes, a line every fifth of the shares, a mark every whole strength."""
    made = []
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        y = _up(share)
        made.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        made.append(f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{100 * share:.0f} %</text>')
    foot = _up(0.0)
    made.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{foot:.1f}" y2="{foot:.1f}"/>')
    for strength in range(int(most) + 1):
        x = _across(strength, most)
        made.append(f'<text x="{x:.1f}" y="{foot + 20:.1f}" text-anchor="middle">{strength}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    said = "Planted edge: annual Sharpe ratio, after cost, of the best risk-neutral trader"
    return [*made, f'<text x="{middle:.0f}" y="{HEIGHT - 12}" text-anchor="middle">{said}</text>']


def _goal(share: float, said: str, side: str) -> str:
    y, x = _up(share), WIDTH - RIGHT if side == "end" else LEFT + 8
    line = f'<line class="goal" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return f'{line}<text x="{x}" y="{y - 6:.1f}" text-anchor="{side}">{said}</text>'


def _line(rows: Sequence[Row], most: float) -> str:
    points = " ".join(f"{_across(one['strength'], most):.1f},{_up(one['rate']):.1f}" for one in rows)
    return f'<polyline class="edge line" style="fill:none" points="{points}"/>'


def _point(row: Row, tone: str, most: float, said: str = "") -> str:
    """A share with its interval."""
    x, y = _across(row["strength"], most), _up(row["rate"])
    low, high = (_up(one) for one in row["interval"])
    bar = f'<line class="{tone} bar" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'
    label = f'<text x="{x + 8:.1f}" y="{y - 8:.1f}">{escaped_text(said)}</text>' if said else ""
    return f'{bar}<circle class="{tone}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>{label}'
