"""The report of a day: one page that opens without a network, for people who run a territory."""

from services.simulator.report.render import render

__all__ = ["render"]
