"""What a file that is to be put is described by, and what is said about its risk."""

from __future__ import annotations

import json
import posixpath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.policy.file_put import KEEP, PUT, FilePut, file_put, parse_put
from opsterm.policy.order import OrderTarget
from opsterm.policy.risk import RiskLevel, assess, why_not_read_only
from opsterm.policy.secret_paths import secret_refusal

SHA = "0123456789abcdef" * 4
HERE = [OrderTarget(name="web-01", protocol="ssh", address="192.0.2.1", port=0, user="ops")]


def put(path: str = "/srv/x", *, mode: str = "", owner: str = "", source: str = "") -> FilePut:
    return file_put(path, size=12, sha256=SHA, mode=mode, owner=owner, source=source)


def test_a_description_reads_well_and_says_all_that_is_bound() -> None:
    made = put("/etc/nginx/conf.d/a.conf", mode="640", owner="root:adm", source="/home/ana/a.conf")
    assert made.text() == (
        f'put {{"path": "/etc/nginx/conf.d/a.conf", "size": 12, "sha256": "{SHA}", "mode": "0640", '
        '"owner": "root:adm", "source": "a.conf"}'
    )
    assert parse_put(made.text()) == made
    assert (put().mode, put().owner) == (KEEP, KEEP)


@settings(max_examples=200, deadline=None)
@given(path=st.text(max_size=40), mode=st.text(max_size=5), owner=st.text(max_size=12), source=st.text(max_size=12))
def test_whatever_is_accepted_has_one_text_and_comes_back_from_it(
    path: str, mode: str, owner: str, source: str
) -> None:
    try:
        made = put("/" + path, mode=mode, owner=owner, source=source)
    except BadInput:
        return
    text = made.text()
    assert text.isascii()
    assert text.isprintable()
    assert parse_put(text) == made
    assert posixpath.normpath(made.path) == made.path
    assert posixpath.basename(made.path) not in ("", ".", "..")


_SCALARS = st.none() | st.integers(-3, 3) | st.text(max_size=5)
_KEYS = st.sampled_from(["path", "size", "sha256", "mode", "owner", "source", "x"])


@settings(max_examples=200, deadline=None)
@given(
    value=_SCALARS | st.lists(_SCALARS, max_size=2) | st.dictionaries(_KEYS, _SCALARS, max_size=6), word=st.booleans()
)
def test_any_other_text_is_refused_and_graded_high(value: object, word: bool) -> None:
    text = f"{PUT} {json.dumps(value)}" if word else str(value)
    with pytest.raises(BadInput):
        parse_put(text)
    assert assess(text, PUT, HERE, [""]).level is RiskLevel.HIGH


def test_the_same_thing_said_in_other_bytes_is_refused() -> None:
    text = put().text()
    for other in (text.replace(": ", ":"), text + " ", text.replace("/srv/x", "//srv/x"), text.replace("12", "12.0"),
                  text.replace('"size": 12', '"size": true'), text.replace("x", "\\u0078")):  # fmt: skip
        with pytest.raises(BadInput):
            parse_put(other)


@pytest.mark.parametrize(
    ("path", "says"),
    [("srv/x", "whole path"), ("", "whole path"), ("/srv/", "folder"), ("/", "folder"), ("/srv/..", "folder"),
     ("/srv/../x", r"\.\."), ("/srv/a\nb", "control"), ("/a\u2028b", "control"), ("/" + "x" * 256, "too long"),
     ("/x" * 2100, "too long"), ("/\ud800", "UTF-8")],
)  # fmt: skip
def test_paths_that_name_no_file_are_refused(path: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        put(path)


@pytest.mark.parametrize("mode", ["8", "0o8", "99999", "rw", "-1", "00644"])
def test_modes_are_octal(mode: str) -> None:
    with pytest.raises(BadInput, match="mode"):
        put(mode=mode)


@pytest.mark.parametrize("owner", ["a b", "-root", "root:", "a:b:c", "$(id)", "root;id", ":"])
def test_owners_are_names_or_numbers(owner: str) -> None:
    with pytest.raises(BadInput, match="owner"):
        put(owner=owner)


@pytest.mark.parametrize(
    ("path", "mode", "says"),
    [
        ("/etc/sudoers.d/ana", "", "sudo"), ("/etc/pam.d/sshd", "", "log in"),
        ("/root/.ssh/authorized_keys", "", "SSH"),
        ("/etc/ssh/sshd_config", "", "SSH"), ("/etc/cron.d/x", "", "cron"), ("/etc/cron.daily/x", "", "cron"),
        ("/var/spool/cron/crontabs/root", "", "cron"), ("/etc/systemd/system/x.service", "", "init system"),
        ("/usr/local/bin/x", "", "program"), ("/opt/x/bin/y", "", "program"), ("/usr/lib/x/y.so", "", "loaded"),
        ("/etc/ld.so.preload", "", "loaded"), ("/etc/profile.d/x.sh", "", "shell"), ("/home/ana/.bashrc", "", "shell"),
        ("/boot/grub/grub.cfg", "", "starts again"), ("/etc/fstab", "", "starts again"),
        ("/etc/nftables.conf", "", "network"), ("/etc/motd", "", "configuration"), ("/proc/x", "", "kernel"),
        ("/srv/x", "0755", "a program"), ("/srv/x", "4755", "rights of its owner"), ("/srv/x", "0666", "write to it"),
        ("/srv/secret.key", "0644", "secret"), ("/srv/x", "", "replaces /srv/x"),
    ],
)  # fmt: skip
def test_every_put_is_high_and_says_why(path: str, mode: str, says: str) -> None:
    risk = assess(put(path, mode=mode).text(), PUT, HERE, ["prod"])
    assert risk.level is RiskLevel.HIGH
    assert says in " ".join(risk.reasons)
    assert "The target is in production." in risk.reasons
    assert why_not_read_only(put(path).text(), PUT)


def test_a_name_without_a_secret_is_not_said_to_have_one() -> None:
    assert "secret" not in " ".join(assess(put("/etc/motd.new", mode="0644").text(), PUT, HERE, [""]).reasons)


@pytest.mark.parametrize(
    "path",
    ["/var/log/syslog", "/var/log/nginx/access.log", "/etc/fstab", "/etc/passwd", "/proc/meminfo", "/srv/report.csv",
     "/home/ana/notes.txt", "/root/dump.txt", "/opt/app/current/app.log", "/tmp/out.tar", "/usr/share/doc/x"],
)  # fmt: skip
def test_files_that_may_be_fetched(path: str) -> None:
    assert not secret_refusal(path)


@pytest.mark.parametrize(
    "path",
    ["/etc/shadow", "/etc/ssh/ssh_host_ed25519_key", "/root/.ssh/id_ed25519", "/home/ana/.aws/credentials",
     "/home/ana/.bash_history", "/srv/app/.env", "/srv/app/prod.env", "/srv/tls/server.key", "/proc/1/environ",
     "/proc/kcore", "/dev/mem", "/var/lib/postgresql/15/main/base", "/var/spool/cron/crontabs/root", "/etc/opsterm/x",
     "/srv/../etc/shadow", "/var/log/../lib/x", "/run/secrets/x", "/etc/someprogram.conf", "/opt/passwords.txt",
     "/root/../etc/shadow", "relative", "/home/ana/backup.sql", "/home/.x/y",
     "/tmp/krb5cc_1000", "/var/www/app/config.php", "/root/anaconda-ks.cfg", "/srv/terraform.tfstate"],
)  # fmt: skip
def test_files_that_may_hold_secrets_are_not_fetched_without_an_approval(path: str) -> None:
    assert secret_refusal(path)
