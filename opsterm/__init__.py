"""opsterm: the operator's cockpit on a jump host."""

from opsterm.core.lean_records import make_functions_later

__version__ = "0.1.0"

make_functions_later()  # before any module makes a record
