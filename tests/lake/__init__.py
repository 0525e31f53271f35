"""Tests of the lake: hand-made frames, laws, and the real bars."""
