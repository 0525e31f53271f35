"""What is taken from a forecast, and on which rows its loss is looked at.

Groups are those of :data:`alphaloop.training.chain.examples.GROUPS`: text (events and posts), macro
(derivatives and chain), flow. The event window looks at text only where there is some: on all rows a signal that
speaks once a day drowns in the silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alphaloop.core.market import Bools
from alphaloop.training.chain.examples import Examples

STRENGTH = "event_decay"
"""The feature that says how strong the events of the last 24 hours are: weights, each halved in about four hours."""

EVENT_WINDOW = "event_window"
VARIANTS: Mapping[str, str] = {"no_text": "text", "no_macro": "macro", EVENT_WINDOW: "text", "no_flow": "flow"}
"""Group that each variant takes."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Taken:
    """One variant.

    Parameters
    ----------
    name : str
    columns : tuple of int
        Features that are taken, by place.
    rows : bool array, shape (N,), optional
        Labelled rows that are compared; all where left out. A model that is trained anew for these
        rows sees all features and learns from these rows only.
    reason : str
        Why nothing can be measured; empty where it can.
    """

    name: str
    columns: tuple[int, ...] = ()
    rows: Bools | None = None
    reason: str = ""


def taken(examples: Examples, strength: float = 0.0) -> tuple[Taken, ...]:
    """All variants of :data:`VARIANTS`.

    Parameters
    ----------
    examples : Examples
    strength : float
        Rows belong to the event window where :data:`STRENGTH` is above it.
    """
    found = []
    for name, group in VARIANTS.items():
        columns = examples.groups[group]
        if not columns:
            found.append(Taken(name=name, reason=f"no feature of {group} varies in the window"))
        elif len(columns) == len(examples.features):
            found.append(Taken(name=name, columns=columns, reason=f"all features are {group}: nothing would be left"))
        elif name == EVENT_WINDOW:
            found.append(_window(examples, columns, strength))
        else:
            found.append(Taken(name=name, columns=columns))
    return tuple(found)


def _window(examples: Examples, columns: tuple[int, ...], strength: float) -> Taken:
    if STRENGTH not in examples.features:
        return Taken(name=EVENT_WINDOW, columns=columns, reason=f"no feature {STRENGTH} that varies in the window")
    strong = np.nan_to_num(examples.rows.newest()[:, examples.features.index(STRENGTH)], nan=0.0) > strength
    if not bool(strong.any()):
        return Taken(name=EVENT_WINDOW, columns=columns, reason=f"no row with {STRENGTH} above {strength:g}")
    return Taken(name=EVENT_WINDOW, columns=columns, rows=strong)
