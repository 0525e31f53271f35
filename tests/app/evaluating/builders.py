"""A home with a data set, and a multimodal candidate trained on it: flow and text tell the return, nothing else."""

from itertools import count

from alphaloop.registry.ledger import Ledger
from alphaloop.training.chain.examples import examples_of
from alphaloop.training.chain.run import Around, run_chain
from alphaloop.training.multimodal.chain import multimodal
from tests.training.ablation.builders import ASKED, FEATURES, store_of
from tests.training.chain.test_run import background


def trained(home):
    """The candidate of one hour, and what the run said of it."""
    store = store_of(home / "datasets" / "made", FEATURES)
    ledger = Ledger.open(home, clock=count(1).__next__)
    around = Around(
        home=home, ledger=ledger, author="tests", command="alphaloop train multimodal", background=background,
        judge=lambda name: {"candidate": name}, clock=count(1).__next__,
    )  # fmt: skip
    said = run_chain(ASKED, multimodal(ASKED), lambda name: examples_of(store, name, ASKED, cost=0.0006), around)
    ledger.close()
    return said["candidates"][0]
