"""The mark that a change leaves on a target while it works there, for opsterms that use other data.

It is a small file, for everybody to read, that says who, what and until when; the target's own clock since its boot
decides when it is over, so that no clock that is wrong and no restart keeps one alive. It is left only where
something is kept before the change: that is what was approved to be written there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from opsterm.changes.windows_mark import giving_up_powershell, taking_powershell
from opsterm.core.text import clean_line
from opsterm.core.units import age_text

CLAIMED = 6
"""Exit status of the text that leaves a mark, when somebody else's is there and nothing was left."""

_TEXT = r"""
set -u
umask 022
if [ "$(id -u)" = 0 ]; then own=/run/opsterm/claims; else own=$HOME/.local/state/opsterm/claims; fi
case ${KEEPER_BASE:+set} in set) own=${KEEPER_BASE%/*}/claims ;; esac
now=$(cut -d. -f1 /proc/uptime) && boot=$(cat /proc/sys/kernel/random/boot_id) || exit 0

others() { # PLACE: tells the marks of others in it; takes away those that are over, where it may
    for mark in "$1"/*-c[0-9]*; do
        case ${mark##*/} in "$from"-*) continue ;; esac
        { read -r at since until && read -r who && read -r what; } 2>/dev/null <"$mark" || continue
        case $since$until in '' | *[!0-9]*) continue ;; esac
        if [ "$at" != "$boot" ] || [ "$until" -le "$now" ]; then rm -f "$mark" 2>/dev/null && continue; fi
        found=yes
        printf 'claimed\t%s\t%.200s\t%.200s\n' "$((now - since))" "$who" "$what"
    done
}

take() { # FROM CHANGE SECONDS WHO BESIDE
    from=$1 found=no
    others "$own"
    if [ "$own" != /run/opsterm/claims ]; then others /run/opsterm/claims; fi
    if [ "$found" = yes ] && [ "$5" = no ]; then exit 6; fi
    mkdir -p "$own" 2>/dev/null && printf '%s %s %s\n%s\n%s\n' "$boot" "$now" "$((now + $3))" "$4" "$2" \
        >"$own/.$1-$2" 2>/dev/null && mv -f "$own/.$1-$2" "$own/$1-$2"
    exit 0
}

give_up() { # FROM CHANGE
    rm -f "$own/$1-$2"
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMark:
    """What the mark of somebody else says.

    Attributes:
        who: person and machine.
        what: their change.
        age_s: seconds since it was left.
    """

    who: str
    what: str
    age_s: float

    def __str__(self) -> str:
        """Return it as a sentence without its end."""
        return f"{self.what} of {self.who} runs here since {age_text(self.age_s)}, by another opsterm"


def taking_text(
    installation: str, change: str, *, who: str, for_s: int, beside: bool, on_windows: bool = False
) -> str:  # fmt: skip
    """Return the text of `sh` that looks for the marks of others and then leaves one.

    Args:
        installation: says whose data; letters and digits.
        change: name of the change.
        who: person and machine, for others to read.
        for_s: seconds after which it counts no more.
        beside: whether it is left although somebody else's is there.
        on_windows: whether it is for PowerShell.
    """
    shown = clean_line(who, limit=200)
    if on_windows:
        return taking_powershell(installation, change, who=shown, for_s=for_s, beside=beside)
    said = quote(shown)
    return f"{_TEXT}\ntake {installation} {change} {for_s} {said} {'yes' if beside else 'no'}\n"


def giving_up_text(installation: str, change: str, *, on_windows: bool = False) -> str:
    """Return the text of `sh`, or of PowerShell, that takes the mark of a change away."""
    if on_windows:
        return giving_up_powershell(installation, change)
    return f"{_TEXT}\ngive_up {installation} {change}\n"


def found_marks(lines: list[list[str]]) -> tuple[FoundMark, ...]:
    """Return the marks that a target has told of; what it says is cleaned, and what is no mark is left out."""
    return tuple(
        FoundMark(age_s=float(fields[1]), who=clean_line(fields[2], limit=200), what=clean_line(fields[3], limit=200))
        for fields in lines
        if fields[0] == "claimed" and len(fields) == 4 and re.fullmatch("[0-9]{1,12}", fields[1])
    )
