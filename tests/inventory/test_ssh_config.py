"""Targets from ssh_config are what `ssh` itself would connect to."""

from __future__ import annotations

import glob as globbing
import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from opsterm.inventory.formats.ssh_config import SshHostTable, import_ssh_config, read_ssh_config
from opsterm.inventory.imports import ImportResult
from opsterm.inventory.target import Target

HOME = "/home/ana"


def find(pattern: str) -> Sequence[str]:
    return sorted(globbing.glob(pattern))  # noqa: PTH207 (the pattern is absolute)


def read_disk(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")


def imported(text: str, **others: str) -> ImportResult:
    """Import a text as ~/.ssh/config; `others` are files beside it, `_` standing for a dot or slash."""
    files = {f"{HOME}/.ssh/config": text, **{f"{HOME}/.ssh/{name}": body for name, body in others.items()}}

    def read(file: str) -> str:
        if file not in files:
            raise FileNotFoundError(file)
        return files[file]

    def find_here(pattern: str) -> Sequence[str]:
        import fnmatch

        return sorted(fnmatch.filter(files, pattern))

    return import_ssh_config([f"{HOME}/.ssh/config"], home=HOME, local_user="ana", read=read, glob=find_here)


def target(text: str, name: str) -> Target:
    return next(t for t in imported(text).targets if t.name == name)


# ------------------------------------------------------------------------------------- against the real ssh

CASES: dict[str, tuple[str, Sequence[str]]] = {
    "plain": ("Host web\n  HostName 10.0.0.1\n  Port 2222\n  User deploy\n", ["web", "other"]),
    "first value wins": ("Host web\n Port 1\nHost web\n Port 2\n User b\nHost *\n Port 3\n User c\n", ["web", "x"]),
    "general settings first": ("User all\nHost web\n User web\n", ["web", "x"]),
    "several patterns": ("Host a b c-*\n User abc\nHost c-?\n Port 9\n", ["a", "b", "c-1", "c-12", "d"]),
    "negation": ("Host * !db !x-*\n User web\n", ["web", "db", "x-1"]),
    "negation alone never matches": ("Host !db\n User web\n", ["web", "db"]),
    "host name with %h": ("Host web-*\n HostName %h.example.com\nHost p\n HostName a%%b-%h\n", ["web-1", "p"]),
    "equals and quotes": ('Host = "web" db\nhostname="10.0.0.2"\nPORT = 2200\nuser "a b"\n', ["web", "db"]),
    "comments": ("# Host web\nHost web # really\n  User u # not c\n#Port 1\n", ["web", "#", "really"]),
    "case of names": ("Host Web\n User upper\nHost web\n User lower\n", ["Web", "web", "WEB"]),
    "blank keyword lines": ("\n   \n\tHost\tweb\n\t\tPort\t99\t\n\n", ["web"]),
    "match host": ("Match host web,db-*\n User m\n", ["web", "db-1", "x"]),
    "match host sees HostName": ("Host w\n HostName web\nMatch host web\n User m\n", ["w", "web"]),
    "match originalhost": ("Host w\n HostName web\nMatch originalhost web\n User m\n", ["w", "web"]),
    "match originalhost any case": ("Match originalhost WEB\n User m\n", ["web", "Web"]),
    "match not host": ("Match !host web\n User m\n", ["web", "x"]),
    "match list with negation": ("Match host *,!web\n User m\n", ["web", "x"]),
    "match all": ("Host web\n User w\nMatch all\n User everyone\n Port 5\n", ["web", "x"]),
    "match user": ("Host web\n User deploy\nMatch user deploy\n Port 5\n", ["web", "x"]),
    "match user of this account": ("Match user {me}\n Port 5\n", ["web"]),
    "match localuser": ("Match localuser {me}\n Port 5\nMatch localuser nobody\n Port 6\n", ["web"]),
    "match two criteria": ("Host w\n User u\nMatch host w user u\n Port 5\nMatch host w user v\n Port 6\n", ["w"]),
    "match final": ("Match final\n User late\nHost web\n User early\n", ["web", "x"]),
    "match final host": ("Host w\n HostName web\nMatch final host web\n Port 7\nHost web\n User u\n", ["w", "web"]),
    "match canonical": ("Match canonical\n User c\nMatch final\n Port 8\n", ["w"]),
    "include": ("Include {dir}/a.conf\nHost *\n User z\n", ["a1", "b1"]),
    "include glob": ("Include {dir}/*.conf\n", ["a1", "b1"]),
    "include in host": ("Host a1\n Include {dir}/a.conf {dir}/b.conf\n Port 77\n", ["a1", "b1"]),
    "include where not counted": ("Host zz\n Include {dir}/*.conf\n Port 77\nHost b1\n Port 4\n", ["b1", "zz"]),
    "include leaves the block open": ("Host a1\n Include {dir}/b.conf\n User after\nHost *\n Port 1\n", ["a1", "q"]),
    "include nothing": ("Include {dir}/none*\nHost web\n User u\n", ["web"]),
    "nested include": ("Include {dir}/nest\n", ["a1", "b1", "n1"]),
    "jump": ("Host web\n ProxyJump bastion\nHost db\n ProxyCommand nc %h %p\n ProxyJump x\n", ["web", "db"]),
    "jump none": ("Host web\n ProxyJump none\nHost *\n ProxyJump bastion\n", ["web", "x"]),
    "upper case HostName": ("Host w\n HostName WEB.Example\n", ["w"]),
    "backslash": ('Host w\n User a\\"b\\\\c\n', ["w"]),
    "windows lines": ("Host web\r\n  Port 2222\r\n  User u\r\n", ["web"]),
    "address family": ("Host six\n HostName 2001:db8::1\nHost 10.0.0.*\n User net\n", ["six", "10.0.0.7", "10.0.1.7"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def ssh() -> str:
    path = shutil.which("ssh")
    if path is None:
        pytest.skip("NOT COMPARED WITH OPENSSH: install openssh-client to run this test")
    return path


@pytest.fixture(scope="module")
def me() -> str:
    return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.conf").write_text("User from-a\nHost a1\n Port 11\nHost b1\n HostName bee\n")
    (tmp_path / "b.conf").write_text("Host b1\n Port 12\n User from-b\nMatch originalhost a1\n HostName ay\n")
    (tmp_path / "nest").write_text(f"Host n1 a1\n Include {tmp_path}/a.conf\nHost n1\n User n\n")
    return tmp_path


def asked(ssh: str, config: Path, name: str) -> tuple[str, int, str, bool]:
    """Return (hostname, port, user, has a proxy) as `ssh -G` says."""
    done = subprocess.run([ssh, "-G", "-F", str(config), name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = dict(line.partition(" ")[::2] for line in done.stdout.splitlines())
    return said["hostname"], int(said["port"]), said["user"], bool({"proxyjump", "proxycommand"} & said.keys())


def ours(config: SshHostTable, name: str, me: str) -> tuple[str, int, str, bool]:
    host = config.resolve(name)
    return host.address, host.port or 22, host.user or me, bool(host.proxy)


@pytest.mark.parametrize("case", CASES)
def test_resolves_as_ssh_does(case: str, ssh: str, me: str, folder: Path) -> None:
    text, names = CASES[case]
    file = folder / "config"
    file.write_text(text.replace("{dir}", str(folder)).replace("{me}", me), newline="")
    config, _ = read_ssh_config([str(file)], home=HOME, local_user=me, read=read_disk, glob=find)
    for name in names:
        assert ours(config, name, me) == asked(ssh, file, name), name


@pytest.mark.parametrize("seed", range(40))
def test_resolves_random_configurations_as_ssh_does(seed: int, ssh: str, me: str, folder: Path) -> None:
    rnd = random.Random(seed)
    file = folder / "config"
    file.write_text(random_config(rnd, folder, depth=0))
    config, _ = read_ssh_config([str(file)], home=HOME, local_user=me, read=read_disk, glob=find)
    for name in ("a", "b", "ab", "c"):
        assert ours(config, name, me) == asked(ssh, file, name), file.read_text()


def random_config(rnd: random.Random, folder: Path, depth: int) -> str:
    """Return a configuration over few names, so that its blocks meet."""
    patterns = ["a", "b", "c", "ab", "*", "a*", "?", "*b", "!a", "!b*", "!?"]
    words = ["host a", "host *,!b", "originalhost a*", "!host b", "user u1", "!user u1", "all", "final", "host h-*"]
    lines: list[str] = []
    for _ in range(rnd.randint(1, 9)):
        lines.append(
            rnd.choice([
                "Host " + " ".join(rnd.choices(patterns, k=rnd.randint(1, 3))),
                "Match " + rnd.choice(words),
                "Match " + " ".join(rnd.sample([w for w in words if w not in ("all", "final")], 2)),
                f"HostName {rnd.choice(['h-%h', 'a', 'b', 'H2'])}",
                f"Port {rnd.randint(1, 9)}",
                f"User u{rnd.randint(1, 3)}",
                f"User = u{rnd.randint(1, 3)}",
                # Not "ProxyJump none": whether a ProxyCommand behind it counts differs between builds of OpenSSH 9.2.
                rnd.choice(["ProxyJump j", "ProxyCommand c"]),
            ])
        )  # fmt: skip
        if depth < 2 and rnd.random() < 0.15:
            part = folder / f"part-{depth}-{rnd.randint(0, 999)}"
            part.write_text(random_config(rnd, folder, depth + 1))
            lines.append(f"Include {part}")
    return "\n".join(lines) + "\n"


# -------------------------------------------------------------------------------------------- as an import


def test_targets_are_the_plain_names() -> None:
    text = "Host web-1 web-2 *.lab !x\n HostName 10.0.0.1\n User u\nHost *\n Port 2200\nHost web-1 db\nMatch host q\n"
    result = imported(text)
    assert [t.name for t in result.targets] == ["web-1", "web-2", "db"]
    assert result.targets[0] == Target(name="web-1", address="10.0.0.1", port=2200, user="u", source="ssh_config")
    assert target(text, "db").address == ""
    assert not result.problems


def test_what_is_not_followed_is_said() -> None:
    text = (
        'Match exec "touch /tmp/x" host a\n User never\nMatch tagged t\n User t\nMatch host\nHost a b/c -x localhost\n'
        'Port\nHostName "open\nHost good\n HostName -oX\nHost v\n ProxyJump bastion\nCanonicalizeHostname yes\n'
        "Include ~other/x\nHost w\n Include nope\nMatch\nHost\n"
    )
    result = imported(text)
    assert [t.name for t in result.targets] == ["a", "v", "w"]
    assert target(text, "a").user == ""
    assert [p.line for p in result.problems] == [1, 3, 5, 7, 8, 14, 17, 18, 6, 6, 9]
    assert "never run" in result.problems[0].text
    assert any('"v" is reached through "bastion"' in note for note in result.notes)
    assert any("CanonicalizeHostname" in note for note in result.notes)
    assert any("this machine" in note for note in result.notes)


def test_a_file_that_cannot_be_read_is_a_sentence() -> None:
    def refuse(file: str) -> str:
        if file.endswith("/text"):
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
        raise PermissionError(13, "Permission denied", file)

    for file, says in (("/x/config", "/x/config: It cannot be read: Permission denied."), ("/x/text", "UTF-8")):
        result = import_ssh_config([file], home=HOME, local_user="ana", read=refuse, glob=lambda _: ())
        assert says in str(result.problems[0])
    missing = import_ssh_config(["/none"], home=HOME, local_user="ana", read=read_disk, glob=find)
    assert str(missing.problems[0]) == "/none: There is no such file."


def test_an_unreached_host_line_is_left_out() -> None:
    result = imported("Host outer\n Include in_1\n", in_1="Host inner\n Port 5\nHost outer\n Port 6\n")
    assert [(t.name, t.port) for t in result.targets] == [("outer", 6)]
    assert "never comes" in result.problems[0].text


def test_recursive_includes_end() -> None:
    result = imported("Include config\nInclude config\nHost a\n")
    assert [t.name for t in result.targets] == ["a"]
    assert any("16 deep" in p.text for p in result.problems)
    assert any("500 files" in note for note in result.notes)


def test_very_long_host_lines_are_read() -> None:
    plain = " ".join(f"h{n}" for n in range(10_000))
    wild = " ".join(f"*x{n}*" for n in range(2_000))
    result = imported(f"Host {plain}\n User u\nHost {wild} !h7\n Port 5\nHost *\n User v\n")
    assert len(result.targets) == 10_000
    assert {t.user for t in result.targets} == {"u"}


def test_too_much_work_is_not_begun() -> None:
    many = "".join(f"Host *{n}x\n" for n in range(1_500)) + "Host " + " ".join(f"h{n}" for n in range(5_000))
    result = imported(many)
    assert len(result.targets) < 5_000
    assert any("not all were worked out" in note for note in result.notes)
