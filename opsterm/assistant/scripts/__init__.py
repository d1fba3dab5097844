"""A wish for a script: which task, in which language, with which values."""
