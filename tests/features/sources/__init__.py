"""Tests of features that come from more than bars."""
