"""Launching a run."""
