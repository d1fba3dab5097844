"""Whether a text of PowerShell can be taken apart, by the reader that policy reads it with."""

from __future__ import annotations

from opsterm.policy.powershell.parser import PowerShellParser
from opsterm.policy.powershell.scanner import NotUnderstood
from opsterm.policy.powershell.spelling import plain


def powershell_fault(text: str) -> tuple[int, str] | None:
    """Return (line, sentence) of the first place that cannot be taken apart, None when all of it can.

    It is a check of quotes, brackets and words, and no compiler: what passes may still be wrong.
    """
    parser = PowerShellParser(plain(text)[0])
    try:
        parser.parse()
    except NotUnderstood as refusal:
        return parser.text.count("\n", 0, parser.at) + 1, str(refusal)
    except RecursionError:
        return 0, "It is nested deeper than this check goes."
    return None
