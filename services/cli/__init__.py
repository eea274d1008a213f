"""The command ``navette``: each sub-command imports its role and calls it."""

from services.cli import messages, operation, planning
from services.cli.commands import main

__all__ = ["main", "messages", "operation", "planning"]
