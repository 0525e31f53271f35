"""How the fits behind a candidate went: one small picture a model, every fold a line, static SVG.

Solid lines are the loss on the newest part of the training rows, which no step learnt from; dashed
ones the loss in training. Bold is the final fit.
"""

import math
from collections.abc import Sequence

from alphaloop.app.report.write import escaped_text
from alphaloop.training.chain.logs import Curve

LOSSES = (("train_loss", "train"), ("valid_loss", "valid"))
_WIDTH, _HEIGHT, _LEFT, _TOP, _FOOT = 460, 190, 62, 14, 26
_FINAL = "final/"
_STYLE = (
    "<style>.fit{fill:none;stroke:#0b5cad;stroke-width:1;opacity:.55}.train{stroke-dasharray:3 3;stroke:#7c8794}"
    ".last{stroke-width:2.2;opacity:1}.axis{stroke:#aab3bd}text.lab{font:11px system-ui,sans-serif;fill:#7c8794}"
    "@media(prefers-color-scheme:dark){.fit{stroke:#6fb6ff}.train{stroke:#93a0ad}}</style>"
)


def pictures(curves: Sequence[Curve]) -> str:
    """A figure for each model that trained in epochs, as HTML; empty where none did."""
    named: dict[str, list[Curve]] = {}
    for curve in curves:
        if len(curve.steps) and any(key in curve.values for key, _ in LOSSES):
            named.setdefault(curve.name.rpartition("/")[2], []).append(curve)
    return "".join(_figure(name, group) for name, group in sorted(named.items()))


def _figure(name: str, curves: Sequence[Curve]) -> str:
    values = [value for curve in curves for key, _ in LOSSES for value in curve.values.get(key, ())]
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    last = max(step for curve in curves for step in curve.steps)
    said = f"{name}: losses of {len(curves)} fits, {last} epochs at most"
    lines = "".join(_line(curve, key, word, (low, high), last) for curve in curves for key, word in LOSSES)
    foot = _HEIGHT - _FOOT
    marks = (
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{foot}" y2="{foot}"/>'
        f'<text class="lab" x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{high:.4g}</text>'
        f'<text class="lab" x="{_LEFT - 6}" y="{foot}" text-anchor="end">{low:.4g}</text>'
        f'<text class="lab" x="{_LEFT}" y="{_HEIGHT - 8}">epoch 1</text>'
        f'<text class="lab" x="{_WIDTH - 10}" y="{_HEIGHT - 8}" text-anchor="end">{last}</text>'
    )
    return (
        f'<figure class="fits"><figcaption>{escaped_text(name)}</figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escaped_text(said)}">{_STYLE}{marks}{lines}'
        "</svg></figure>"
    )


def _line(curve: Curve, key: str, word: str, ends: tuple[float, float], last: int) -> str:
    low, high = ends
    tall, wide = (high - low) or 1.0, max(last - 1, 1)
    points = [
        f"{_LEFT + (step - 1) / wide * (_WIDTH - _LEFT - 10):.1f},"
        f"{_TOP + (high - value) / tall * (_HEIGHT - _TOP - _FOOT):.1f}"
        for step, value in zip(curve.steps, curve.values.get(key, ()), strict=False)
        if math.isfinite(value)
    ]
    if not points:
        return ""
    bold = " last" if curve.name.startswith(_FINAL) else ""
    if len(points) == 1:  # one epoch is a point
        x, _, y = points[0].partition(",")
        return f'<circle class="fit {word}{bold}" cx="{x}" cy="{y}" r="2.5"/>'
    return f'<polyline class="fit {word}{bold}" points="{" ".join(points)}"/>'
