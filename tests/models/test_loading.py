"""Saved forecasters by what their files say they are."""

import json

import numpy as np
import pytest

from alphaloop.core.errors import SchemaViolation, UnreadableFile
from alphaloop.models.gbm import Boosting, GradientBoosting
from alphaloop.models.loading import OneThread, load_forecaster
from alphaloop.models.ridge import Ridge

X = np.random.default_rng(0).normal(size=(200, 1, 3))
Y = X[:, -1, :1] + 0.1


@pytest.mark.parametrize(
    "make", [lambda: Ridge(features="abc"), lambda: GradientBoosting(Boosting(rounds=5), features="abc", threads=1)]
)
def test_what_was_saved_comes_back(tmp_path, make):
    model = make().fit(X, Y)
    model.save(tmp_path / "model.json")

    found = load_forecaster(tmp_path / "model.json")

    assert type(found) is type(model)
    assert found.features == "abc"
    assert np.allclose(found.predict(X).mean, model.predict(X).mean, rtol=0, atol=1e-14)


def test_a_network_answers_on_one_thread_and_leaves_the_threads_as_they_were(tmp_path):
    torch = pytest.importorskip("torch")
    from alphaloop.models.sequence.fitting import Recipe
    from alphaloop.models.sequence.forecaster import SequenceForecaster, Training

    model = SequenceForecaster(Training(backbone="rlinear", recipe=Recipe(epochs=1, device="cpu")), features="abc")
    wide = np.repeat(X, 4, axis=1)
    model.fit(wide, Y).save(tmp_path / "model.pt")
    before = torch.get_num_threads()

    found = load_forecaster(tmp_path / "model.pt")

    assert isinstance(found, OneThread)
    assert found.features == "abc"
    assert np.allclose(found.predict(wide[:2]).mean, model.predict(wide[:2]).mean, rtol=0, atol=1e-9)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (json.dumps({"kind": "tea"}), SchemaViolation),
        ("{", UnreadableFile),
        ("", UnreadableFile),
        ("x", UnreadableFile),
    ],
)
def test_what_forecasts_nothing_is_refused(tmp_path, content, error):
    (tmp_path / "file").write_text(content)

    with pytest.raises(error):
        load_forecaster(tmp_path / "file")
    with pytest.raises(UnreadableFile):
        load_forecaster(tmp_path / "none")
