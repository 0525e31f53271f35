import numpy as np
import pytest

from alphaloop.core.conformance import check_forecaster, sample_windows
from alphaloop.core.errors import NoData, SchemaViolation, UnreadableFile
from alphaloop.models.sequence.fitting import Recipe
from alphaloop.models.sequence.forecaster import SequenceForecaster, Training
from alphaloop.models.sequence.network import BACKBONES

QUICK = Training(backbone="rlinear", recipe=Recipe(epochs=3, device="cpu"))


@pytest.mark.slow
@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_keeps_the_promises_of_a_forecaster(backbone):
    check_forecaster(lambda: SequenceForecaster(Training(backbone=backbone)))


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_saved_model_predicts_the_same(backbone, tmp_path):
    X, y, mask = sample_windows(rows=64)
    made = SequenceForecaster(Training(backbone=backbone, recipe=Recipe(epochs=1)), features="abc").fit(X, y, mask)
    made.save(tmp_path / "model.pt")

    loaded = SequenceForecaster.load(tmp_path / "model.pt", features="abc")

    assert np.array_equal(loaded.predict(X, mask).mean, made.predict(X, mask).mean)
    assert np.array_equal(loaded.predict(X, mask).quantile(0.3), made.predict(X, mask).quantile(0.3))


def test_a_model_of_other_features_is_refused(tmp_path):
    X, y, mask = sample_windows(rows=64)
    SequenceForecaster(QUICK, features="abc").fit(X, y, mask).save(tmp_path / "model.pt")

    with pytest.raises(SchemaViolation, match="fitted on features abc"):
        SequenceForecaster.load(tmp_path / "model.pt", features="xyz")


def test_a_file_cut_short_is_refused(tmp_path):
    X, y, mask = sample_windows(rows=64)
    path = tmp_path / "model.pt"
    SequenceForecaster(QUICK).fit(X, y, mask).save(path)
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(UnreadableFile):
        SequenceForecaster.load(path)


def test_other_windows_than_in_the_fit_are_refused():
    X, y, mask = sample_windows(rows=64)
    model = SequenceForecaster(QUICK).fit(X, y, mask)

    with pytest.raises(SchemaViolation, match=r"\(N, 4, 3\)"):
        model.predict(X[:, :3])


def test_too_few_windows_are_refused():
    X, y, mask = sample_windows(rows=34)

    with pytest.raises(NoData):
        SequenceForecaster(Training(gap=8)).fit(X, y, mask)


def test_a_feature_that_does_not_vary_says_nothing():
    X, y, mask = sample_windows(rows=200)
    X[:, :, 2], mask[:, :, 2] = 7.0, True
    model = SequenceForecaster(QUICK).fit(X, y, mask)
    other = X.copy()
    other[:, :, 2] = 123.0

    assert np.array_equal(model.predict(other, mask).mean, model.predict(X, mask).mean)
