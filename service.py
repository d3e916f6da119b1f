"""The service: assemble from settings, sync once, supervise once, run."""
