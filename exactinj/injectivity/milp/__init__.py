"""Mixed-integer programs as a source of proposals."""
