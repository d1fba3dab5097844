"""The words everyone shares: events, errors, ids, clock, units, settings, paths, safe text, secrets.

Not here: anything that only one room needs.
"""
