"""HTTP APIs that are known from their descriptions: what they offer, and how a call is written."""
