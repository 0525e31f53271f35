"""The spine of the forecasting chains: from a data set to candidates, the same way for all of them.

    asked     what was asked for, and the digest of everything that changes a result
    examples  one symbol: rows to learn from, what bars paid, groups of features
    learner   what a chain brings: variants that fit and predict
    walk      predictions of rows no model saw, fold after fold, resumable
    score     what they are worth after cost, as the figures of a candidate and as evidence
    enter     the final fit, its files, the candidate
    run       all of it, symbol after symbol

A chain is a :class:`~alphaloop.training.chain.learner.Chain`: its variants, and which of them is the
candidate. Nothing here knows a model.
"""
