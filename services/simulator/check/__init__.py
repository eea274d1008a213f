"""Judges what a simulation run wrote, knowing nothing of how the planner works.

It reads the territory's raw files, the demand and the run's files, finds fastest ways with another
algorithm than the planner, and says which rules are broken, by whom, when and by how much.
"""

from services.simulator.check.judge import check
from services.simulator.check.show import print_verdict
from services.simulator.check.verdict import ABOUT, Finding, Rule, Verdict

__all__ = ["ABOUT", "Finding", "Rule", "Verdict", "check", "print_verdict"]
