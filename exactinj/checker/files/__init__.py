"""Layer files and kernel files, read exactly with code of the checker's own: the table of ``docs/files.md``."""
