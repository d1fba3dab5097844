"""Python read from its syntax: what a text of it does, where all of that can be told."""
