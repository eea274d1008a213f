"""The command ``navette``: each sub-command imports its role and calls it."""

from services.cli import journals, messages, operation, planning, riders
from services.cli.commands import main

__all__ = ["journals", "main", "messages", "operation", "planning", "riders"]
