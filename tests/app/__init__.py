"""Tests of ``alphaloop.app``."""
