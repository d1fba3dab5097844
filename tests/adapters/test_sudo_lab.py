"""sudo of real Debian hosts: with every kind of sudoers file, and cancelled; see test_ssh_lab for what it needs.

A user is made on the first host for these tests, and removed again.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from opsterm.core.errors import OpstermError, TimedOut
from opsterm.policy.order import OrderTarget, RunAs
from opsterm.runtime.ports import Connector, Ended
from opsterm.runtime.secret_places import SecretPlace
from tests.adapters.ssh_stage import Home, Kept, run
from tests.adapters.test_ssh_lab import Lab, home, lab

pytestmark = pytest.mark.lab
__all__ = ["home", "lab"]  # fixtures

USER, PASSWORD, NOT_IT = "opsterm-lift", "Lift 'me\\ up!", "let-me-pass"
ROOT, ON_TERMINAL = RunAs(become="root"), RunAs(become="root", pty=True)

MAKE = f"""
id {USER} >/dev/null 2>&1 || useradd -m -s /bin/bash {USER}
chpasswd
install -d -m 700 -o {USER} -g {USER} /home/{USER}/.ssh
install -m 600 -o {USER} -g {USER} /root/.ssh/authorized_keys /home/{USER}/.ssh/
"""
UNMAKE = (
    f"pkill -KILL -u {USER}; userdel -r {USER} 2>/dev/null; rm -f /etc/sudoers.d/{USER} /var/lib/sudo/lectured/{USER}"
)


@pytest.fixture(scope="module", autouse=True)
def lifted(lab: Lab) -> Iterator[None]:
    """The user, as long as these tests last."""
    command = MAKE.replace("chpasswd\n", "printf '%s\\n' \"$1\" | chpasswd\n")
    as_root(lab, command, f"{USER}:{PASSWORD}")
    yield
    as_root(lab, UNMAKE)


def as_root(lab: Lab, script: str, *words: str) -> None:
    """Run a script on the first host with ssh itself."""
    one = lab.hosts[0]
    line = " ".join(shlex.quote(word) for word in ("sh", "-c", script, "sh", *words))
    subprocess.run(
        ["ssh", "-i", str(lab.key), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
         "LogLevel=ERROR", f"root@{one.address}", line], check=False, capture_output=True, timeout=30,
    )  # fmt: skip


def sudoers(lab: Lab, *lines: str) -> None:
    """Write what sudo reads of the user."""
    text = "\n".join(lines) + "\n"
    as_root(lab, f'rm -rf /run/sudo/ts/{USER}; umask 077; printf %s "$1" >/etc/sudoers.d/{USER}', text)


def target(lab: Lab) -> OrderTarget:
    return lab.hosts[0].target(USER)


def kept(lab: Lab, password: str = PASSWORD, service: str = "opsterm:sudo") -> Kept:
    return Kept({(service, f"{USER}@{lab.hosts[0].name}"): password} if password else {})


@dataclass(frozen=True)
class Case:
    """A sudoers file, and what comes of a command.

    Attributes:
        lines: of the file.
        how: as whom and on what.
        output: what the command shows, b"" when it does not begin.
        says: parts of the error otherwise.
        password: that is kept, "" for none.
        service: where.
    """

    lines: tuple[str, ...]
    how: RunAs = ROOT
    output: bytes = b""
    says: tuple[str, ...] = ()
    password: str = PASSWORD
    service: str = "opsterm:sudo"


ALL = f"{USER} ALL=(ALL:ALL) ALL"
FREE = f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL"
CASES = {
    "a password": Case((ALL,), output=b"root\n"),
    "the log-in's password": Case((ALL,), output=b"root\n", service="opsterm:ssh"),
    "on a terminal": Case((ALL,), ON_TERMINAL, output=b"root\n"),
    "log-in shell": Case((ALL,), RunAs(become="root", login=True), output=b"root\n"),
    "another account": Case((ALL,), RunAs(become="op"), output=b"op\n"),
    "no password needed": Case((FREE,), output=b"root\n", password=""),
    "without a terminal of its own": Case((ALL, "Defaults !use_pty"), output=b"root\n"),
    "a lecture every time": Case((ALL, "Defaults lecture=always"), output=b"root\n"),
    "stars for what is typed": Case((ALL, "Defaults pwfeedback"), ON_TERMINAL, output=b"root\n"),
    "insists on a terminal, has one": Case((ALL, "Defaults requiretty"), ON_TERMINAL, output=b"root\n"),
    "insists on a terminal": Case((ALL, "Defaults requiretty"), says=("works on a terminal only", "--pty")),
    "no password kept": Case((ALL,), password="", says=("none is kept", f"vault set opsterm:sudo {USER}@")),
    "a wrong password": Case((ALL,), password=NOT_IT, says=("is wrong", "given once")),
    "a wrong password, on a terminal": Case(
        (ALL, "Defaults insults"), ON_TERMINAL, password=NOT_IT, says=("is wrong",)
    ),
    "a wrong password, one try": Case((ALL, "Defaults passwd_tries=1"), password=NOT_IT, says=("is wrong",)),
    "not in the file": Case(("# nobody",), says=("does not let", "sudo -l")),
    "one command only": Case((f"{USER} ALL=(root) NOPASSWD: /usr/bin/id",), says=("does not let", "shell as root")),
    "no such account": Case((ALL,), RunAs(become="nobody-there"), says=("there is no account nobody-there",)),
}


@pytest.mark.parametrize("name", CASES)
async def test_what_sudo_makes_of_a_command(name: str, lab: Lab, home: Home) -> None:
    case = CASES[name]
    sudoers(lab, *case.lines)
    async with home.connector(kept(lab, case.password, case.service)) as connector:
        if case.output:
            assert await run(connector, target(lab), "id -un", how=case.how) == (case.output, Ended(exit_status=0))
            return
        with pytest.raises(OpstermError) as caught:
            await run(connector, target(lab), "id -un", how=case.how)
    said = str(caught.value)
    assert [part for part in case.says if part not in said] == [], said
    assert case.password not in said or not case.password
    assert caught.value.next_step


@pytest.mark.parametrize("how", [ROOT, ON_TERMINAL, RunAs(become="op")], ids=["root", "terminal", "op"])
async def test_status_signals_and_bytes_are_those_of_the_command(how: RunAs, lab: Lab, home: Home) -> None:
    sudoers(lab, ALL)
    async with home.connector(kept(lab)) as connector:
        one = target(lab)
        assert await run(connector, one, "echo o; echo e >&2; exit 9", how=how) == (b"o\ne\n", Ended(exit_status=9))
        assert await run(connector, one, "kill -9 $$", how=how) == (b"", Ended(exit_status=None, signal="KILL"))
        assert await run(connector, one, "kill -TERM $$", how=how) == (b"", Ended(exit_status=None, signal="TERM"))
        output, _ = await run(connector, one, "head -c 3000000 /dev/zero | tr '\\0' z", how=how)
        assert output == b"z" * 3_000_000


async def test_the_password_is_nowhere_but_on_sudos_input(lab: Lab, home: Home) -> None:
    sudoers(lab, ALL)
    look = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'; cat; journalctl -n 200 --no-pager; set"
    async with home.connector(kept(lab)) as connector:
        for how in (ROOT, ON_TERMINAL):
            shown, _ = await run(connector, target(lab), look.replace("cat;", "cat </dev/null;"), how=how)
            assert b"sudo" in shown
            assert PASSWORD.encode() not in shown
            assert PASSWORD.split()[1].encode() not in shown


CANCELLED = {
    "root": (ROOT, (ALL,)),
    "root, no pty of sudo's own": (ROOT, (ALL, "Defaults !use_pty")),
    "root on a terminal": (ON_TERMINAL, (ALL,)),
    "another account, no password": (RunAs(become="op"), (FREE,)),
}


@pytest.mark.parametrize("name", CANCELLED)
async def test_nothing_of_a_cancelled_command_goes_on(name: str, lab: Lab, home: Home) -> None:
    how, lines = CANCELLED[name]
    sudoers(lab, *lines)
    mark = f"1003{os.getpid()}"
    command = f"sleep {mark} & setsid sh -c 'sleep {mark}; true' & trap '' TERM; sleep {mark}; wait; wait"
    async with home.connector(kept(lab)) as connector, home.connector() as root:
        task = asyncio.create_task(run(connector, target(lab), command, how=how))
        while await sleepers(root, lab, mark) < 3:
            assert not task.done(), task.result()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await sleepers(root, lab, mark) == 0
        assert (await run(root, lab.hosts[0].target(), f"pgrep -u {USER} -x sudo; pgrep -x sudo"))[0] == b""


async def sleepers(root: Connector, lab: Lab, mark: str) -> int:
    shown, _ = await run(root, lab.hosts[0].target(), f"pgrep -fc '^sleep {mark}$' || true")
    return int(shown.split()[0])


@pytest.mark.parametrize("how", [ROOT, ON_TERMINAL], ids=["pipe", "terminal"])
async def test_a_sudo_that_does_not_answer_is_given_up_and_leaves_nothing(how: RunAs, lab: Lab, home: Home) -> None:
    sudoers(lab, ALL)
    stuck = Stuck({})
    async with home.connector(stuck, login_timeout_s=1.5) as connector:
        with pytest.raises(TimedOut) as caught:
            await run(connector, target(lab), "id", how=how)
    assert "ssh.login_timeout_s" in str(caught.value)
    async with home.connector() as connector:
        assert (await run(connector, lab.hosts[0].target(), "pgrep -x sudo"))[0] == b""


class Stuck(Kept):
    """Credentials that never come."""

    async def get(self, service: str, account: str, at: SecretPlace | None = None) -> None:
        if service == "opsterm:sudo":
            await asyncio.Event().wait()
