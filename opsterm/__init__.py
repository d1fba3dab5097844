"""opsterm: the operator's cockpit on a jump host."""

__version__ = "0.1.0"
