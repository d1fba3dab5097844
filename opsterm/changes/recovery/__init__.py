"""Recovery points on the jump host: what one is, how it comes over the line, how two differ, which are kept."""
