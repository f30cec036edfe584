"""Reports: one self-contained HTML page about a scanned model."""
