"""Everything that waits: settings, clock, log, store, metrics."""
