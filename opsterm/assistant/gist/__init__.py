"""The second reading: what a long-winded question names, counts and measures, without the talk around it."""
