"""How a command and everything it started is ended, here or on a target.

A process group is not enough: a shell with job control gives each job a group of its own, and sshd's signal
request does nothing for a log-in as root before OpenSSH 9.8. What counts as started by the command is its
session (a session of its own is made for each command, by us or by sshd) and every descendant that still has
its parent. A process that detached on purpose (setsid and a dead parent, as daemons do) stays; so does what
runs as another user when we are not root.

The script is POSIX sh with /proc of Linux; it uses no program besides kill and sleep. Without /proc (BSD) it
signals the process group and the process.
"""

from __future__ import annotations

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.policy.order import COMMAND_BYTES

END_SCRIPT = r"""
pid=$1 sid=${2:-$1}
alive=
look() {
  alive= roots=" $pid " again=1
  [ -r /proc/self/stat ] || { kill -0 -- "-$sid" 2>/dev/null && alive="-$sid"; return; }
  { read -r line </proc/$pid/stat; } 2>/dev/null || line='x) Z 0 0 0'
  set -- ${line##*) }
  [ "$4" = "$sid" ] && [ "$1" != Z ] && alive=" $pid" || roots=' '
  while [ "$again" ]; do
    again=
    for file in /proc/[0-9]*/stat; do
      { read -r line <"$file"; } 2>/dev/null || continue
      one=${file#/proc/} one=${one%/stat}
      set -- ${line##*) }
      [ "$1" = Z ] || [ "$one" = $$ ] && continue
      case $roots in *" $one "*) continue ;; esac
      case $roots in *" $2 "*) mine=1 ;; *) mine= ;; esac
      [ "$4" = "$sid" ] && mine=1
      [ "$mine" ] && alive="$alive $one" roots="$roots$one " again=1
    done
  done
}
look
first=$alive
for one in $first; do kill -s TERM -- "$one" 2>/dev/null; done
for round in 1 2 3 4 5 6 7 8 9 10; do
  left=
  for one in $first; do
    { read -r line </proc/$one/stat; } 2>/dev/null && { set -- ${line##*) }; [ "$1" = Z ] || left="$left $one"; }
    case $one in -*) kill -0 -- "$one" 2>/dev/null && left="$left $one" ;; esac
  done
  look
  [ "$left$alive" ] || exit 0
  sleep 0.2 2>/dev/null || sleep 1
done
for one in $left $alive; do kill -s KILL -- "$one" 2>/dev/null; done
exit 0
"""
"""Arguments: the process's number and its session's. TERM, then KILL to what is left after 2 s. Exit 0."""

END_LIMIT_S = 8.0
"""Seconds after which ending is given up: 2 s for TERM, the rest for a slow line."""


def check_command(command: str, shell: str) -> None:
    """See whether a command can be handed to a shell as one argument.

    Raises:
        BadInput: it holds a NUL or a half of a surrogate pair, is too long, or the shell is none of ours.
    """
    if shell not in ("sh", "bash"):
        raise BadInput(
            f"This version runs commands with sh or bash, not with {clean_line(shell, limit=40)}.",
            next_step="Choose sh or bash.",
        )
    try:
        size = len(command.encode())
    except UnicodeEncodeError as error:
        raise BadInput(
            "The command holds a character that has no UTF-8 form.", why=str(error), next_step="Take it out."
        ) from error
    if "\0" in command:
        raise BadInput("The command holds a NUL character, which no shell can be given.", next_step="Take it out.")
    if size > COMMAND_BYTES:
        raise BadInput(
            f"The command is {size} bytes long; a shell takes at most {COMMAND_BYTES} here.",
            next_step="Put it into a file on the target and run that.",
        )
