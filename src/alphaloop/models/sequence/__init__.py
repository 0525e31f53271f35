"""Sequence models: six backbones behind one contract, one trainer. Needs the extra ``torch``.

A backbone turns a window ``x (B, L, F)`` and its mask into one token per channel
``(B, F, D)``; a head turns tokens into forecasts: of targets ``(B, H, 1 + Q)`` when
trading, of every channel's own future ``(B, S, F)`` in the published benchmarks. So the
network that is compared with the papers is the network that trades.
"""
