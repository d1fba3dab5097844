"""A Kerberos realm of the tests' own: MIT's KDC on a port of 127.0.0.1, its accounts, and the files of its clients.

It needs krb5kdc, kadmin.local, kdb5_util, kinit and kvno (Debian: krb5-kdc, krb5-admin-server, krb5-user), and the
libraries of the extra `kerberos`. What is missing is said in `MISSING`; tests are skipped then.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

REALM = "OPSTERM.TEST"
_PATH = "/usr/sbin:/sbin:" + os.environ["PATH"]
_PROGRAMS = ("krb5kdc", "kadmin.local", "kdb5_util", "kinit", "kvno")
_LIBRARIES = ("gssapi", "krb5")

MISSING = ", ".join(
    [name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None]
    + [f"Python's {name}" for name in _LIBRARIES if importlib.util.find_spec(name) is None]
)
"""What the machine lacks for a realm, "" when nothing is lacking."""

_CLIENTS = """
[libdefaults]
 default_realm = {realm}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
 permitted_enctypes = aes256-cts-hmac-sha1-96 arcfour-hmac
 allow_rc4 = true
[realms]
 {realm} = {{
  kdc = 127.0.0.1:{port}
 }}
 GONE.TEST = {{
  kdc = 127.0.0.1:{closed}
 }}
"""
_SERVER = """
[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {realm} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  max_life = 1h
  supported_enctypes = aes256-cts-hmac-sha1-96:normal
 }}
[logging]
 kdc = FILE:{folder}/kdc.log
"""


class Realm:
    """A realm that is up.

    Attributes:
        folder: its files: `krb5.conf`, keytabs, the log.
        environment: variables under which programs and libraries know it.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.environment: Mapping[str, str] = {
            "KRB5_CONFIG": str(folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(folder / "kdc.conf"),
            "KRB5_KTNAME": f"FILE:{folder}/services.keytab",
            "KRB5CCNAME": f"FILE:{folder}/tickets",
            "KRB5RCACHENAME": "none:",
        }

    @property
    def tickets(self) -> Path:
        """The file of the tickets that there are by default."""
        return self.folder / "tickets"

    def run(self, *words: str, given: str = "") -> None:
        """Run one of Kerberos' programs. Raises CalledProcessError."""
        subprocess.run(
            words, env={**os.environ, **self.environment, "PATH": _PATH}, input=given.encode(), check=True,
            capture_output=True, timeout=300,
        )  # fmt: skip

    def add(self, name: str, *options: str) -> None:
        """Add an account or a service; without "-pw PASSWORD" it has a random key."""
        key = () if "-pw" in options else ("-randkey",)
        self._administer("addprinc", *options, *key, name)

    def set_up(self, name: str, *options: str) -> None:
        """Change an account."""
        self._administer("modprinc", *options, name)

    def change_key(self, name: str) -> None:
        """Give an account or a service another key; keytabs know the old one."""
        self._administer("cpw", "-randkey", name)

    def write_keytab(self, path: Path, name: str) -> Path:
        """Write an account's key into a file; the key stays what it is."""
        self._administer("ktadd", "-norandkey", "-k", str(path), name)
        return path

    def _administer(self, *words: str) -> None:
        self.run("kadmin.local", "-r", REALM, *words)

    def log_in(self, name: str, password: str, *options: str) -> None:
        """Get a ticket, as an operator does."""
        self.run("kinit", *options, name, given=f"{password}\n")


@contextmanager
def realm(folder: Path) -> Iterator[Realm]:
    """Yield a realm; its KDC is ended in the end."""
    folder.mkdir()
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, closed = one.getsockname()[1], other.getsockname()[1]
    found = Realm(folder, port)
    told = {"realm": REALM, "port": port, "closed": closed, "folder": folder}
    (folder / "krb5.conf").write_text(_CLIENTS.format(**told))
    (folder / "kdc.conf").write_text(_SERVER.format(**told))
    found.run("kdb5_util", "create", "-s", "-r", REALM, "-P", "of the database")
    program = shutil.which("krb5kdc", path=_PATH)
    assert program is not None
    kdc = subprocess.Popen(
        [program, "-n", "-r", REALM, "-P", str(folder / "pid")], env={**os.environ, **found.environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert kdc.stdout is not None
        for line in kdc.stdout:  # it says so when it listens
            if b"starting" in line:
                break
        yield found
    finally:
        kdc.kill()
        kdc.communicate()


def shift_clock(tickets: Path, seconds: int) -> None:
    """Let whoever uses a file of tickets believe that the KDC's clock is that much ahead of its own.

    The file has a header for this (version 4: tags, the first of them the difference of time), in which kinit keeps how
    wrong its clock was. So a client's clock can be put wrong and no other.
    """
    data = tickets.read_bytes()
    assert data[:2] == b"\x05\x04"
    length = struct.unpack(">H", data[2:4])[0]
    header = struct.pack(">HHii", 1, 8, seconds, 0)
    tickets.write_bytes(data[:2] + struct.pack(">H", len(header)) + header + data[4 + length :])
