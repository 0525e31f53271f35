import copy
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from alphaloop.core.errors import DeviceLost, InvalidOption, NoData, SchemaViolation, UnreadableFile
from alphaloop.models.sequence import checkpoint, fitting
from alphaloop.models.sequence.fitting import Recipe, batches, fit, pick_device, taken_ahead
from alphaloop.models.sequence.network import Network, Plan
from alphaloop.models.windows import ArrayWindows, SeriesWindows

RECIPE = Recipe(epochs=5, batch=16, patience=5, device="cpu")
PLAN = Plan(backbone="tsmixer", lookback=4, channels=2, horizons=1, settings={"hidden": 4, "blocks": 1})


@pytest.fixture
def windows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(96, 4, 2))
    y = x[:, -1, :1] + 0.1 * rng.normal(size=(96, 1))
    return ArrayWindows(x[:64], y[:64]), ArrayWindows(x[64:], y[64:])


def network():
    torch.manual_seed(3)
    return Network(PLAN)


def train(windows, **settings):
    made = network()
    history = fit(made, *windows, recipe=settings.pop("recipe", RECIPE), seed=1, **settings)
    return made, history


def weights(made):
    return torch.cat([part.flatten() for part in made.state_dict().values() if part.dtype.is_floating_point])


class Killed(Exception):
    pass


def test_training_learns(windows):
    _, history = train(windows, recipe=Recipe(epochs=15, batch=16, learning_rate=0.02, device="cpu"))

    assert history[-1].valid_loss < 0.6 * history[0].valid_loss


def test_equal_seeds_give_equal_weights(windows):
    assert torch.equal(weights(train(windows)[0]), weights(train(windows)[0]))


def test_a_killed_run_goes_on_to_the_same_weights(windows, tmp_path):
    whole, history = train(windows)

    def kill(epoch):
        if epoch.number == 3:
            raise Killed

    with pytest.raises(Killed):
        train(windows, folder=tmp_path, progress=kill)  # epoch 3 was not kept yet
    resumed, again = train(windows, folder=tmp_path)

    assert torch.equal(weights(resumed), weights(whole))
    assert again == history


def test_a_finished_run_is_not_trained_again(windows, tmp_path):
    train(windows, folder=tmp_path)
    seen = []

    _, history = train(windows, folder=tmp_path, progress=seen.append)

    assert not seen
    assert len(history) == 5


def test_a_checkpoint_of_other_data_is_not_gone_on_from(windows, tmp_path):
    train(windows, folder=tmp_path)
    other = ArrayWindows(windows[0].x, -windows[0].y)

    with pytest.raises(SchemaViolation, match="another run"):
        train((other, windows[1]), folder=tmp_path)


def test_patience_ends_a_run_that_stands_still(windows):
    _, history = train(windows, recipe=Recipe(epochs=50, batch=16, patience=2, learning_rate=1e-12, average=0.0))

    assert len(history) < 50


def test_a_corrupted_checkpoint_is_refused(windows, tmp_path):
    train(windows, folder=tmp_path)
    path = tmp_path / checkpoint.NAME
    held = bytearray(path.read_bytes())
    held[-20] ^= 1
    path.write_bytes(held)

    with pytest.raises(UnreadableFile, match="not what was written"):
        train(windows, folder=tmp_path)


def test_a_last_step_of_one_window_joins_its_neighbour():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(17, 4, 2)), rng.normal(size=(17, 1))

    _, history = train((ArrayWindows(x, y), ArrayWindows(x, y)))

    assert np.isfinite(history[-1].train_loss)


def test_nothing_to_learn_from_is_said(windows):
    none = ArrayWindows(np.zeros((0, 4, 2)), np.zeros((0, 1)))

    with pytest.raises(NoData, match="0 windows to train"):
        train((none, windows[1]))


def test_a_loss_that_is_no_number_stops_the_run(windows):
    x = windows[0].x.copy()
    x[5, 0, 0] = np.inf

    with pytest.raises(SchemaViolation, match="loss of nan"):
        train((ArrayWindows(x, windows[0].y), windows[1]))


def test_a_device_that_is_not_there_is_refused():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")

    with pytest.raises(InvalidOption, match="cpu"):
        pick_device("cuda:0")


def test_no_window_is_dropped():
    assert np.concatenate(list(batches(10, 4))).tolist() == list(range(10))


def test_windows_of_a_series_end_where_their_forecast_begins():
    series = np.arange(20.0).reshape(10, 2)

    windows = SeriesWindows(series, lookback=3, steps=2, first=4, last=8)
    batch = windows.take(np.array([0, 4]))

    assert len(windows) == 5
    assert batch.x[0, :, 0].tolist() == [2, 4, 6]
    assert batch.y[0, :, 0].tolist() == [8, 10]
    assert batch.y[1, :, 1].tolist() == [17, 19]


def test_windows_beyond_the_series_are_refused():
    with pytest.raises(SchemaViolation, match="forecasts from 2 to 9"):
        SeriesWindows(np.zeros((10, 2)), lookback=3, steps=2, first=2, last=9)


def test_batches_taken_ahead_come_in_order_and_pass_errors_on():
    class Odd:
        def take(self, rows):
            if rows[0] == 3:
                raise ZeroDivisionError
            return rows[0]

    steps = [np.array([k]) for k in (0, 1, 2, 3)]

    assert list(taken_ahead(Odd(), steps[:3])) == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        list(taken_ahead(Odd(), steps))


