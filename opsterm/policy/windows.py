"""What the shells of a Windows target can be given as it stands: checked before anybody is asked to approve it."""

from __future__ import annotations

from opsterm.core.errors import BadInput
from opsterm.policy.wql import queries_in

CMD_LONGEST = 8000
"""Characters of a command line; cmd takes 8,191, its own name and quotes included."""


def require_sendable(command: str, shell: str) -> None:
    """Raise BadInput when a shell of Windows cannot be handed this very text; other shells are not looked at."""
    if shell == "wql":
        queries_in(command)
    if shell != "cmd":
        return
    if len(command) > CMD_LONGEST:
        raise BadInput(
            f"The command has {len(command):,} characters: cmd takes {CMD_LONGEST:,} at most.",
            next_step="Run it with --shell powershell, which takes a script of any length.",
        )
    if any((char < " " and char != "\t") or "\ud800" <= char <= "\udfff" for char in command):
        raise BadInput(
            "The command has more than one line, or a control character: cmd would run the first line only.",
            next_step="Join the lines with & or &&, or run it with --shell powershell.",
        )
