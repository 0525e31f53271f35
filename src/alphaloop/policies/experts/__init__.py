"""Causal experts: simple ideas that traders publish, each with its few parameters, none with a view of the future.

    sided       what they share: a side per symbol that changes on events, stops in ATR
    momentum    trend: the sign of a return that is large for its volatility
    reversion   mean reversion: outside the bands of a market without a trend
    breakout    breakout: out of the channel, on volume
    carry       carry: paid by the side that pays funding
    flow        order flow: with the takers
    volatility  volatility target: as much as the volatility allows
    library     all of them by name

Teachers for later: which of them is worth imitating, and when, is decided by evaluation
after cost on data of its own, never by their names.
"""
