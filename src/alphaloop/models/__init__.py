"""Things that fit and predict arrays: no orders, no accounts, no lake.

    arrays     what every forecaster checks before it learns
    residual   a forecast whose spread is that of its own past errors
    gbm        gradient boosting (LightGBM)
    ridge      linear regression in closed form
    gate       text as a gated correction of numbers; `activity` says how far it is open
    vc         a small network of events that listens to a linear teacher (extra torch)
    saved      one file a model is kept in

All keep one contract, :class:`alphaloop.core.protocols.Forecaster`.
"""
