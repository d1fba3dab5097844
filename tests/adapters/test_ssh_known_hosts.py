"""known_hosts: every form that ssh writes is understood, and adding a line keeps the file whole."""

from __future__ import annotations

import base64
import os
import shutil
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.adapters.ssh_config import SshConfig
from opsterm.adapters.ssh_destination import Destination, StrictHostKeys, build_destination
from opsterm.adapters.ssh_host_key import UnknownHostKey, judge_host_key
from opsterm.adapters.ssh_known_hosts import (
    KnownFor,
    KnownHosts,
    add_known_host,
    fingerprint,
    known_hosts_line,
    rsa_bits,
)  # fmt: skip
from opsterm.core.errors import HostKeyChanged, StorageError, Unreachable
from opsterm.runtime.secret_places import place_of_jump


def a_key(seed: int, kind: str = "ssh-ed25519") -> bytes:
    name = kind.encode()
    return len(name).to_bytes(4, "big") + name + (32).to_bytes(4, "big") + bytes([seed]) * 32


def text_of(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


def known(folder: Path, text: str, name: str, *, bare: str = "") -> KnownFor:
    path = folder / "known_hosts"
    path.write_text(text)
    return KnownHosts(folder).look_up(name, [path], bare_name=bare)


ONE, TWO, THREE = a_key(1), a_key(2), a_key(3)
LINES = f"""\
# a comment
web-1,10.0.0.1 ssh-ed25519 {text_of(ONE)} ana@somewhere
[web-1]:2222 ssh-ed25519 {text_of(TWO)}
*.example.com,!db.example.com ssh-ed25519 {text_of(THREE)}
@revoked * ssh-ed25519 {text_of(a_key(9))}
@cert-authority *.corp ssh-ed25519 {text_of(a_key(8))}
@other web-1 ssh-ed25519 {text_of(a_key(7))}
broken line
web-1 ssh-ed25519 not+base64!
web-1 ssh-rsa {text_of(ONE)}
"""


@pytest.mark.parametrize(
    ("name", "bare", "blobs"),
    [
        ("web-1", "", [ONE]),
        ("10.0.0.1", "", [ONE]),
        ("[web-1]:2222", "web-1", [TWO]),
        ("[web-1]:3333", "web-1", [ONE]),
        ("a.example.com", "", [THREE]),
        ("db.example.com", "", []),
        ("nobody", "", []),
    ],
)
def test_a_host_is_found_by_name_address_port_and_pattern(
    name: str, bare: str, blobs: list[bytes], tmp_path: Path
) -> None:
    found = known(tmp_path, LINES, name, bare=bare)
    assert [key.blob for key in found.keys] == blobs
    assert [key.blob for key in found.revoked] == [a_key(9)]


def test_authorities_and_places_are_told(tmp_path: Path) -> None:
    found = known(tmp_path, LINES, "host.corp")
    assert [key.blob for key in found.authorities] == [a_key(8)]
    assert known(tmp_path, LINES, "web-1").keys[0].where == "~/known_hosts:2"


@given(st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True), st.booleans())
def test_a_line_we_write_is_a_line_we_find(name: str, hashed: bool) -> None:
    line = known_hosts_line(name, "ssh-ed25519", ONE, hashed=hashed)
    assert (name in line) is not hashed or len(name) < 4
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        assert [key.blob for key in known(Path(folder), line + "\n", name).keys] == [ONE]
        assert known(Path(folder), line + "\n", name + "x").keys == ()


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen to compare with")
def test_ssh_keygen_finds_what_we_write_and_agrees_on_fingerprints(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True)
    kind, body, _ = (tmp_path / "k.pub").read_text().split(" ", 2)
    blob, path = base64.b64decode(body), tmp_path / "known_hosts"
    add_known_host(path, known_hosts_line("[web-1]:2222", kind, blob, hashed=True))
    add_known_host(path, known_hosts_line("web-2", kind, blob))
    for name in ("[web-1]:2222", "web-2"):
        found = subprocess.run(["ssh-keygen", "-F", name, "-f", str(path)], capture_output=True, text=True, check=True)
        assert body in found.stdout
    shown = subprocess.run(["ssh-keygen", "-lf", str(tmp_path / "k.pub")], capture_output=True, text=True, check=True)
    assert fingerprint(blob) in shown.stdout