def test_hidden_channels_leave_some_windows_values_and_mask(windows):
    recipe = Recipe(epochs=2, batch=16, device="cpu", hidden=(1,), hidden_share=0.5)
    seen = []

    class Watched(Network):
        def forward(self, x, mask=None):
            if self.training:
                seen.append((x.clone(), mask.clone()))
            return super().forward(x, mask)

    fit(Watched(PLAN), *windows, recipe=recipe, seed=1)
    x, mask = (torch.cat(parts) for parts in zip(*seen, strict=True))
    gone = ~mask[:, 0, 1]

    assert 0.3 < gone.float().mean() < 0.7
    assert (x[gone][:, :, 1] == 0).all()
    assert not mask[gone][:, :, 1].any()
    assert mask[:, :, 0].all()
    assert torch.equal(gone[:64], gone[64:]) is False  # drawn anew in each epoch


def test_a_killed_run_with_hidden_channels_and_few_windows_an_epoch_goes_on_to_the_same_weights(windows, tmp_path):
    recipe = Recipe(epochs=4, batch=16, device="cpu", hidden=(0,), hidden_share=0.3, rows=40)
    whole, history = train(windows, recipe=recipe)

    def kill(epoch):
        if epoch.number == 3:
            raise Killed

    with pytest.raises(Killed):
        train(windows, recipe=recipe, folder=tmp_path, progress=kill)
    resumed, again = train(windows, recipe=recipe, folder=tmp_path)

    assert torch.equal(weights(whole), weights(resumed))
    assert history == again


def test_what_cannot_be_hidden_or_drawn_is_refused():
    for wrong in ({"hidden_share": 1.0}, {"hidden": (-1,)}, {"rows": 0}):
        with pytest.raises(InvalidOption):
            Recipe(**wrong)


@pytest.mark.parametrize(
    ("schedule", "wanted"),
    [
        ("constant", [1, 1, 1, 1, 1, 1]),
        ("halving", [1, 1, 0.5, 0.25, 0.125, 0.0625]),
        ("waning", [1, 1, 1, 1, 0.9, 0.81]),
    ],
)
def test_rates_fall_as_the_papers_code_lets_them(windows, schedule, wanted):
    recipe = Recipe(
        epochs=6, batch=16, patience=9, learning_rate=0.01, schedule=schedule, clip=float("inf"), device="cpu"
    )

    rates = [epoch.learning_rate for epoch in train(windows, recipe=recipe)[1]]

    assert rates == pytest.approx([0.01 * one for one in wanted])


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: unspecified launch failure\nmore"),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("CUDA error: device not ready"),
    ],
    ids=["gone", "full", "old"],
)
def test_a_device_that_disappears_is_named_and_the_run_goes_on_from_what_was_kept(
    windows, tmp_path, monkeypatch, error
):
    whole, history = train(windows)
    step, done = fitting._Run._step, []

    def fails(run, batch):
        done.append(0)
        if len(done) == 10:  # in the third of five epochs of four steps
            raise error
        return step(run, batch)

    with monkeypatch.context() as patch:
        patch.setattr(fitting._Run, "_step", fails)
        with pytest.raises(DeviceLost, match="cpu in epoch 3: CUDA") as told:
            train(windows, folder=tmp_path)
    resumed, again = train(windows, folder=tmp_path)

    assert "2 epochs are kept" in told.value.fix
    assert torch.equal(weights(resumed), weights(whole))
    assert again == history


def test_other_errors_of_a_step_are_not_the_devices(windows, monkeypatch):
    monkeypatch.setattr(fitting._Run, "_step", lambda run, batch: (_ for _ in ()).throw(RuntimeError("shape")))

    with pytest.raises(RuntimeError, match="shape"):
        train(windows)


def test_bfloat16_trains_with_float32_weights_near_the_same(windows):
    recipe = Recipe(epochs=15, batch=16, learning_rate=0.02, device="cpu")
    plan = replace(PLAN, settings={**PLAN.settings, "dropout": 0.0}, dropout=0.0)
    torch.manual_seed(3)
    made = Network(plan)
    twin = copy.deepcopy(made)

    history = fit(made, *windows, recipe=replace(recipe, precision="bfloat16"), seed=1)
    plain = fit(twin, *windows, recipe=recipe, seed=1)

    assert {part.dtype for part in made.parameters()} == {torch.float32}
    assert history[-1].valid_loss == pytest.approx(plain[-1].valid_loss, rel=0.25)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch compiles through a C++ compiler on a processor")
def test_a_compiled_step_trains_as_a_plain_one(windows):
    plan = replace(PLAN, backbone="rlinear", settings={}, dropout=0.0)
    torch.manual_seed(3)
    made = Network(plan)
    twin = copy.deepcopy(made)

    history = fit(made, *windows, recipe=replace(RECIPE, compile=True), seed=1)
    plain = fit(twin, *windows, recipe=RECIPE, seed=1)

    assert [one.valid_loss for one in history] == pytest.approx([one.valid_loss for one in plain], rel=1e-3)
    assert "_orig_mod" not in "".join(made.state_dict())
