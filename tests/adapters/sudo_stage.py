"""A sudo of the tests' own: asks, tries and words as sudo 1.9.13 does, and changes no account.

It takes the options that we give, reads the password from its input, and gives up after three tries or at the end of
the input. What it was called with it writes down. Real ones are tried in test_sudo_lab.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SCRIPT = r"""#!/bin/sh
here=@HERE@
{ printf '%s\n' "$@"; env; } >>"$here/called"
while [ "${1#-}" != "$1" ]; do
  case $1 in -p) prompt=$2; shift ;; -u) user=$2; shift ;; --) shift; break ;; esac
  shift
done
. "$here/rules"
[ -z "$says" ] || { echo "sudo: $says" >&2; exit 1; }
tries=3
while [ "$password" ]; do
  printf 'We trust you have received the usual lecture.\n%s' "$prompt" >&2
  IFS= read -r given || { echo "sudo: no password was provided" >&2; exit 1; }
  echo asked >>"$here/tries"
  [ "$given" != "$password" ] || break
  tries=$((tries - 1))
  [ $tries -gt 0 ] || { echo "sudo: 3 incorrect password attempts" >&2; exit 1; }
  echo "Sorry, try again." >&2
done
SUDO_USER_IS=$user exec "$@"
"""


@dataclass(frozen=True)
class StandIn:
    """The program.

    Attributes:
        folder: to put before the others in PATH.
    """

    folder: Path

    @classmethod
    def at(cls, folder: Path, *, password: str = "", says: str = "") -> StandIn:
        """Make one that asks for a password, or says why it lets nobody through."""
        folder.mkdir()
        program = folder / "sudo"
        program.write_text(SCRIPT.replace("@HERE@", str(folder)))
        program.chmod(0o755)
        (folder / "rules").write_text(f"password={_quoted(password)}\nsays={_quoted(says)}\n")
        return cls(folder)

    @property
    def called(self) -> str:
        """Its arguments and its environment, one a line."""
        return (self.folder / "called").read_text()

    @property
    def tries(self) -> int:
        """How many passwords it was given."""
        file = self.folder / "tries"
        return len(file.read_text().splitlines()) if file.exists() else 0


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
