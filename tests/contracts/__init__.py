"""Shipped checks, over every implementation found in the package."""
