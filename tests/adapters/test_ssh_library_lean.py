"""What the SSH library is spared: empty packets where the cipher needs none, and a question about a key from a file."""

from __future__ import annotations

from collections import Counter

import pytest

from opsterm.adapters import ssh_library_lean
from opsterm.adapters.ssh_library import asyncssh, connection
from tests.adapters.ssh_stage import USER_KEY, Door, serve

EMPTY, REQUEST, QUESTION_ANSWERED = 2, 50, 60


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """Count packets by kind, of both sides: the servers of these tests are the library's as well."""
    counted: Counter[int] = Counter()
    send = ssh_library_lean._send_packet

    def counting(line: connection.SSHConnection, pkttype: int, *args: bytes, **options: object) -> None:
        counted[pkttype] += 1
        send(line, pkttype, *args, **options)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(ssh_library_lean, "_send_packet", counting)
    return counted


async def say_hello(port: int, cipher: str) -> None:
    async with asyncssh.connect(
        "127.0.0.1", port, config=None, username="ana", known_hosts=None, client_keys=[USER_KEY], agent_path=None,
        encryption_algs=[cipher],
    ) as line:  # fmt: skip
        assert (await line.run("echo hello")).stdout == "hello\n"


@pytest.mark.parametrize(
    ("cipher", "needs_empty"),
    [
        ("aes128-gcm@openssh.com", False), ("chacha20-poly1305@openssh.com", False), ("aes128-cbc", True),
        ("aes256-ctr", True),
    ],
)  # fmt: skip
async def test_empty_packets_are_sent_unless_the_cipher_is_authenticated(
    cipher: str, needs_empty: bool, sent: Counter[int]
) -> None:
    async with serve(Door(), encryption_algs=[cipher]) as port:
        await say_hello(port, cipher)
    assert (sent[EMPTY] > 0) is needs_empty


async def test_a_key_from_a_file_is_offered_with_its_signature(sent: Counter[int]) -> None:
    door = Door(keys=[USER_KEY.public_data])
    async with serve(door) as port:
        await say_hello(port, "aes128-gcm@openssh.com")
    assert door.offered == [USER_KEY.public_data]
    assert sent[QUESTION_ANSWERED] == 0
    assert sent[REQUEST] == 2  # which ways there are, and the key


async def test_a_key_that_is_not_let_in_is_followed_by_the_next() -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    door = Door(keys=[USER_KEY.public_data])
    async with serve(door) as port, asyncssh.connect(
        "127.0.0.1", port, config=None, username="ana", known_hosts=None, client_keys=[other, USER_KEY],
        agent_path=None,
    ):  # fmt: skip
        assert door.offered == [other.public_data, USER_KEY.public_data]
