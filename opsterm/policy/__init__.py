"""May we: risk of a command, approval bound to exact bytes, audit, masking."""
