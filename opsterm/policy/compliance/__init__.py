"""Which controls a command touches, and what a rule asks for before it runs."""
