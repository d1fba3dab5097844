"""How a shell is started so that it can be found, ended, and become another account by sudo.

Each way is one line of POSIX sh, run as `/bin/sh -c LINE opsterm MARK SHELL COMMAND …`, the command as one argument,
unchanged. It first says its process number behind the mark, and ends by becoming `SHELL -c COMMAND`. With sudo there
are two such lines: the second one runs as the other account, says that it does, and waits for a line that lets it
go on, so that nothing begins once we have given up. sudo is told to ask with the
mark, so that a password is handed over when it is asked for, and only then; where none is needed it never asks.
"""

from __future__ import annotations

from opsterm.policy.order import RunAs

SHELLS = {"sh": "/bin/sh", "bash": "bash"}

_ANNOUNCE = '{ read -r line </proc/$$/stat; } 2>/dev/null; echo "$1%s $$ ${line##*) }" >&2; '
"""Says "mark pid [state ppid pgrp session …]" on standard error."""

_ASKED, _BEGAN = "-sudo:", "-began"
_LANGUAGE = 'if [ "${LANGUAGE+x}" ]; then [ "$4" ] && LANGUAGE=$4 || unset LANGUAGE; fi; '
_SUDO = 'exec env LANGUAGE=en sudo -H -S -p "$1-sudo:" -u "$4" -- /bin/sh -c "$5" opsterm "$1" "$2" "$3" "${LANGUAGE-}"'
"""Arguments: mark, shell, command, account, and the line that runs as that account.

What sudo says is read here, so it says it in English (LANGUAGE, gettext(3)); the command gets the variable back.
"""

_GO = "read -r go || exit 125; "
"""A sudo that was slow finds nobody there any more: then nothing begins. 125 as env and timeout say it."""

_END_SUDO = (
    'exec env LANGUAGE=en sudo -S -p "$1-sudo:" -u "$2" -- /bin/sh -c "$3" opsterm "$1" "$4" "$5"',
    'echo "$1-began" >&2; exec /bin/sh -s "$2" "$3"',
)


def start_words(mark: str, command: str, *, shell: str, how: RunAs, fed: bool = False) -> list[str]:
    """Return the words that start a command.

    None of them but the command holds a newline, backslash, single quote or exclamation mark, so that every log-in
    shell hands them on unchanged.

    Args:
        mark: letters and digits that nobody can guess.
        command: for the shell.
        shell: "sh" or "bash".
        how: as whom, with which files, on what.
        fed: whether the command has an input.
    """
    flag = "-l -c" if how.login else "-c"
    become = f'exec "$2" {flag} "$3"' + ("" if how.pty else " 2>&1" if fed else " 2>&1 </dev/null")
    words = [mark, SHELLS[shell], command]
    if not how.become:
        return ["/bin/sh", "-c", _ANNOUNCE % "" + become, "opsterm", *words]
    home = "cd 2>/dev/null || cd /; " if how.login else ""
    inner = _LANGUAGE + _ANNOUNCE % _BEGAN + _GO + home + become
    return ["/bin/sh", "-c", _ANNOUNCE % "" + _SUDO, "opsterm", *words, how.become, inner]


def end_words(mark: str, process: str, session: str, *, become: str) -> list[str]:
    """Return the words that start a shell which reads the script that ends a command (`END_SCRIPT`) from its input.

    Args:
        mark: as of `start_words`; with `become` the script must wait until the other account has begun.
        process: number of the process to end.
        session: number of its session.
        become: the account it runs as, "" for the one that logged in.
    """
    if not become:
        return ["/bin/sh", "-s", process, session]
    return ["/bin/sh", "-c", _END_SUDO[0], "opsterm", mark, become, _END_SUDO[1], process, session]


class Preamble:
    """Takes what is said before a command begins out of the stream that it comes on, a piece at a time.

    Three things are looked for: the line with the mark (the first shell's numbers), sudo's question, and the line
    that says that the command begins. What stands before the first is the log-in shell's own and part of the output;
    what sudo says in between is kept apart, and what comes after the last is the command's.

    Attributes:
        numbers: what followed the mark: "pid state ppid pgrp session …" of the command's own shell; "" until then.
        began: whether the command has begun.
        questions: how often sudo has asked.
        said: what sudo said so far, at most `SAID_BYTES`.
    """

    SAID_BYTES = 4096
    LINE_BYTES = 65_536
    """A log-in shell that says that much without the mark never announces."""

    def __init__(self, mark: str, *, become: bool, announced: bool = False) -> None:
        """Look for these.

        Args:
            mark: as of `start_words`; "" when there is nothing to look for.
            become: whether sudo comes in between.
            announced: whether there is no first line.
        """
        self.numbers = ""
        self.began = False
        self.questions = 0
        self.said = b""
        self._become = become
        self._line = f"{mark} ".encode()
        self._question = f"{mark}{_ASKED}".encode()
        self._second = f"{mark}{_BEGAN}".encode()
        self._waiting = b""
        self._first_seen = announced
        self._over = not mark

    @property
    def is_with_sudo(self) -> bool:
        """Whether sudo has the word: the first shell has announced itself and the command has not begun."""
        return self._become and self._first_seen and not self._over

    def take(self, data: bytes) -> bytes:
        """Take a piece in; return what of it is output."""
        if self._over:
            return data
        self._waiting += data
        output = b"" if self._first_seen else self._first()
        self._sudo()
        return output + self._rest()

    def _rest(self) -> bytes:
        """Return what waits once there is nothing more to look for."""
        rest = self._waiting if self._over else b""
        self._waiting = self._waiting[len(rest) :]
        return rest

    def _first(self) -> bytes:
        before, mark, after = self._waiting.partition(self._line)
        line, newline, rest = after.partition(b"\n")
        if not newline:
            if not mark and len(self._waiting) > self.LINE_BYTES:
                self._over = True
            return b""
        self._waiting, self._first_seen = rest, True
        self._begin(line, begins=not self._become)
        return before

    def _sudo(self) -> None:
        """Look for questions and the second line in what waits; the end of it may be the beginning of either."""
        if not self.is_with_sudo:
            return
        before, mark, after = self._waiting.partition(self._second)
        while self._question in before:
            said, _, before = before.partition(self._question)
            self.questions += 1
            self._keep(said)
        line, newline, rest = after.partition(b"\n")
        if newline:
            self._keep(before)
            self._waiting = rest
            self._begin(line, begins=True)
        elif mark:
            self._waiting = before + mark + after[-self.LINE_BYTES :]
        else:
            held = len(self._second)
            self._keep(before[:-held])
            self._waiting = before[-held:]

    def _begin(self, line: bytes, *, begins: bool) -> None:
        self.numbers = line.decode("ascii", "replace").strip()
        self.began = self._over = begins

    def _keep(self, said: bytes) -> None:
        self.said = (self.said + said)[-self.SAID_BYTES :]

    def end(self) -> bytes:
        """Return what is output after all, now that nothing more comes; what sudo said last is not."""
        if self.is_with_sudo:
            self._keep(self._waiting)
            self._waiting = b""
        self._over = True
        return self._rest()
