"""Rewriting: a command that destroys, said so that what it destroys stays within reach."""
