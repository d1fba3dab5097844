"""Approvals signed by SSH keys: what ssh-keygen signs we take, and what we sign ssh-keygen verifies."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsterm.adapters.accounts import HostAccounts
from opsterm.adapters.ssh_signature import SshSignatures
from opsterm.changes.change import ChangeState
from opsterm.core.errors import BadInput, NotApproved, Refused
from opsterm.runtime.assent import Assent
from opsterm.runtime.offload import Offload
from tests.runtime.approving import (
    edit_database,
    in_environment,
    make_key,
    played,
    signed_by_ssh_keygen,
    verified_by_ssh_keygen,
)
from tests.runtime.changing import approved, proposed
from tests.runtime.stage import opened

SPACE, DIGEST = "opsterm-approval", "5e1c" * 16
KINDS = ["ed25519", "ecdsa", "rsa"]


def signing(signers: Path | None, agent: str = "") -> SshSignatures:
    return SshSignatures(signers, agent, Offload().pool("files"))


@pytest.mark.parametrize("kind", KINDS)
async def test_what_one_signs_the_other_verifies(tmp_path: Path, kind: str) -> None:
    key, signers = tmp_path / "key", tmp_path / "signers"

    def prepare() -> str:
        signers.write_text(f'ana@example.org namespaces="{SPACE}" {make_key(key, kind)}\n')
        return signed_by_ssh_keygen(key, DIGEST, SPACE)

    theirs = await asyncio.to_thread(prepare)
    ours = await signing(signers).sign(DIGEST, SPACE, key=str(key), account="ana")
    for signature in (ours, theirs):
        signer = await signing(signers).verify(DIGEST, SPACE, signature, at=1.0)
        assert signer.names == ("ana",)
        await asyncio.to_thread((tmp_path / "sig").write_text, signature)
        for message, space, good in ((DIGEST, SPACE, True), (DIGEST + "0", SPACE, False), (DIGEST, "file", False)):
            verified = await asyncio.to_thread(
                verified_by_ssh_keygen, signers, "ana@example.org", message, tmp_path / "sig", space
            )
            assert verified is good
            if not good:
                with pytest.raises(NotApproved):
                    await signing(signers).verify(message, space, signature, at=1.0)


LINES = [
    ("ana {key}", 10.0, ("ana",)),
    ("ana,ben@x.org {key}", 10.0, ("ana", "ben")),
    ("* {key}", 10.0, ()),
    ("ana namespaces=\"git,opsterm-*\" {key}", 10.0, ("ana",)),
    ("ana namespaces=\"git\" {key}", 10.0, ()),
    ("ana valid-before=\"20200101Z\" {key}", 1.57e9, ("ana",)),
    ("ana valid-before=\"20200101Z\" {key}", 1.58e9, ()),
    ("ana valid-after=\"20200101Z\" {key}", 1.57e9, ()),
    ("ana cert-authority {key}", 10.0, ()),
    ("# ana {key}", 10.0, ()),
    ("nonsense\nana {key}", 10.0, ("ana",)),
    ("", 10.0, ()),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "at", "names"), LINES)
async def test_the_file_of_signers_says_whose_key_counts_and_when(
    tmp_path: Path, lines: str, at: float, names: tuple[str, ...]
) -> None:
    key, signers = tmp_path / "key", tmp_path / "signers"
    await asyncio.to_thread(lambda: signers.write_text(lines.format(key=make_key(key))))
    signature = await signing(signers).sign(DIGEST, SPACE, key=str(key), account="ana")
    if names:
        assert (await signing(signers).verify(DIGEST, SPACE, signature, at=at)).names == names
        return
    with pytest.raises(NotApproved, match="is not valid for this"):
        await signing(signers).verify(DIGEST, SPACE, signature, at=at)


@pytest.mark.parametrize("spoil", ["", "hello", "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----"])
async def test_what_is_no_signature_is_refused(tmp_path: Path, spoil: str) -> None:
    for body in ("", "AAAA", "U1NIU0lH", "U1NIU0lHAAAAAQ==", "%%%"):
        with pytest.raises(NotApproved):
            await signing(tmp_path / "none").verify(DIGEST, SPACE, spoil.format(body), at=1.0)


async def test_a_key_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    def encrypted() -> None:
        subprocess.run(["ssh-keygen", "-q", "-N", "secret", "-f", str(tmp_path / "key")], check=True)

    await asyncio.to_thread(encrypted)
    for key, says in (("none", "cannot be read"), ("key", "cannot be used")):
        with pytest.raises(BadInput, match=says):
            await signing(None).sign(DIGEST, SPACE, key=str(tmp_path / key), account="ana")
    with pytest.raises(BadInput, match="There is no SSH agent"):
        await signing(None).sign(DIGEST, SPACE, key="agent", account="ana")
    with pytest.raises(BadInput, match="did not sign"):
        await signing(None, str(tmp_path / "socket")).sign(DIGEST, SPACE, key="agent", account="ana")


@contextmanager
def agent_with(*keys: Path) -> Iterator[str]:
    """Run a real ssh-agent that holds keys."""
    socket = keys[0].parent / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            assert process.poll() is None
        for key in keys:
            subprocess.run(["ssh-add", "-q", str(key)], env={**os.environ, "SSH_AUTH_SOCK": str(socket)}, check=True)
        yield str(socket)
    finally:
        process.terminate()
        process.wait()


async def test_an_agent_signs_with_the_key_that_counts(tmp_path: Path) -> None:
    keys = [tmp_path / kind for kind in KINDS]
    lines = [await asyncio.to_thread(make_key, key, kind) for key, kind in zip(keys, KINDS, strict=True)]
    signers = tmp_path / "signers"
    agent = agent_with(*keys)
    socket = await asyncio.to_thread(agent.__enter__)
    try:
        for line in lines:
            others = "".join(f"ben {other}\n" for other in lines if other != line)
            await asyncio.to_thread(signers.write_text, f"{others}ana {line}\n")
            signature = await signing(signers, socket).sign(DIGEST, SPACE, key="agent", account="ana")
            assert (await signing(signers).verify(DIGEST, SPACE, signature, at=1.0)).names == ("ana",)
    finally:
        await asyncio.to_thread(agent.__exit__, None, None, None)


async def test_where_signatures_are_asked_for_nothing_else_counts(home: Path) -> None:
    me, ben, signers = home / "me", home / "ben", home / "signers"
    settings = (
        f"[approvals]\nallowed_signers = '{signers}'\n"
        "[[approvals.rule]]\nenvironment = 'prod'\nlevel = 'low'\nneeds = '2 persons'\nsigned = true\n"
    )
    connector = played()
    async with opened(home, settings=settings, open_connector=connector.open) as runtime:
        name = runtime.operator.name
        keys = await asyncio.to_thread(lambda: (make_key(me), make_key(ben)))
        await asyncio.to_thread(signers.write_text, f"{name} {keys[0]}\nben {keys[1]}\n")
        await in_environment(runtime, "prod")
        change = await proposed(runtime, "systemctl restart nginx", "db-01")
        with pytest.raises(Refused, match="only approved by signatures"):
            await runtime.changes.approve(change.id, digest=change.digest)
        with pytest.raises(NotApproved, match=f"is not one of {name}"):
            await runtime.changes.approve(change.id, digest=change.digest, assent=Assent(key=str(ben)))
        await runtime.changes.approve(change.id, digest=change.digest, assent=Assent(key=str(me)))
        for message, space in (("0" * 64, SPACE), (change.digest, "opsterm-review")):
            other = await asyncio.to_thread(signed_by_ssh_keygen, ben, message, space)
            await asyncio.to_thread((home / "other.sig").write_text, other)
            with pytest.raises(NotApproved, match="signature does not count"):
                await runtime.changes.approve(
                    change.id, digest=change.digest, assent=Assent(written=str(home / "other.sig"))
                )
        theirs = await asyncio.to_thread(signed_by_ssh_keygen, ben, change.digest, SPACE)
        await asyncio.to_thread((home / "ben.sig").write_text, theirs)
        both = await runtime.changes.approve(
            change.id, digest=change.digest, assent=Assent(written=str(home / "ben.sig"))
        )
        assert (both.state, both.decided_by) == (ChangeState.APPROVED, f"{name}, ben")
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        with pytest.raises(Refused, match="only approved by signatures"):
            await approved(runtime, "systemctl restart nginx", "db-01")


async def test_a_key_that_no_longer_counts_stops_what_it_approved(home: Path) -> None:
    key, signers = home / "me", home / "signers"
    settings = f"[approvals]\nallowed_signers = '{signers}'\n[[approvals.rule]]\nlevel = 'low'\nsigned = true\n"
    connector = played()
    async with opened(home, settings=settings, open_connector=connector.open) as runtime:
        line = await asyncio.to_thread(make_key, key)
        await asyncio.to_thread(signers.write_text, f"{runtime.operator.name} {line}\n")
        await in_environment(runtime, "prod")
        change = await proposed(runtime, "systemctl restart nginx", "db-01")
        await runtime.changes.approve(change.id, digest=change.digest, assent=Assent(key=str(key)))
        await asyncio.to_thread(signers.write_text, f"someone {line}\n")
        with pytest.raises(NotApproved, match="not theirs"):
            await runtime.changes.run(change.id)
        await edit_database(runtime, "UPDATE approval SET signature = ''")
        with pytest.raises(NotApproved, match="do not suffice"):
            await runtime.changes.run(change.id)
    assert connector.opened == []


# ------------------------------------------------------------------------------------- whose file it is


def test_a_file_says_whose_it_is_and_one_that_others_may_write_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "yes"
    file.write_text("approve 0\n")
    file.chmod(0o644)
    assert HostAccounts().written(str(file)).uid == os.getuid()
    for mode in (0o664, 0o646):
        file.chmod(mode)
        with pytest.raises(BadInput, match="others than its owner may write"):
            HostAccounts().written(str(file))
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 64_001)
    for name in ("link", "pipe", "large", "none", "."):
        with pytest.raises(BadInput):
            HostAccounts().written(str(tmp_path / name))


def test_groups_of_this_host_have_their_members() -> None:
    assert "root" in HostAccounts().members("root")
    assert HostAccounts().members("no-such-group") == frozenset()


def test_time_zones_of_this_host_are_known() -> None:
    assert HostAccounts().zone("Europe/Berlin").utcoffset(None) is None
    for name in ("Mars/Base", "../../etc/passwd", ""):
        with pytest.raises(BadInput, match="is not known here"):
            HostAccounts().zone(name)


def _make_drop(place: Path, drop: Path, home: Path) -> None:
    """Make folders that another account may write into, and one that it may not."""
    place.chmod(0o755)
    drop.mkdir()
    drop.chmod(0o1777)
    home.mkdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write as another account")
async def test_another_account_of_this_host_approves_by_a_file_of_its_own() -> None:
    settings = "[[approvals.rule]]\nenvironment = 'prod'\nlevel = 'low'\nneeds = '2 persons'\n"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        drop, home = place / "drop", place / "home"
        await asyncio.to_thread(_make_drop, place, drop, home)
        async with opened(home, settings=settings, open_connector=played().open) as runtime:
            await in_environment(runtime, "prod")
            change = await proposed(runtime, "systemctl restart nginx", "db-01")
            await runtime.changes.approve(change.id, digest=change.digest)
            mine, theirs = drop / "mine", drop / "theirs"
            await asyncio.to_thread(mine.write_text, f"approve {change.digest}\n")
            with pytest.raises(NotApproved, match="has approved c1 already"):
                await runtime.changes.approve(change.id, digest=change.digest, assent=Assent(written=str(mine)))
            script = f"umask 022; echo 'approve {change.digest}' > {theirs}"
            write = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh", "-c", script]
            await asyncio.to_thread(lambda: subprocess.run(write, check=True))
            both = await runtime.changes.approve(change.id, digest=change.digest, assent=Assent(written=str(theirs)))
            assert (both.state, both.decided_by) == (ChangeState.APPROVED, f"{runtime.operator.name}, nobody")
            assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
