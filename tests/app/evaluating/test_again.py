"""A candidate is made again as it was, or an error says what is not as it was."""

import pytest

from alphaloop.app.evaluating.again import again, asked_of, chain_again, examples_again
from alphaloop.core.errors import NoData, UnreadableFile
from alphaloop.registry.ledger import Ledger
from tests.training.ablation.builders import ASKED


@pytest.fixture(scope="module")
def made(home, candidate):
    ledger = Ledger.open(home, clock=lambda: 1)
    found = again(home, ledger, candidate["id"])
    ledger.close()
    return found


def test_everything_is_as_the_manifest_has_it(made, candidate):
    assert (made.candidate, made.symbol, made.horizon, made.kind) == (candidate["id"], "BTCUSDT", "1h", "multimodal")
    assert made.asked == ASKED
    assert made.chain.chosen == candidate["chosen"]
    assert made.examples.digest == made.manifest["examples"]
    assert made.examples.horizons[made.place] == "1h"
    assert made.evidence is not None


def test_candidates_of_one_model_share_their_walks(made, tmp_path):
    fitting = made.fitting(tmp_path, "oos")

    assert fitting.folder.parent == tmp_path
    assert made.artifact[:16] in fitting.folder.name
    assert (fitting.seed, fitting.embargo_us) == (ASKED.seed, ASKED.embargo_us)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"effort": {"folds": 2}}, "fast training with"),
        ({"asked": {}}, "a manifest without 'symbols'"),
        ({"asked": {"symbols": ["X"], "horizons": ["1h"], "luck": 1}}, "a manifest without"),
    ],
)
def test_a_manifest_of_another_version_is_refused(made, changed, said):
    with pytest.raises(UnreadableFile, match=said):
        asked_of({**made.manifest, **changed})


def test_a_recipe_of_another_version_says_where_it_differs(made):
    recipe = {**made.manifest["recipe"], "text_dropout": 0.77, "luck": 1}
    with pytest.raises(UnreadableFile, match="differs in luck, text_dropout"):
        chain_again("multimodal", made.asked, {**made.manifest, "recipe": recipe})


def test_a_variant_that_is_no_more_is_named(made):
    with pytest.raises(UnreadableFile, match="variant 'gone'"):
        chain_again("multimodal", made.asked, {**made.manifest, "chosen": "gone"})


def test_rows_that_changed_are_not_believed(made, home):
    with pytest.raises(NoData, match="make it again: train it"):
        examples_again(home, {**made.manifest, "examples": "0" * 64}, made.asked, "train it")
