"""The command ``navette``: each sub-command imports its role and calls it."""

from services.cli import operation, planning
from services.cli.commands import main

__all__ = ["main", "operation", "planning"]