def test_the_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    path, book = tmp_path / "known_hosts", KnownHosts(tmp_path)
    path.write_text(f"web-1 ssh-ed25519 {text_of(ONE)}\n")
    assert book.look_up("web-1", [path]).keys
    assert not book.look_up("web-2", [path]).keys
    add_known_host(path, known_hosts_line("web-2", "ssh-ed25519", TWO))
    assert book.look_up("web-2", [path]).keys
    path.unlink()
    assert not book.look_up("web-1", [path]).keys


def test_adding_keeps_the_file_whole_private_and_complete(tmp_path: Path) -> None:
    path = tmp_path / "new/known_hosts"
    add_known_host(path, "a ssh-ed25519 x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.write_text("no newline at the end")
    add_known_host(path, "b ssh-ed25519 x")
    assert path.read_text() == "no newline at the end\nb ssh-ed25519 x\n"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: add_known_host(path, f"{n} ssh-ed25519 x"), range(200)))
    assert len(set(path.read_text().splitlines())) == 202


def test_a_file_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="cannot be added to"):
        add_known_host(tmp_path / "folder", "a b c")
    with pytest.raises(Unreachable, match="cannot be read"):
        KnownHosts(tmp_path).look_up("a", [tmp_path / "folder"])
    add_known_host(Path(os.devnull), "a b c")


def test_a_list_of_revoked_keys_is_obeyed_and_a_binary_one_refused(tmp_path: Path) -> None:
    (tmp_path / "revoked").write_text(f"# old\nssh-ed25519 {text_of(ONE)} web-1\n")
    assert [key.blob for key in KnownHosts(tmp_path).revoked_in(tmp_path / "revoked")] == [ONE]
    (tmp_path / "krl").write_bytes(b"SSHKRL\n\0\x01\xff")
    for unusable in ("krl", "absent"):
        with pytest.raises(Unreachable, match="cannot be used"):
            KnownHosts(tmp_path).revoked_in(tmp_path / unusable)


def test_hashed_lines_are_found_whoever_was_asked_for_before(tmp_path: Path) -> None:
    """A line that was found for one name is not tried for the next: nobody may lose a line by that."""
    path, book = tmp_path / "known_hosts", KnownHosts(tmp_path)
    names = ["web-1", "[web-1]:2222", "web-2", "[web-2]:2222"]
    lines = [
        known_hosts_line(name, "ssh-ed25519", a_key(10 * turn + number), hashed=True)
        for turn in range(2)
        for number, name in enumerate(names)
    ]
    path.write_text("\n".join(lines))
    for _ in range(2):
        for number, name in enumerate(names):
            found = {key.blob for key in book.look_up(name, [path], bare_name="web-9").keys}
            assert found == {a_key(number), a_key(10 + number)}
        assert not book.look_up("web-3", [path], bare_name="web-3").keys


@pytest.mark.parametrize("asked_before", [(), ("web-1",), ("[web-1]:2222",)])
def test_a_hashed_revocation_counts_for_the_bare_name_too(tmp_path: Path, asked_before: tuple[str, ...]) -> None:
    path, book = tmp_path / "known_hosts", KnownHosts(tmp_path)
    path.write_text(
        f"@revoked {known_hosts_line('web-1', 'ssh-ed25519', TWO, hashed=True)}\n"
        f"{known_hosts_line('[web-1]:2222', 'ssh-ed25519', TWO, hashed=True)}\n"
        f"{known_hosts_line('web-1', 'ssh-ed25519', ONE, hashed=True)}\n"
    )
    for name in asked_before:
        book.look_up(name, [path], bare_name="web-1")
    there = book.look_up("[web-1]:2222", [path], bare_name="web-1")
    assert [key.blob for key in there.keys] == [TWO]
    assert [key.blob for key in there.revoked] == [TWO]


