import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, NoData, NotFitted, SchemaViolation
from alphaloop.models.ridge import Ridge
from tests.models.builders import noisy, windows

X = windows()


def test_weights_are_the_closed_form_by_hand():
    inputs, y = np.array([-1.0, 1.0]).reshape(2, 1, 1).repeat(2, axis=0), np.array([[1.0], [3.0], [4.0], [8.0]])
    model = Ridge(0.5).fit(inputs, y)

    # standardised inputs are -1, -1, 1, 1; Z'y = 8, Z'Z = 4, penalty 0.5 * 4: weight 8 / 6; mean of y 4
    assert model.predict(np.array([[[1.0]], [[0.0]]])).mean[:, 0] == pytest.approx([4 + 8 / 6, 4.0])


def test_errors_are_those_of_leaving_each_row_out():
    y = noisy(X[:30])
    model = Ridge(1e-12).fit(X[:30], y)
    left = [Ridge(1e-12).fit(np.delete(X[:30], k, 0), np.delete(y, k, 0)) for k in range(30)]
    errors = [y[k, 0] - one.predict(X[k : k + 1]).mean[0, 0] for k, one in enumerate(left)]
    spread = model.predict(X[:1])

    assert spread.quantile(0.3) - spread.mean == pytest.approx(np.quantile(errors, 0.3), abs=1e-6)


def test_the_unknown_counts_as_the_training_mean():
    model = Ridge().fit(X, noisy(X))
    shown, blank = X[:5].copy(), X[:5].copy()
    shown[:, :, 0] = X[:, :, 0].mean()
    blank[:, :, 0] = np.nan

    assert model.predict(blank).mean == pytest.approx(model.predict(shown).mean)


def test_scales_belong_to_the_fit():
    model = Ridge().fit(X * 1000 + 5, noisy(X))

    assert model.predict(X * 1000 + 5).mean == pytest.approx(Ridge().fit(X, noisy(X)).predict(X).mean)


def test_a_feature_that_does_not_vary_has_no_say():
    flat = X.copy()
    flat[:, :, 1] = 7.0
    model = Ridge().fit(flat, noisy(X))
    moved = flat.copy()
    moved[:, :, 1] = -1e9

    assert np.array_equal(model.predict(moved).mean, model.predict(flat).mean)


def test_a_saved_model_predicts_the_same(tmp_path):
    flat = X.copy()
    flat[:, :, 1] = 7.0
    model = Ridge(features="f").fit(flat, noisy(X))
    model.save(tmp_path / "m.json")
    again = Ridge.load(tmp_path / "m.json", features="f")

    assert np.allclose(again.predict(X).mean, model.predict(X).mean, rtol=0, atol=1e-12)
    assert again.features == "f"


def test_what_it_cannot_do_it_says():
    with pytest.raises(NoData):
        Ridge().fit(X[:2], noisy(X)[:2])
    with pytest.raises(NotFitted):
        Ridge().save("nowhere")
    with pytest.raises(InvalidOption):
        Ridge(0.0)
    with pytest.raises(SchemaViolation, match="columns"):
        Ridge(rows="all").fit(windows(length=2), noisy(windows(length=2))).predict(windows(length=3))
