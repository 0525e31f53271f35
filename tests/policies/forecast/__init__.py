"""Forecasts as a policy."""
