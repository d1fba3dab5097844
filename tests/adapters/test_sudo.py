"""Becoming another account, over SSH and on this machine alike: the password when it is asked for, and once."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config
from opsterm.adapters.sudo import SudoRefused
from opsterm.core.errors import BadInput, OpstermError, TimedOut
from opsterm.policy.order import OrderTarget, RunAs
from opsterm.runtime.ports import Connector, Ended
from tests.adapters.ssh_stage import USER_KEY, Door, Home, Kept, run, serve
from tests.adapters.ssh_stage import target as ssh_target
from tests.adapters.sudo_stage import StandIn
from tests.adapters.test_local_command import alive, comes_true

PASSWORD = "it's \\ a ßecret"
ROOT, ON_TERMINAL = RunAs(become="root"), RunAs(become="root", pty=True)
PLACES = ("ssh", "local")


class Place:
    """Where a command runs: over SSH, or here.

    Attributes:
        connector: reaches it.
        target: it.
    """

    def __init__(self, connector: Connector, target: OrderTarget) -> None:
        self.connector = connector
        self.target = target

    async def run(self, command: str, how: RunAs = ROOT) -> tuple[bytes, Ended]:
        return await run(self.connector, self.target, command, how=how)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path / "ana")
    made.write_key("id_ed25519", USER_KEY)
    return made


@asynccontextmanager
async def at(
    place: str, home: Home, monkeypatch: pytest.MonkeyPatch, sudo: StandIn, secrets: dict[tuple[str, str], str],
    **settings: object,
) -> AsyncIterator[Place]:  # fmt: skip
    """Open a place where this sudo is found first."""
    path = f"{sudo.folder}:{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    home.environment["PATH"] = path
    kept = Kept(secrets)
    async with serve(Door()) as port, home.connector(kept, **settings) as connector:
        home.know(port)
        here = OrderTarget(name="web-1", protocol="local", address="", port=0, user="")
        yield Place(connector, ssh_target(port) if place == "ssh" else here)


def account(place: str) -> str:
    return "ops@web-1" if place == "ssh" else "ana@web-1"


@pytest.mark.parametrize("how", [ROOT, RunAs(become="db", login=True)], ids=["plain", "login"])
@pytest.mark.parametrize("service", ["opsterm:sudo", "opsterm:ssh"])
@pytest.mark.parametrize("place", PLACES)
async def test_the_password_is_given_when_it_is_asked_for_and_to_nobody_else(
    place: str, service: str, how: RunAs, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sudo = StandIn.at(tmp_path / "bin", password=PASSWORD)
    async with at(place, home, monkeypatch, sudo, {(service, account(place)): PASSWORD}) as there:
        command = 'echo out; echo err >&2; cat; echo "$SUDO_USER_IS"; exit 9'
        output, ended = await there.run(command, how)
    assert output.splitlines()[-3:] == [b"out", b"err", how.become.encode()]
    assert b"lecture" not in output
    assert ended == Ended(exit_status=9)
    assert sudo.tries == 1
    assert PASSWORD not in sudo.called


@pytest.mark.parametrize("how", [ROOT, ON_TERMINAL], ids=["pipe", "terminal"])
async def test_a_sudo_that_shows_the_password_does_not_bring_it_into_a_message(
    how: RunAs, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sudo = StandIn.at(tmp_path / "bin", says="x")
    (sudo.folder / "sudo").write_text(
        '#!/bin/sh\nprintf %s "$4" >&2; IFS= read -r p; echo "no such: $p" >&2; exit 1\n'.replace(
            '"$4"', '"$PROMPT"'
        ).replace("printf", 'for a do [ "${a%-sudo:}" = "$a" ] || PROMPT=$a; done; printf')
    )
    async with at("local", home, monkeypatch, sudo, {("opsterm:sudo", account("local")): PASSWORD}) as there:
        with pytest.raises(SudoRefused) as caught:
            await there.run("id", how)
    assert "no such: [password]" in str(caught.value)
    assert PASSWORD not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize("place", PLACES)
async def test_where_no_password_is_needed_none_is_looked_up(
    place: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at(place, home, monkeypatch, StandIn.at(tmp_path / "bin"), {}) as there:
        assert await there.run("cat; echo done") == (b"done\n", Ended(exit_status=0))
        assert await there.run("kill -9 $$") == (b"", Ended(exit_status=None, signal="KILL"))


@pytest.mark.parametrize("place", PLACES)
async def test_a_wrong_password_is_tried_once_and_a_missing_one_says_how_to_keep_it(
    place: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sudo = StandIn.at(tmp_path / "bin", password=PASSWORD)
    mark = tmp_path / "ran"
    for secrets, part in (
        ({("opsterm:sudo", account(place)): "not it"}, f"the password of {account(place)} is wrong"),
        ({}, f"sudo asks for the password of {account(place)}, and none is kept"),
    ):
        async with at(place, home, monkeypatch, sudo, secrets) as there:
            with pytest.raises(SudoRefused) as caught:
                await there.run(f"touch {mark}")
        assert part in caught.value.what
        assert f"opsterm vault set opsterm:sudo {account(place)}" in caught.value.next_step
        assert "not it" not in str(caught.value)
    assert sudo.tries == 1
    assert not mark.exists()


CAUSES = [
    ("ops is not in the sudoers file.", SudoRefused, "does not let", "sudo -l"),
    ("sorry, you must have a tty to run sudo", SudoRefused, "terminal only", "--pty"),
    ("unknown user db", BadInput, "no account db", "getent"),
    ("unable to \x1b[2J initialize policy plugin", SudoRefused, "ended before it began", "sudo -v"),
]


@pytest.mark.parametrize(("says", "kind", "what", "next_step"), CAUSES)
async def test_each_cause_has_its_sentence(
    says: str, kind: type[OpstermError], what: str, next_step: str, home: Home, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async with at("local", home, monkeypatch, StandIn.at(tmp_path / "bin", says=says), {}) as there:
        with pytest.raises(kind) as caught:
            await there.run("id", RunAs(become="db"))
    assert what in caught.value.what
    assert next_step in caught.value.next_step
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("place", PLACES)
async def test_a_host_without_sudo_is_told(
    place: str, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("env", "sh", "sleep"):
        (programs / name).symlink_to(shutil.which(name) or "")
    async with at(place, home, monkeypatch, StandIn(programs), {}) as there:
        monkeypatch.setenv("PATH", str(programs))
        home.environment["PATH"] = str(programs)
        async with home.connector() as connector:
            with pytest.raises(BadInput, match="it has no sudo"):
                await run(connector, there.target, "id", how=ROOT)


@pytest.mark.parametrize("place", PLACES)
async def test_nothing_of_a_cancelled_command_goes_on(
    place: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = f"89{os.getpid()}.{PLACES.index(place)}"
    sudo = StandIn.at(tmp_path / "bin", password=PASSWORD)
    async with at(place, home, monkeypatch, sudo, {("opsterm:sudo", account(place)): PASSWORD}) as there:
        task = asyncio.create_task(there.run(f"sleep {mark} & setsid sleep {mark} & sleep {mark}"))
        await comes_true(lambda: len(alive(mark)) == 3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert alive(mark) == []
    assert sudo.tries == 2, "sudo was asked to end it as well"


@pytest.mark.parametrize("place", PLACES)
async def test_a_sudo_that_waits_is_given_up(
    place: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sudo = StandIn.at(tmp_path / "bin")
    mark = f"90{os.getpid()}.{PLACES.index(place)}"
    (sudo.folder / "rules").write_text(f"sleep {mark}\n")
    async with at(place, home, monkeypatch, sudo, {}, login_timeout_s=1.0) as there:
        with pytest.raises(TimedOut) as caught:
            await there.run("id")
    assert "ssh.login_timeout_s" in caught.value.next_step
    assert alive(mark) == []


@pytest.mark.parametrize("place", PLACES)
async def test_a_sudo_that_was_given_up_begins_nothing_later(
    place: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sudo, ran, given_up = StandIn.at(tmp_path / "bin"), tmp_path / "ran", tmp_path / "given-up"
    # It heeds no signal and goes on a moment after we are gone, as one does that waited for a directory server.
    (sudo.folder / "rules").write_text(f"trap '' TERM HUP; until [ -e {given_up} ]; do sleep 0.05; done\n")
    async with at(place, home, monkeypatch, sudo, {}) as there:
        task = asyncio.create_task(there.run(f"touch {ran}"))
        await comes_true((sudo.folder / "called").exists)
        task.cancel()
        await asyncio.sleep(0)
        given_up.touch()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await there.run("echo still here"))[0] == b"still here\n"
    assert not ran.exists()


@pytest.mark.parametrize("how", [RunAs(pty=True), ON_TERMINAL], ids=["as logged in", "by sudo"])
async def test_on_a_terminal_of_this_machine(
    how: RunAs, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sudo = StandIn.at(tmp_path / "bin", password=PASSWORD)
    async with at("local", home, monkeypatch, sudo, {("opsterm:sudo", account("local")): PASSWORD}) as there:
        output, ended = await there.run("test -t 0 && test -t 1 && tty; echo $TERM; exit 5", how)
        assert output.splitlines()[-1] == b"dumb"
        assert output.startswith(b"/dev/pts/")
        assert ended == Ended(exit_status=5)
        assert (await there.run("head -c 1000000 /dev/zero | tr '\\0' z", how))[0] == b"z" * 1_000_000
        assert b"pts/" in (await there.run("ps -o tty -p $$", how))[0]


@pytest.mark.skipif(not shutil.which("sudo") or os.geteuid() != 0, reason="NO SUDO HERE, OR NOT ROOT: not tried")
@pytest.mark.parametrize("how", [RunAs(become="nobody"), RunAs(become="nobody", pty=True)], ids=["pipe", "terminal"])
async def test_the_real_sudo_of_this_machine(how: RunAs, home: Home) -> None:
    here = OrderTarget(name="here", protocol="local", address="", port=0, user="")
    mark = f"91{os.getpid()}.{int(how.pty)}"
    async with home.connector() as connector:
        assert await run(connector, here, "id -un; exit 4", how=how) == (b"nobody\n", Ended(exit_status=4))
        task = asyncio.create_task(run(connector, here, f"sleep {mark} & sleep {mark}", how=how))
        await comes_true(lambda: len(alive(mark)) == 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert alive(mark) == []
