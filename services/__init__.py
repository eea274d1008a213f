"""Navette: dispatch for on-demand autonomous shuttles in rural territories."""

__version__ = "0.1.0"
