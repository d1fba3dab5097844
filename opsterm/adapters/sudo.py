"""sudo: the password when it asks for it, once, and one error per cause when it lets nobody through."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.adapters.byte_stream import ByteStream
from opsterm.core.errors import BadInput, OpstermError, Refused, TimedOut
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.runtime.credentials import SSH, SUDO
from opsterm.runtime.ports import Credentials
from opsterm.runtime.secret_places import SecretPlace

GO = b"\n"
"""What the line that runs as the other account waits for; to a script that is read from the input it is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SudoLogin:
    """Whose password sudo wants, and where it is kept.

    It is that of the account that logged in, so the one kept for the log-in is it unless another is.

    Attributes:
        user: the account that logged in.
        target: name of the target.
        at: where the password goes.
        credentials: where passwords are; None: nowhere.
    """

    user: str
    target: str
    at: SecretPlace
    credentials: Credentials | None

    @property
    def account(self) -> str:
        """The name under which the password is kept."""
        return f"{self.user}@{self.target}"

    async def password(self) -> Secret | None:
        """Return the kept password, None when there is none.

        Raises:
            SecretNotSent: it is kept for another place.
            StorageError: it cannot be looked up.
        """
        if self.credentials is None:
            return None
        kept = await self.credentials.get(SUDO, self.account, self.at)
        return kept or await self.credentials.get(SSH, self.account, self.at)


class SudoRefused(Refused):
    """sudo on the target did not let the command begin; nothing of it ran."""


class SudoStart:
    """Gets one command past sudo: answers its question once, and says why when it does not begin.

    Args:
        login: whose password it is.
        become: the account that it becomes.
        limit_s: seconds for sudo to ask, to check the password and to begin.
    """

    def __init__(self, login: SudoLogin, become: str, *, limit_s: float) -> None:
        self.become = become
        self._login = login
        self._limit_s = limit_s
        self._gave = False
        self._given = b""

    async def begin(self, stream: ByteStream) -> bool:
        """Let the command begin, and return True; False when sudo ended before that.

        Raises:
            SudoRefused: it asks for a password that is not kept, or asks again.
            SecretNotSent: the password is kept for another place.
            StorageError: the password cannot be looked up.
            TimedOut: it came to neither in time.
        """
        answered = 0
        try:
            async with asyncio.timeout(self._limit_s):
                while not stream.preamble.began:
                    if stream.preamble.questions > answered:
                        answered = stream.preamble.questions
                        await self._answer(stream)
                    elif stream.closed.is_set():
                        return False
                    else:
                        stream.news.clear()
                        await stream.news.wait()
        except TimeoutError as error:
            raise TimedOut(
                f"{self._target} did not begin the command as {self.become} within {self._limit_s:g} s.",
                why="sudo checks the password, or waits for a name or directory server.",
                next_step="Try there: sudo -v. ssh.login_timeout_s sets how long opsterm waits.",
            ) from error
        stream.write(GO)
        return True

    @property
    def _target(self) -> str:
        return clean_line(self._login.target, limit=80)

    async def _answer(self, stream: ByteStream) -> None:
        secret = None if self._gave else await self._login.password()
        if secret is None:
            raise self.refusal(stream)
        self._gave = True
        self._given = secret.reveal().encode()
        stream.write(self._given + b"\n")

    def refusal(self, stream: ByteStream) -> OpstermError:
        """Return why the command did not begin, by what sudo said."""
        preamble, account = stream.preamble, clean_line(self._login.account, limit=160)
        heard = preamble.said.replace(self._given, b"[password]") if self._given else preamble.said
        said = clean_line(" ".join(heard.decode("utf-8", "replace").split()), limit=300)
        failed = f"{self._target} did not run the command as {self.become}: "
        why = f"sudo said: {said}" if said else ""
        if "incorrect password" in said or (self._gave and preamble.questions > 1):
            return SudoRefused(
                f"{failed}the password of {account} is wrong.",
                why="It was given once: a second try could lock the account. If sudo asks for a second factor as well, "
                "only a person can answer it.",
                next_step=f"Keep the right one: opsterm vault set {SUDO} {account}",
            )
        if preamble.questions and not self._gave:
            return SudoRefused(
                f"{failed}sudo asks for the password of {account}, and none is kept.",
                next_step=f"Keep it: opsterm vault set {SUDO} {account}",
            )
        for words, kind, what, next_step in _CAUSES:
            if any(word in said.lower() for word in words):
                user = clean_line(self._login.user, limit=80)
                return kind(failed + what.format(user=user, become=self.become), why=why, next_step=next_step)
        return SudoRefused(
            f"{failed}sudo ended before it began.", why=why, next_step="Open a terminal there and try: sudo -v"
        )


_CAUSES: Sequence[tuple[tuple[str, ...], type[BadInput] | type[SudoRefused], str, str]] = (
    (
        ("must have a tty", "terminal is required"), SudoRefused, "its sudo works on a terminal only (requiretty).",
        "Propose it again with --pty.",
    ),
    (
        ("not in the sudoers", "not allowed to", "may not run sudo"), SudoRefused,
        "its sudoers file does not let {user} run a shell as {become}.",
        "See there what is allowed: sudo -l. A single command that is allowed runs without --become: sudo -n COMMAND",
    ),
    (("unknown user",), BadInput, "there is no account {become}.", "See there which there are: getent passwd"),
    (
        ("no such file", "not found"), BadInput, "it has no sudo.",
        "Install sudo there, or log in as the account that may do it.",
    ),
)  # fmt: skip
"""What sudo says in English (sudo 1.8 to 1.9), the kind of error, and our sentences."""
