"""One module of verbs per room."""
