"""Each zone's state machine and the shell that runs it."""
