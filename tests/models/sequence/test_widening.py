"""The perceptron in pieces computes what the plain one does, and so does its derivative."""

import numpy as np
import pytest
import torch

from alphaloop.models.sequence import dropping, widening
from alphaloop.models.sequence.widening import Widening


def made(dropout: float) -> Widening:
    torch.manual_seed(3)
    return Widening(3, 8, dropout)


def test_pieces_equal_the_formula_and_its_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widening, "_ROWS", 4)
    net, keep = made(0.75).train(), torch.rand(10, 8) < 0.25
    monkeypatch.setattr(widening, "kept", lambda shape, share: keep.to(torch.uint8))
    x = torch.randn(5, 2, 3, requires_grad=True)

    fast = net._pieces(x)
    hidden = torch.relu(x.reshape(10, 3) @ net.widen.weight.T + net.widen.bias) * keep / 0.25
    plain = (hidden @ net.narrow.weight.T + net.narrow.bias).view(5, 2, 3)
    wanted = torch.autograd.grad(plain.square().sum(), [x, *net.parameters()])
    found = torch.autograd.grad(fast.square().sum(), [x, *net.parameters()])

    assert torch.allclose(fast, plain, atol=1e-6)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(found, wanted, strict=True))


def test_what_is_kept_is_drawn_anew_from_the_seed() -> None:
    torch.manual_seed(1)
    first, second = dropping.kept((1000, 64), 0.1), dropping.kept((1000, 64), 0.1)
    torch.manual_seed(1)

    assert torch.equal(first, dropping.kept((1000, 64), 0.1))
    assert not torch.equal(first, second)
    assert float(first.float().mean()) == pytest.approx(0.1, abs=0.005)


def test_it_is_plain_where_nothing_is_dropped() -> None:
    net, x = made(0.9).eval(), torch.ones(2, 3)
    wanted = net.narrow(torch.relu(net.widen(x)))

    assert torch.equal(net(x), wanted)
    assert torch.equal(made(0.0).train()(x), made(0.0)._whole(x))


def test_mixed_precision_takes_the_plain_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Widening, "_pieces", lambda self, x: pytest.fail("pieces under mixed precision"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = made(0.5).train()(torch.ones(2, 3))

    assert np.isfinite(out.float().detach().numpy()).all()


def test_dropout_drops_its_share_and_scales_up_the_rest() -> None:
    torch.manual_seed(4)
    drop, x = dropping.Dropout(0.25).train(), torch.ones(400, 100, requires_grad=True)

    out = drop(x)
    out.sum().backward()

    assert out.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert float((out == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert torch.equal(x.grad, out.detach())  # the derivative is the mask itself
    assert torch.equal(drop.eval()(x), x)


def test_predicting_by_pieces_is_predicting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widening, "_ROWS", 4)
    net, x = made(0.9).eval(), torch.randn(5, 2, 3)
    with torch.no_grad():
        found = net(x)

    assert found.shape == x.shape
    assert torch.allclose(found, net._whole(x), atol=1e-6)
