"""Tests of ``alphaloop.hindsight``."""
