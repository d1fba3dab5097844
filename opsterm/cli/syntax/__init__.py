"""The verbs, their arguments and their help, as one parser; a file for each group of verbs."""
