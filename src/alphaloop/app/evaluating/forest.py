"""A forest plot: what each variant changes, with its interval, as an SVG that needs nothing else.

One panel a figure, one band a variant, and in it a mark for each way of taking and each protocol. Right of the line
of no change the forecast without the group is higher. The squared error is drawn as a share of the full one's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from alphaloop.app.report.write import escaped_text

Json = Mapping[str, Any]

WIDTH, LEFT, GAP, TOP, STEP = 980, 128, 26, 76, 17
PANELS = (("ic", "IC"), ("rank_ic", "Rank IC"), ("mse", "Squared error, % of full"), ("net_per_day", "Net, bp a day"))
MARKS = (
    ("walk_forward", "zeroed", "hidden, walk-forward"),
    ("walk_forward", "retrained", "trained anew, walk-forward"),
    ("purged_kfold", "zeroed", "hidden, purged K-fold"),
    ("purged_kfold", "retrained", "trained anew, purged K-fold"),
)
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#55616e}.title{font-size:13px;font-weight:620;fill:#15202b}"
    ".zero{stroke:#7c8794;stroke-dasharray:4 3}.band{fill:#f3f5f8}.axis{stroke:#aab3bd}"
    ".walk_forward{stroke:#0b5cad;fill:#0b5cad}.purged_kfold{stroke:#8a5a00;fill:#8a5a00}"
    ".bar{stroke-width:1.6}.retrained.dot{fill:#fff;stroke-width:1.6}"
    "@media(prefers-color-scheme:dark){text{fill:#9ba8b6}.title{fill:#e7ecf2}.band{fill:#18212c}.axis{stroke:#55616e}"
    ".walk_forward{stroke:#6fb6ff;fill:#6fb6ff}.purged_kfold{stroke:#e0a94a;fill:#e0a94a}.retrained.dot{fill:#0f1620}}"
)


def forest(found: Json, names: Sequence[str]) -> str:
    """The picture of one horizon of an ablation.

    Parameters
    ----------
    found : mapping
        ``{walk_forward, purged_kfold}`` as :func:`alphaloop.training.ablation.report.ablate` makes them.
    names : sequence of str
        Variants, top to bottom.
    """
    band = STEP * len(MARKS) + 14
    height = TOP + band * len(names) + 44
    wide = (WIDTH - LEFT - GAP * len(PANELS)) / len(PANELS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>Change without each group of features</title><desc>{escaped_text(_said(found, names))}</desc>",
        f"<style>{STYLE}</style>",
        *_legend(),
        *(
            f'<rect class="band" x="0" y="{TOP + k * band}" width="{WIDTH}" height="{band}"/>'
            for k in range(0, len(names), 2)
        ),
        *(
            f'<text class="title" x="10" y="{TOP + k * band + band / 2 + 4:.0f}">{escaped_text(name)}</text>'
            for k, name in enumerate(names)
        ),
    ]
    for place, (figure, title) in enumerate(PANELS):
        left = LEFT + GAP / 2 + place * (wide + GAP)
        parts += _panel(found, names, figure, title, (left, wide, band))
    return "".join([*parts, "</svg>"])


def _legend() -> list[str]:
    made = []
    for place, (protocol, mode, said) in enumerate(MARKS):
        x = LEFT + place * 208
        made.append(f'<circle class="{protocol} {mode} dot" cx="{x}" cy="16" r="4"/>')
        made.append(f'<text x="{x + 10}" y="20">{said}</text>')
    return made


def _panel(found: Json, names: Sequence[str], figure: str, title: str, where: tuple[float, float, int]) -> list[str]:
    """One figure of every variant on one scale."""
    left, wide, band = where
    rows = {
        (k, m): _change(found, name, figure, protocol, mode)
        for k, name in enumerate(names)
        for m, (protocol, mode, _) in enumerate(MARKS)
    }
    ends = [abs(end) for row in rows.values() if row is not None for end in row]
    most = max([one for one in ends if one > 0], default=1.0) * 1.05
    middle, bottom = left + wide / 2, TOP + band * len(names)

    def across(value: float) -> float:
        return middle + value / most * wide / 2

    parts = [
        f'<text class="title" x="{middle:.0f}" y="{TOP - 26}" text-anchor="middle">{title}</text>',
        f'<line class="zero" x1="{middle:.1f}" x2="{middle:.1f}" y1="{TOP - 6}" y2="{bottom}"/>',
        f'<line class="axis" x1="{left:.1f}" x2="{left + wide:.1f}" y1="{bottom}" y2="{bottom}"/>',
    ]
    for value, anchor in ((-most, "start"), (0.0, "middle"), (most, "end")):
        x = across(value)
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="{anchor}">{value:+.2g}</text>'.replace(">+0<", ">0<")
        )
    for (k, m), row in rows.items():
        if row is not None:
            protocol, mode, _ = MARKS[m]
            y = TOP + k * band + 7 + STEP * (m + 0.5)
            parts += _mark(across, row, y, f"{protocol} {mode}")
    return parts


def _mark(across: Any, row: tuple[float, ...], y: float, tone: str) -> list[str]:
    value, *ends = row
    bar = []
    if ends:
        low, high = (across(one) for one in ends)
        bar = [f'<line class="{tone} bar" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>']
    return [*bar, f'<circle class="{tone} dot" cx="{across(value):.1f}" cy="{y:.1f}" r="4"/>']


def _change(found: Json, name: str, figure: str, protocol: str, mode: str) -> tuple[float, ...] | None:
    """The change and its ends in the panel's unit; the change alone where there is no interval; none where neither."""
    row = found.get(protocol, {}).get(mode, {}).get(name, {}).get(figure)
    if row is None or row["change"] is None:
        return None
    unit = {"mse": 100.0 / row["full"] if row["full"] else 1.0, "net_per_day": 1e4}.get(figure, 1.0)
    values = [row["change"]] if row["low"] is None else [row["change"], row["low"], row["high"]]
    return tuple(one * unit for one in values)


def _said(found: Json, names: Sequence[str]) -> str:
    """The first panel in words."""
    lines = []
    for name in names:
        row = _change(found, name, "ic", *MARKS[0][:2])
        if row is None:
            lines.append(f"{name}: not measured")
        else:
            ends = f", {row[1]:+.4f} to {row[2]:+.4f}" if len(row) > 1 else ""
            lines.append(f"{name}: IC {row[0]:+.4f}{ends}")
    return "; ".join(lines) + "."
