"""Bounded loads that break the whole system, or measure it."""
