"""Vectors: the index over them and what makes them, each in a process of its own; SQLite has the truth."""
