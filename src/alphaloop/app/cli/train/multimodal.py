"""``alphaloop train multimodal``: numbers, corrected by text as far as text has proven itself."""

from typing import Any

from alphaloop.app.cli import output
from alphaloop.app.cli.train.options import Chosen, command, opened, show


@command
def run_multimodal(chosen: Chosen) -> int:
    """Fit numbers alone, one ridge over all, and text through a gate; say of each gate whether it was accepted."""
    from alphaloop.app.chains.training import train
    from alphaloop.training.chain.run import passed
    from alphaloop.training.multimodal.chain import multimodal
    from alphaloop.training.multimodal.report import Details

    with opened(chosen) as session:
        found = train(session, multimodal, Details(chosen.seed))
    if chosen.json:
        output.emit(found)
    else:
        show(found)
        output.table(_gates(found["details"]), title="text: accepted or refused, improvement on rows with text")
    return 0 if passed(found) else 1


def _gates(details: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"symbol": symbol, "horizon": horizon, "of": of, **{name: told[name] for name in _SHOWN}}
        for symbol, one in details.items()
        for horizon, gate in one["gates"].items()
        for of, told in gate.items()
    ]


_SHOWN = ("accepted", "improvement", "low", "high", "active", "inactive_equal", "reason")
