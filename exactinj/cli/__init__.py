"""The command line: thin over the Python functions, one file per verb."""
