"""Forecasts as a policy: what a model expects, held against what trading costs, becomes a position."""
