"""Passwords and keyboard-interactive with PAM on a real host; see test_ssh_lab for what it needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from opsterm.core.errors import AuthenticationFailed
from opsterm.policy.order import OrderTarget
from tests.adapters.ssh_stage import Home, Kept, run
from tests.adapters.test_ssh_lab import Lab, home, lab

pytestmark = pytest.mark.lab
__all__ = ["home", "lab"]  # fixtures

PASSWORD, PORT = "lab-op", 2299
WAYS = {
    "password": "-o PubkeyAuthentication=no -o PasswordAuthentication=yes -o KbdInteractiveAuthentication=no",
    "keyboard-interactive": "-o PubkeyAuthentication=no -o PasswordAuthentication=no "
    "-o KbdInteractiveAuthentication=yes",
    "a key, then a question": "-o KbdInteractiveAuthentication=yes "
    "-o AuthenticationMethods=publickey,keyboard-interactive",
}


@asynccontextmanager
async def a_second_sshd(home: Home, lab: Lab, options: str) -> AsyncIterator[OrderTarget]:
    """Run sshd with other options on another port of the first host, as long as a session of ours lasts."""
    one = lab.hosts[0]
    command = f"exec /usr/sbin/sshd -D -p {PORT} -o PidFile=none -o LogLevel=VERBOSE -E /tmp/opsterm-sshd.log {options}"
    with home.known_hosts.open("a") as file:
        file.write(f"[{one.address}]:{PORT} {one.host_key}\n")
    async with home.connector() as connector:
        serving = asyncio.create_task(run(connector, one.target(), command))
        up = f"until ss -Hltn 'sport = :{PORT}' | grep -q .; do sleep 0.05; done"
        await run(connector, one.target(), up)
        assert not serving.done(), serving.result()
        try:
            yield one.target("op", PORT)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await run(connector, one.target(), "rm -f /tmp/opsterm-sshd.log")


async def log_of(home: Home, lab: Lab) -> str:
    async with home.connector() as connector:
        return (await run(connector, lab.hosts[0].target(), "cat /tmp/opsterm-sshd.log"))[0].decode()


@pytest.mark.parametrize("way", WAYS)
async def test_a_kept_password_lets_us_in_by(way: str, lab: Lab, home: Home) -> None:
    kept = Kept({("opsterm:ssh", f"op@{lab.hosts[0].name}"): PASSWORD})
    async with a_second_sshd(home, lab, WAYS[way]) as target, home.connector(kept) as connector:
        assert (await run(connector, target, "id -un"))[0] == b"op\n"
        said = await log_of(home, lab)
    assert f"Accepted {'password' if way == 'password' else 'keyboard-interactive/pam'} for op" in said


@pytest.mark.parametrize("way", ["password", "keyboard-interactive"])
async def test_a_wrong_password_is_tried_once(way: str, lab: Lab, home: Home) -> None:
    kept = Kept({("opsterm:ssh", f"op@{lab.hosts[0].name}"): "not-it"})
    async with a_second_sshd(home, lab, WAYS[way]) as target, home.connector(kept) as connector:
        with pytest.raises(AuthenticationFailed) as caught:
            await run(connector, target, "id -un")
        said = await log_of(home, lab)
    assert way in str(caught.value)
    assert "not-it" not in str(caught.value)
    assert said.count("Failed password for op") + said.count("Failed keyboard-interactive/pam for op") == 1, said
