"""Riders and shuttles in virtual time, driving the real core."""
