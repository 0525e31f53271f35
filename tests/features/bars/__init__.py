"""Tests of what was known before the decision."""
