"""Chains, wired."""
