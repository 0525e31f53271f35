"""Tests of the decision itself."""
