"""What we learn with stands trial whole, and is called as users call it."""

import dataclasses

import numpy as np
import pytest

from alphaloop.hindsight.labels import LabelSpec
from alphaloop.training.tribunal.learning import ours
from alphaloop.training.tribunal.learning.hearing import KINDS, hear, kind
from alphaloop.training.tribunal.learning.subjects import Fit, Labels
from alphaloop.training.tribunal.verdict import AFTER_END, AFTER_WINDOW, BEFORE_START

NAMED = {one.name: one for one in ours.subjects()}


def test_every_kind_is_among_them():
    assert {kind(one) for one in ours.subjects()} == set(KINDS)
    assert len(NAMED) == len(ours.subjects())


def test_all_columns_of_the_label_table_are_tried(scene):
    from alphaloop.core.market import Instrument
    from alphaloop.hindsight.labels import label_frame
    from alphaloop.training.tribunal.learning.panel import with_funding

    made = label_frame(with_funding(scene.frames), [Instrument(one) for one in scene.symbols], LabelSpec((12,)))
    stems = {name.removesuffix("_6h") for name in made.columns if name.endswith("_6h")}
    tried = {column for one in ours.subjects() if isinstance(one, Labels) for column in one.columns}

    assert stems - tried == {"end", "barrier_end"}


@pytest.mark.parametrize("name", ["forward labels by bars", "WalkForward(n_splits=4)", "market encoder", "ridge"])
def test_it_is_clean(futures, name):
    assert not any(one.leaking for one in hear(NAMED[name], futures, cuts=16, seed=7))


def test_forward_labels_that_said_the_barrier_end_would_be_caught(futures):
    """The forward return reads the whole window: known only at its end, not where a barrier was touched."""
    early = ours.labels("early", LabelSpec((12,), width=0.01), ("fwd_ret",), "barrier_end")
    [finding] = hear(early, futures, cuts=16, seed=7)

    assert AFTER_END in finding.caught_by


def test_classes_are_in_a_scale_from_before_and_say_so(futures):
    subject = NAMED["classes by volatility"]
    [finding] = hear(dataclasses.replace(subject, scaled=()), futures, cuts=16, seed=7)

    assert finding.caught_by == (BEFORE_START,)


def test_an_encoder_that_fits_an_hour_too_long_would_be_caught(futures):
    def longer(frames, span):
        return ours.encoder(frames, span._replace(until=span.until + 3_600_000_000))

    [finding] = hear(Fit("longer", ("market_bars",), longer), futures, cuts=16, seed=7)

    assert finding.caught_by == (AFTER_WINDOW,)


def test_a_model_forecasts_means_and_quantiles(scene, futures):
    from alphaloop.training.tribunal.learning.fits import draw_spans

    [span] = draw_spans(futures, 1, 0)
    made = ours.refitted(ours.FORECASTERS["ridge"])(scene.frames, span)

    assert made.shape == (64, 3)
    assert bool((np.diff(made[:, [1, 0, 2]], axis=1) > 0).all())


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(NAMED))
def test_everything_of_ours_is_clean(futures, name):
    assert not any(one.leaking for one in hear(NAMED[name], futures, cuts=60, seed=3))


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["rlinear", "tsmixer", "itransformer"])
def test_sequence_models_are_clean(futures, backbone):
    pytest.importorskip("torch")
    from alphaloop.models.sequence.fitting import Recipe
    from alphaloop.models.sequence.forecaster import SequenceForecaster, Training
    from alphaloop.training.tribunal.learning.fits import judge_fit
    from alphaloop.training.tribunal.learning.panel import make_panel, probe

    model = SequenceForecaster(Training(backbone=backbone, recipe=Recipe(epochs=1, batch=256, device="cpu")))

    def learn(frames, span):
        panel = make_panel(frames)
        train = panel.rows((panel.start > span.begin) & (panel.end <= span.until))
        fitted = model.fit(train.X.reshape(-1, 3, 2), train.y[:, None])
        return fitted.predict(probe().reshape(-1, 3, 2)).mean

    [finding] = judge_fit(Fit(backbone, ("market_bars",), learn), futures, count=1)

    assert finding.caught_by == ()