@pytest.mark.speed
def test_a_thousand_hashed_lines_cost_milliseconds(tmp_path: Path) -> None:
    path, book = tmp_path / "known_hosts", KnownHosts(tmp_path)
    path.write_text(
        "".join(known_hosts_line(f"h{n}", "ssh-ed25519", a_key(n % 250), hashed=True) + "\n" for n in range(1000))
    )
    book.look_up("h1", [path])
    began = time.process_time()
    assert book.look_up("h999", [path]).keys
    for _ in range(100):
        book.look_up("h999", [path])
    assert time.process_time() - began < 0.05


# ------------------------------------------------------------------------------------ the verdict


def a_destination(folder: Path, **changes: object) -> Destination:
    config = SshConfig(path=folder / "none", own_path=False, home=folder, user="ana", environment={})
    made = build_destination(
        config.resolve("web-1"), name="web-1", secrets_for=place_of_jump("web-1"), known_hosts=folder / "known_hosts"
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a table of fields


def test_verdicts_on_a_shown_key(tmp_path: Path) -> None:
    there = a_destination(tmp_path)
    has_one = known(tmp_path, f"web-1 ssh-ed25519 {text_of(ONE)}\n", "web-1")
    nothing = known(tmp_path, "", "web-1")
    revoked = known(tmp_path, f"web-1 ssh-ed25519 {text_of(ONE)}\n@revoked * ssh-ed25519 {text_of(ONE)}\n", "web-1")
    accepting = replace(there, strict=StrictHostKeys.ACCEPT_NEW)
    assert judge_host_key(there, has_one, ONE, target="web-1") is None
    assert judge_host_key(accepting, nothing, ONE, target="web-1") is None
    for where, what, blob, kind in (
        (there, has_one, TWO, HostKeyChanged),
        (accepting, has_one, TWO, HostKeyChanged),
        (there, has_one, a_key(1, "ssh-ed448"), HostKeyChanged),
        (there, revoked, ONE, HostKeyChanged),
        (accepting, revoked, ONE, HostKeyChanged),
        (there, nothing, ONE, UnknownHostKey),
    ):
        assert isinstance(judge_host_key(where, what, blob, target="web-1"), kind)


def test_a_changed_key_names_the_line_both_fingerprints_and_what_to_do(tmp_path: Path) -> None:
    verdict = judge_host_key(
        a_destination(tmp_path), known(tmp_path, f"\nweb-1 ssh-ed25519 {text_of(ONE)}\n", "web-1"), TWO, target="web-1"
    )
    text = str(verdict)
    for part in ("~/known_hosts:2", fingerprint(ONE), fingerprint(TWO), "remove line 2", "ssh-keygen -R 'web-1'"):
        assert part in text


def test_an_unknown_key_of_a_jump_host_is_called_that(tmp_path: Path) -> None:
    verdict = judge_host_key(a_destination(tmp_path), known(tmp_path, "", "web-1"), ONE, target="db-1")
    assert isinstance(verdict, UnknownHostKey)
    assert "web-1, the jump host before db-1" in verdict.what
    assert f"opsterm targets trust db-1 --fingerprint {fingerprint(ONE)}" in verdict.next_step
    assert verdict.known_hosts_line == f"web-1 ssh-ed25519 {text_of(ONE)}"


def test_a_short_rsa_key_is_refused(tmp_path: Path) -> None:
    modulus = (1 << 767) | 1
    fields = [b"ssh-rsa", b"\x01\x00\x01", modulus.to_bytes(97, "big")]
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    assert rsa_bits(blob) == 768
    verdict = judge_host_key(a_destination(tmp_path), known(tmp_path, "", "web-1"), blob, target="web-1")
    assert isinstance(verdict, HostKeyChanged)
    assert "768 bits" in verdict.what
