"""What is known of a symbol's data beside its rows: coverage by the audit, provenance, leaks."""

from alphaloop.app.gating.counting import BARS, FUNDING, counted, read_besides
from alphaloop.app.gating.leaks import green
from alphaloop.features.sources.symbols import names_of
from alphaloop.lake.audit import audit
from alphaloop.lake.table import Lake
from alphaloop.registry.evidence import Claim, Coverage
from alphaloop.registry.ledger import Ledger
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.run import Background


def background_of(lake: Lake, ledger: Ledger, examples: Examples, start: int, end: int) -> Background:
    """Of one symbol in the scored part ``[start, end)`` of its window, microseconds UTC."""
    with ledger.journal.reading() as page:
        clear = green(page, examples.features)
    return Background(claim=claim_of(examples), coverage=coverage_of(lake, examples, start, end), leaks_green=clear)


def claim_of(examples: Examples) -> Claim:
    """``simulated`` where every bar is; a mixture speaks of real markets."""
    return "simulated" if examples.simulated == len(examples.every) else "real"


def coverage_of(lake: Lake, examples: Examples, start: int, end: int) -> tuple[Coverage, ...]:
    """Rows of every series behind the claim: bars and funding, and what was there for other features to read."""
    window = {"start": start, "end": end}
    due = [row for row in audit(lake, symbols=[examples.symbol], tables=[BARS, FUNDING], **window) if row.rows]
    own = [row for row in due if row.timeframe in (None, examples.timeframe)]
    own += read_besides(lake, examples.features, list(names_of(examples.symbol)), (BARS, FUNDING), window)
    return tuple(counted(row) for row in own)
