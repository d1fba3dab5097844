"""Home, and what opens above it."""
