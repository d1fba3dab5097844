"""The rules of the house, checked by reading the source and by asking the tools.

`source` reads modules, `rules` and `walls` find breaches in them, `exceptions` lists what is allowed all the same and
why. `write_docs` makes the generated pages of docs/.
"""
