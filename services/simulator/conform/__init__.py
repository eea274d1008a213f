"""Judges a vehicle's side of the shuttle's link: ``navette shuttles conform``."""
