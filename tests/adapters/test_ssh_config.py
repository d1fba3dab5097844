"""ssh_config counts here as it counts for ssh: the answers are held against `ssh -G`."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config
from opsterm.adapters.ssh_config import SshConfig, Values
from opsterm.adapters.ssh_config_lines import matches, parse_span, split_words
from opsterm.adapters.ssh_destination import Destination, build_destination, check_destination, split_port
from opsterm.core.errors import BadInput, TimedOut
from opsterm.runtime.secret_places import place_of_jump

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh client to compare with")


@pytest.fixture(autouse=True)
def no_system_config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")


def config_of(
    folder: Path, text: str, *, own_path: bool = True, environment: dict[str, str] | None = None
) -> SshConfig:
    (folder / ".ssh").mkdir(mode=0o700, exist_ok=True)
    path = folder / ".ssh/config"
    path.write_text(text)
    path.chmod(0o600)
    return SshConfig(
        path=path, own_path=own_path, home=folder, user="ana", environment=environment or {"SHELL": "/bin/sh"}
    )


def destination(values: Values) -> Destination:
    return build_destination(values, name=values.original, secrets_for=place_of_jump(values.original), known_hosts=None)


CONFIGS = {
    "the first value wins": ("Host web-*\n Port 2222\nHost *\n Port 2200\n User ops\n", "web-1 db-1"),
    "negated patterns": (
        "Host *.example.com !db.example.com\n User web\nHost *\n User any\n",
        "a.example.com db.example.com",
    ),
    "equals signs and quotes": ('Host=web-1\nUser = "ops team"\nPort=23\nHostName "10.0.0.1" # there\n', "web-1"),
    "a name for a name": ("Host short\n HostName %h.example.com\nHost *.example.com\n User late\n", "short"),
    "match host": (
        "Host a\n HostName t.example.com\nMatch host *.example.com user ana\n Port 99\nMatch all\n ConnectTimeout 7\n",
        "a t.example.com",
    ),
    "match originalhost": (
        "Host a\n HostName b\nMatch originalhost a\n User x\nMatch originalhost b\n Port 2\n",
        "a b",
    ),
    "match negated": ("Match !host web-*\n User dba\nHost *\n User rest\n", "db-1 web-1"),
    "match exec": ('Match exec "test %h = db-1"\n User dba\nMatch exec false\n User never\n', "db-1 db-2"),
    "match final": ("Host a\n HostName b.example.com\nMatch final host b.example.com\n Port 7\n", "a"),
    "keywords in any case": ("hOsT a\n\tpOrT 5\n  hostname\tB.Example.COM\n", "a"),
    "jump before command": ("Host a\n ProxyJump j\n ProxyCommand nc %h %p\nHost *\n ProxyJump all\n", "a d"),
    "command before jump": ("Host b\n ProxyCommand nc %h %p\n ProxyJump j\nHost *\n ProxyJump all\n", "b"),
    "no jump": ("Host c\n ProxyJump none\nHost *\n ProxyJump all\n", "c"),
    "times": ("Host a\n ConnectTimeout 1m\n ServerAliveInterval 1m30s\n ServerAliveCountMax 4\n", "a"),
    "strictness": ("Host a\n StrictHostKeyChecking accept-new\nHost b\n StrictHostKeyChecking yes\n", "a b c"),
    "alias": ("Host a\n HostKeyAlias one-name\n", "a"),
    "flags": ("Host a b\n IdentitiesOnly yes\n PasswordAuthentication no\n PubkeyAuthentication no\n", "a"),
    "windows line ends": ("Host a\r\n  User ops\r\n", "a"),
    "escapes": ('Host a\n User a\\ b\n HostKeyAlias "x\\"y"\n', "a"),
}


@needs_ssh
@pytest.mark.parametrize("case", CONFIGS)
def test_the_answers_are_those_of_ssh(case: str, tmp_path: Path) -> None:
    text, hosts = CONFIGS[case]
    config = config_of(tmp_path, text.replace("user ana", f"user {local_user()}"))
    config.user = local_user()
    for host in hosts.split():
        said = asked_of_ssh(tmp_path / ".ssh/config", host)
        values = config.resolve(host)
        assert values.hostname.lower() == said["hostname"], host
        assert (values.first("port") or "22") == said["port"], host
        assert (values.first("user") or local_user()) == said["user"], host
        for keyword in ("hostkeyalias", "proxyjump"):
            assert (values.first(keyword) or "none") == said.get(keyword, "none"), (host, keyword)
        for keyword, default in (("connecttimeout", "none"), ("serveralivecountmax", "3"), ("identitiesonly", "no"),
                                 ("passwordauthentication", "yes"), ("serveraliveinterval", "0")):  # fmt: skip
            ours, theirs = values.first(keyword) or default, said[keyword]
            assert str(parse_span(ours) if ours[0].isdigit() else ours) == theirs, (host, keyword)
        strict = {"true": "yes", "false": "no", "ask": "ask"}.get(
            said["stricthostkeychecking"], said["stricthostkeychecking"]
        )
        assert (values.first("stricthostkeychecking") or "ask") == strict, host


def local_user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def asked_of_ssh(config: Path, host: str) -> dict[str, str]:
    done = subprocess.run(["ssh", "-G", "-F", str(config), host], capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


def test_an_include_counts_where_it_stands(tmp_path: Path) -> None:
    config = config_of(tmp_path, "Host a\n Include parts/*.conf\nHost *\n User rest\n")
    (tmp_path / ".ssh/parts").mkdir()
    for name, text in (("1.conf", "User first\nHost *\n Port 5\n"), ("2.conf", "User second\n")):
        (tmp_path / ".ssh/parts" / name).write_text(text)
    assert (config.resolve("a").first("user"), config.resolve("a").first("port")) == ("first", "5")
    assert (config.resolve("b").first("user"), config.resolve("b").first("port")) == ("rest", None)


def test_identities_add_up_and_tokens_are_expanded(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        "Host a\n HostName b.example.com\n User ops\n IdentityFile ~/.ssh/%r@%h\n IdentityFile ${KEYS}/%n\nHost *\n"
        " IdentityFile /etc/%u%%\n",
        environment={"KEYS": "/keys"},
    )
    files = destination(config.resolve("a")).identity_files
    assert files == (tmp_path / ".ssh/ops@b.example.com", Path("/keys/a"), Path("/etc/ana%"))


def test_a_file_that_others_can_write_is_refused_as_ssh_refuses_it(tmp_path: Path) -> None:
    config = config_of(tmp_path, "User ops\n", own_path=False)
    config.path.chmod(0o664)
    with pytest.raises(BadInput, match="others than you") as caught:
        config.resolve("a")
    assert "chmod 600" in caught.value.next_step


def test_the_system_file_comes_second_and_a_chosen_file_stands_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "ssh_config"
    system.write_text("User system\nPort 77\n")
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", system)
    both = config_of(tmp_path, "Host a\n User own\n", own_path=False).resolve("a")
    assert (both.first("user"), both.first("port")) == ("own", "77")
    assert config_of(tmp_path, "Host a\n User own\n", own_path=True).resolve("a").first("port") is None


def test_a_change_of_the_file_counts_at_once(tmp_path: Path) -> None:
    config = config_of(tmp_path, "User one\n")
    assert config.resolve("a").first("user") == "one"
    config.path.write_text("User three\n")
    assert config.resolve("a").first("user") == "three"


def test_what_the_target_says_goes_before_the_file(tmp_path: Path) -> None:
    config = config_of(tmp_path, "Host web-1\n HostName 10.0.0.1\n Port 5\n User file\n HostKeyAlias w\n")
    values = config.resolve("web-1", hostname="10.0.0.9", port=6, user="target")
    assert (values.hostname, values.first("port"), values.first("user")) == ("10.0.0.9", "6", "target")
    assert values.first("hostkeyalias") == "w"


@pytest.mark.parametrize(("host", "named"), [("web-1", True), ("db.example.com", True), ("other", False)])
def test_a_name_counts_as_named_by_any_pattern_but_the_lone_star(host: str, named: bool, tmp_path: Path) -> None:
    config = config_of(tmp_path, "Host *\n User x\nHost web-1 *.example.com\n User y\n")
    assert config.names(host) is named


FAULTS = {
    "Host a\n Port many\n": "config:2: port must be",
    "Host a\n StrictHostKeyChecking maybe\n": "config:2: stricthostkeychecking must be",
    'User "ops\n': "config:1: a quotation mark",
    "Port\n": "config:1: Port has no value",
    "Match address 10.0.0.0/8\n User x\n": "config:1: opsterm cannot tell",
    "IdentityFile ${NOT_SET}/k\n": "config:1: the variable NOT_SET",
    "IdentityFile %z\n": "config:1: %z stands for nothing",
    "KnownHostsCommand /bin/keys\n": "config:1: KnownHostsCommand is set",
    "BindInterface eth9\n": "config:1: BindInterface is set",
    "ConnectTimeout soon\n": "config:1: connecttimeout must be",
    "HostName a;reboot\n": "cannot be a host name",
    "HostName -oProxyCommand=x\n": "cannot be a host name",
    "User `id`\n": "cannot be a user name",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_line_that_cannot_be_kept_is_named_with_its_number(text: str, tmp_path: Path) -> None:
    config = config_of(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        destination(config.resolve("a"))
    assert FAULTS[text] in str(caught.value)
    assert caught.value.next_step


def test_an_include_of_itself_ends_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="goes deeper than 16"):
        config_of(tmp_path, "Include config\n").resolve("a")


def test_a_match_command_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_config, "EXEC_LIMIT_S", 0.1)
    with pytest.raises(TimedOut, match="config:1"):
        config_of(tmp_path, "Match exec 'sleep 5'\n User x\n").resolve("a")


def test_a_chosen_file_that_is_not_there_and_one_that_cannot_be_read(tmp_path: Path) -> None:
    config = config_of(tmp_path, "")
    config.path.unlink()
    with pytest.raises(BadInput, match="is not there"):
        config.resolve("a")
    config.path.mkdir()
    with pytest.raises(BadInput, match="cannot be read"):
        config.resolve("a")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b\tc", ("a", "b", "c")),
        ("'a b' \"c d\"e", ("a b", "c de")),
        (r"a\ b c\\d \'e", ("a b", "c\\d", "'e")),
        (r'"a\"b" x\y', ('a"b', r"x\y")),
        ("a # b", ("a",)),
        ("a#b", ("a#b",)),
        ("", ()),
    ],
)
def test_words_are_split_as_openssh_splits_them(text: str, words: tuple[str, ...]) -> None:
    assert split_words(text, "here") == words


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("web-1", ("web-1", 0)),
        ("web-1:2222", ("web-1", 2222)),
        ("[2001:db8::1]:22", ("2001:db8::1", 22)),
        ("2001:db8::1", ("2001:db8::1", 0)),
        ("[2001:db8::1]", ("2001:db8::1", 0)),
        ("web-1:99999", ("web-1:99999", 0)),
    ],
)
def test_a_port_is_told_from_an_address(text: str, parts: tuple[str, int]) -> None:
    assert split_port(text) == parts


@pytest.mark.parametrize("host", ["", "-x", "a b", "a\nb", "a$(x)", "a`x`", "a|b", "a,b", "*", "a\x1b[m", "a'b"])
def test_a_host_that_a_shell_or_known_hosts_would_misread_is_refused(host: str) -> None:
    with pytest.raises(BadInput):
        check_destination(host, "ops")


def test_known_names_carry_the_port_unless_there_is_an_alias(tmp_path: Path) -> None:
    config = config_of(tmp_path, "Host a\n HostName A.Example.com\n Port 23\nHost b\n HostKeyAlias B-one\n Port 23\n")
    assert destination(config.resolve("a")).known_name == "[a.example.com]:23"
    assert destination(config.resolve("b")).known_name == "b-one"


@pytest.mark.speed
def test_no_pattern_makes_a_name_slow() -> None:
    started = time.process_time()
    assert not matches("*a*a*a*a*b", "a" * 200)
    assert not matches("*a*a?a*a*a*c", "a" * 200)
    assert matches("*a*b?d", "xxabacd" + "abcd")
    assert time.process_time() - started < 0.5
