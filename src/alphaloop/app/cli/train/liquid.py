"""``alphaloop train liquid``: a gradient-boosting teacher and a TSMixer student, per symbol."""

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
    return 0 if passed(found) else 1
