import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from alphaloop.models.sequence.backbones.attention import EncoderLayer
from alphaloop.models.sequence.backbones.itransformer import ITransformer
from alphaloop.models.sequence.backbones.linear import DLinear, RLinear
from alphaloop.models.sequence.backbones.patchtst import PatchTST
from alphaloop.models.sequence.backbones.tft import TFT
from alphaloop.models.sequence.backbones.tsmixer import TSMixer
from alphaloop.models.sequence.layers import InstanceNorm, LearnedFill, TargetHead, ordered
from alphaloop.models.sequence.levels import LEVELS, QuantileForecast

L, F = 24, 3


@pytest.fixture
def windows():
    return torch.from_numpy(np.random.default_rng(0).normal(size=(5, L, F)).astype(np.float32))


def test_a_missing_value_is_replaced_by_the_learned_number_whatever_stood_there():
    layer = LearnedFill(2)
    with torch.no_grad():
        layer.fill.copy_(torch.tensor([0.5, -1.0]))
    x = torch.tensor([[[1.0, 99.0], [7.0, 2.0]]])
    mask = torch.tensor([[[True, False], [True, True]]])

    filled, observed = layer(x, mask)

    assert filled.tolist() == [[[1.0, -1.0], [7.0, 2.0]]]
    assert observed.tolist() == [[[1.0, 1.0], [0.5, 1.0]]]  # share present, newest present


def test_instance_norm_gives_back_what_it_took(windows):
    layer = InstanceNorm(F, affine=True)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([2.0, 0.5, 1.0]))
        layer.bias.copy_(torch.tensor([1.0, 0.0, -1.0]))

    normal, mean, deviation = layer(100 + 5 * windows)
    back = layer.undo(normal, mean, deviation)

    assert torch.allclose(back, 100 + 5 * windows, atol=1e-3)
    assert torch.allclose(normal.mean(dim=1), layer.bias.expand(5, F), atol=1e-5)


def test_the_trend_of_dlinear_is_a_moving_average_with_repeated_ends():
    series = torch.arange(6.0).view(1, 6, 1)

    tokens = DLinear(6, 1, kernel=3)(series)

    trend, remainder = tokens[0, 0, :6], tokens[0, 0, 6:]
    assert trend.tolist() == pytest.approx([1 / 3, 1, 2, 3, 4, 14 / 3])  # (0+0+1)/3 ... (4+5+5)/3
    assert (trend + remainder).tolist() == pytest.approx(series.flatten().tolist())


def test_rlinear_passes_the_window_on(windows):
    assert torch.equal(RLinear(L, F)(windows), windows.transpose(1, 2))


def test_the_encoder_layer_is_that_of_torch_with_the_same_weights():
    torch.manual_seed(0)
    ours = EncoderLayer(16, 4, 32, dropout=0.0).eval()
    theirs = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, activation="gelu", batch_first=True).eval()
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(ours.project.weight)
        theirs.self_attn.in_proj_bias.copy_(ours.project.bias)
    for name, part in (("linear1", ours.mlp[0]), ("linear2", ours.mlp[3]), ("norm1", ours.first.norm)):
        getattr(theirs, name).load_state_dict(part.state_dict())
    theirs.norm2.load_state_dict(ours.second.norm.state_dict())
    theirs.self_attn.out_proj.load_state_dict(ours.join.state_dict())
    tokens = torch.randn(3, 7, 16)

    assert torch.allclose(ours(tokens), theirs(tokens), atol=1e-5)


def test_itransformer_does_not_care_how_channels_are_ordered(windows):
    torch.manual_seed(0)
    model = ITransformer(L, F).eval()

    turned = model(windows[:, :, [2, 0, 1]])

    assert torch.allclose(turned, model(windows)[:, [2, 0, 1]], atol=1e-5)


def test_channels_of_patchtst_do_not_meet(windows):
    torch.manual_seed(0)
    model = PatchTST(L, F, patch=8).eval()
    other = windows.clone()
    other[:, :, 1] += 3.0

    before, after = model(windows), model(other)

    assert torch.equal(before[:, [0, 2]], after[:, [0, 2]])
    assert not torch.allclose(before[:, 1], after[:, 1])


def test_channels_of_tsmixer_meet(windows):
    torch.manual_seed(0)
    model = TSMixer(L, F).eval()
    other = windows.clone()
    other[:, :, 1] += 3.0

    assert not torch.allclose(model(windows)[:, 0], model(other)[:, 0])


def test_a_step_of_tft_does_not_see_later_steps(windows):
    torch.manual_seed(0)
    model = TFT(L, F, 4).eval()
    before = model(windows)
    with torch.no_grad():
        model.ahead[3] += 1.0

    after = model(windows)

    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3], after[:, 3])


@given(st.lists(st.floats(-20, 20), min_size=6, max_size=6))
def test_quantiles_never_cross(figures):
    out = ordered(torch.tensor([[figures]]))

    assert bool((out[0, 0, 1:].diff() >= 0).all())
    assert float(out[0, 0, 0]) == pytest.approx(figures[0])


def test_forecasts_start_at_the_normal_distribution():
    torch.manual_seed(0)
    head = TargetHead(4, 1, 2, LEVELS)
    with torch.no_grad():
        head.project.weight.zero_()

    out = head(torch.randn(1, 1, 4), torch.ones(1, 1, 2))

    for horizon in range(2):
        assert out[0, horizon].tolist() == pytest.approx([0.0, -1.6449, -0.6745, 0.0, 0.6745, 1.6449], abs=1e-3)


def test_a_quantile_between_levels_is_exact_for_a_normal_forecast():
    scores = np.array([-1.6448536, -0.6744898, 0.0, 0.6744898, 1.6448536])
    forecast = QuantileForecast(np.full((1, 1), 5.0), (5.0 + 2.0 * scores)[None, None])

    assert forecast.quantile(0.9)[0, 0] == pytest.approx(5.0 + 2.0 * 1.2815516, abs=1e-6)
    assert forecast.quantile(0.99)[0, 0] == pytest.approx(5.0 + 2.0 * 2.3263479, abs=1e-6)
