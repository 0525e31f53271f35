"""``alphaloop train backbones``: seven forecasters on one budget, side by side."""

from alphaloop.app.cli import output
from alphaloop.app.cli.train.options import Chosen, command, opened, show


@command
def run_backbones(chosen: Chosen) -> int:
    """Walk ridge and six networks with one budget; the best of an unscored block is judged. Without torch: ridge."""
    from alphaloop.app.chains.backbones import train_backbones
    from alphaloop.training.chain.run import passed

    with opened(chosen) as session:
        found = train_backbones(session)
    if chosen.json:
        output.emit(found)
    else:
        show(found)
        states = found["suite"]["states"]
        output.table([{"backbone": name, "state": said} for name, said in states.items()], title="backbones")
        output.table([{"leaderboard": found["page"]}], quiet=True)
    return 0 if passed(found) else 1
