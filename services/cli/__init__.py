"""The command ``navette``: each sub-command imports its role and calls it."""

from services.cli import journals, messages, operation, planning, riders, vehicles
from services.cli.commands import main

__all__ = ["journals", "main", "messages", "operation", "planning", "riders", "vehicles"]
