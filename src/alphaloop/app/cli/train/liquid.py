"""``alphaloop train liquid``: a gradient-boosting teacher and a TSMixer student, per symbol."""

from collections.abc import Mapping
from typing import Any

from alphaloop.app.cli import output
from alphaloop.app.cli.train.options import Chosen, command, opened, show


@command
def run_liquid(chosen: Chosen) -> int:
    """Train LightGBM and a TSMixer that learns from it, per symbol; judge them. Exit 1 if anything is degraded."""
    from time import perf_counter

    from alphaloop.app.chains.training import need_torch, train
    from alphaloop.training.chain.run import passed
    from alphaloop.training.liquid.chain import liquid
    from alphaloop.training.liquid.report import Details

    need_torch()
    with opened(chosen) as session:
        found = train(session, liquid, Details(perf_counter, chosen.seed))
    if chosen.json:
        output.emit(found)
    else:
        show(found)
        _compare(found["details"])
    return 0 if passed(found) else 1


def _compare(details: Mapping[str, Any]) -> None:
    """The student less each rival, and how fast it answers."""
    rows = [
        {
            "symbol": symbol,
            "horizon": horizon,
            "student less": rival,
            **_spelled(said["ic"], "ic"),
            **_spelled(said["daily_net"], "daily net"),
        }
        for symbol, one in details.items()
        for horizon, rivals in one["distillation"].items()
        for rival, said in rivals.items()
    ]
    output.table(rows, title="what distillation is worth: differences with intervals", quiet=True)
    output.table([{"symbol": symbol, "speed": one["speed"]["says"]} for symbol, one in details.items()], quiet=True)


def _spelled(found: Mapping[str, Any] | None, name: str) -> dict[str, float | None]:
    low, high = (None, None) if found is None or found["interval"] is None else found["interval"]
    return {name: None if found is None else found["value"], f"{name} low": low, f"{name} high": high}
