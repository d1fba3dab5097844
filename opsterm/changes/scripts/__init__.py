"""Scripts: tasks that ship, what is written from them, how a text is explained, and the versions that are kept."""
