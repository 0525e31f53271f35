"""Backbones against plain implementations of the papers, and the published protocol's inputs and defaults."""

import importlib.util
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from alphaloop.core.errors import NoData, SchemaViolation, UnknownLayout
from alphaloop.models.sequence.network import Network, Plan

ROOT = Path(__file__).parents[3]
B, L, F, H = 3, 32, 4, 5


@pytest.fixture(scope="module")
def ett():
    spec = importlib.util.spec_from_file_location("ett", ROOT / "benchmarks" / "ett.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(ett, model, **settings):
    """The network of the published protocol, small, with weights that are not where they began."""
    plan = {**ett.PLANS[model]}
    plan["settings"] = {**plan.get("settings", {}), **settings}
    torch.manual_seed(5)
    net = Network(Plan(backbone=model, lookback=L, channels=F, horizons=H, every_channel=True, **plan))
    with torch.no_grad():
        for part in [*net.parameters(), *(b for b in net.buffers() if b.dtype.is_floating_point)]:
            part.add_(0.1 * torch.rand_like(part))
    weights = {name: value.numpy().astype(np.float64) for name, value in net.state_dict().items()}
    x = torch.randn(B, L, F)
    with torch.no_grad():
        return net.eval()(x).numpy(), x.numpy().astype(np.float64), weights


def normed(x, w):
    """RevIN on the way in (Kim et al. 2022), and what undoes it."""
    mean, deviation = x.mean(axis=1, keepdims=True), np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    gain, bias = w.get("norm.weight", np.ones(F)), w.get("norm.bias", np.zeros(F))
    return (x - mean) / deviation * gain + bias, lambda out: (out - bias) / gain * deviation + mean


def head(tokens, w):
    return np.swapaxes(tokens @ w["head.project.weight"].T + w["head.project.bias"], 1, 2)


def linear(x, w, name):
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def batch_norm(x, w, name):
    scale = np.sqrt(w[f"{name}.running_var"] + 1e-5)
    return (x - w[f"{name}.running_mean"]) / scale * w[f"{name}.weight"] + w[f"{name}.bias"]


def layer_norm(x, w, name):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]


def gelu(x):
    return 0.5 * x * (1 + torch.erf(torch.from_numpy(x / np.sqrt(2))).numpy())


