"""Recovery points on this host: contents named by their hash, each kept once, compressed and encrypted."""
