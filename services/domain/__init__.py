"""Values and rules of the service: no I/O, no clock, no dice, no logs."""