def attention(x, w, name, heads):
    d = x.shape[-1]
    query, key, value = np.split(linear(x, w, f"{name}.project"), 3, axis=-1)
    out = np.zeros_like(x)
    for place in range(heads):
        part = slice(place * d // heads, (place + 1) * d // heads)
        scores = query[..., part] @ np.swapaxes(key[..., part], 1, 2) / np.sqrt(d // heads)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        out[..., part] = scores / scores.sum(axis=-1, keepdims=True) @ value[..., part]
    return linear(out, w, f"{name}.join")


def encoder(x, w, name, heads, norm):
    x = norm(x + attention(x, w, name, heads), w, f"{name}.first.norm")
    return norm(x + linear(gelu(linear(x, w, f"{name}.mlp.0")), w, f"{name}.mlp.3"), w, f"{name}.second.norm")


def test_rlinear_is_one_map_between_revin(ett):
    found, x, w = built(ett, "rlinear")
    inside, undo = normed(x, w)

    assert np.allclose(found, undo(head(np.swapaxes(inside, 1, 2), w)), atol=1e-5)


def test_dlinear_is_two_maps_of_trend_and_remainder(ett):
    found, x, w = built(ett, "dlinear")
    padded = np.concatenate([np.repeat(x[:, :1], 12, axis=1), x, np.repeat(x[:, -1:], 12, axis=1)], axis=1)
    trend = np.stack([padded[:, at : at + 25].mean(axis=1) for at in range(L)], axis=1)
    maps = w["head.project.weight"]
    wanted = np.einsum("hl,blf->bhf", maps[:, :L], trend) + np.einsum("hl,blf->bhf", maps[:, L:], x - trend)

    assert np.allclose(found, wanted + w["head.project.bias"][:, None], atol=1e-5)


def test_tsmixer_mixes_time_then_channels(ett):
    found, x, w = built(ett, "tsmixer", blocks=2, hidden=6)
    inside, undo = normed(x, w)
    for place in range(2):
        name = f"backbone.blocks.{place}"
        flat = batch_norm(inside.reshape(B, -1), w, f"{name}.time_norm.norm").reshape(B, L, F)
        mixed = np.maximum(linear(np.swapaxes(flat, 1, 2), w, f"{name}.time.0"), 0)
        inside = inside + np.swapaxes(mixed, 1, 2)
        flat = batch_norm(inside.reshape(B, -1), w, f"{name}.channel_norm.norm").reshape(B, L, F)
        wide = np.maximum(linear(flat, w, f"{name}.channel.widen"), 0)
        inside = inside + linear(wide, w, f"{name}.channel.narrow")

    assert np.allclose(found, undo(head(np.swapaxes(inside, 1, 2), w)), atol=1e-4)


def test_itransformer_attends_between_channels(ett):
    found, x, w = built(ett, "itransformer", width=8, hidden=8, heads=2)
    inside, undo = normed(x, w)
    tokens = linear(np.swapaxes(inside, 1, 2), w, "backbone.embed.0")
    for place in range(2):
        tokens = encoder(tokens, w, f"backbone.layers.{place}", 2, layer_norm)

    assert np.allclose(found, undo(head(layer_norm(tokens, w, "backbone.norm"), w)), atol=1e-4)


def test_patchtst_attends_between_patches_of_one_channel(ett):
    found, x, w = built(ett, "patchtst", patch=8, width=4, heads=2, layers=2)
    inside, undo = normed(x, w)
    series = np.concatenate([inside, np.repeat(inside[:, -1:], 4, axis=1)], axis=1)
    tokens = []
    for channel in range(F):
        patches = np.stack([series[:, at : at + 8, channel] for at in range(0, L - 8 + 4 + 1, 4)], axis=1)
        inner = linear(patches, w, "backbone.embed") + w["backbone.positions"]
        for place in range(2):
            inner = encoder(inner, w, f"backbone.layers.{place}", 2, batch_norm)
        tokens.append(inner.reshape(B, -1))

    assert np.allclose(found, undo(head(np.stack(tokens, axis=1), w)), atol=1e-4)


def test_the_protocol_trains_what_the_papers_train(ett):
    plans, recipes = ett.PLANS, ett.RECIPES

    assert plans["patchtst"]["settings"] == {"patch": 16, "width": 16, "layers": 3, "heads": 4, "dropout": 0.3}
    assert not plans["patchtst"].get("affine", False)  # its code normalises without
    assert (recipes["patchtst"]["batch"], recipes["patchtst"]["learning_rate"]) == (128, 1e-4)
    assert plans["itransformer"]["settings"]["width"] == plans["itransformer"]["settings"]["hidden"] == 256
    assert plans["tsmixer"]["settings"] == {"blocks": 6, "hidden": 512, "dropout": 0.9}
    assert ett.LOOKBACKS == {
        "rlinear": 96, "dlinear": 336, "tsmixer": 512, "itransformer": 96, "patchtst": 336, "tft": 96,
    }  # fmt: skip


def frame(rows):
    rng = np.random.default_rng(0)
    return pl.DataFrame({"date": np.arange(rows), "a": rng.normal(size=rows), "b": rng.normal(size=rows)})


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda made: made.drop("date"), UnknownLayout, "a column `date`"),
        (lambda made: made.head(14_399), NoData, "14399 rows"),
        (lambda made: made.with_columns(a=pl.lit(None, dtype=pl.Float64)), SchemaViolation, "values missing"),
        (lambda made: made.with_columns(a=pl.lit("x")), SchemaViolation, r"not numbers: \['a'\]"),
        (lambda made: made.select("date"), SchemaViolation, "not numbers"),
    ],
    ids=["no date", "too few rows", "missing", "text", "no series"],
)
def test_a_bad_file_is_refused_in_words(ett, tmp_path, change, error, said):
    path = tmp_path / "file.parquet"
    change(frame(14_400)).write_parquet(path)

    with pytest.raises(error, match=said):
        ett.read(path)


def test_a_file_that_is_none_is_refused(ett, tmp_path):
    (tmp_path / "file.parquet").write_bytes(b"PAR1 cut short")

    with pytest.raises(UnknownLayout):
        ett.read(tmp_path / "file.parquet")


def test_only_the_train_rows_scale(ett):
    series = np.concatenate([np.tile([[0.0], [2.0]], (4320, 1)), np.full((5760, 1), 9.0)])

    found = ett.scaled(series)

    assert found[:2, 0].tolist() == [-1.0, 1.0]
    assert found[-1, 0] == 8.0
