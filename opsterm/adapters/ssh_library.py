"""The SSH library, imported in the one way that starts no other program.

While it is imported it looks for two optional C libraries through `ctypes.util.find_library`, which runs
ldconfig, gcc and ld: 28 programs that an auditor of a jump host would have to explain. Neither library is
needed (both only add algorithms that have equals), so its look-ups find nothing, and everybody else's work as
ever. X.509 certificates, for which it needs a third library, are taken for nothing here: that part is left out,
as it is where the third library is missing, and a fifth of the time with it. Importing this module costs about 0.1 s
and 20 MB: only modules named ssh* may import it, and they are loaded when the first target is reached.
"""

from __future__ import annotations

import asyncio
import ctypes.util
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.utils import CryptographyDeprecationWarning


@contextmanager
def find_no_libraries(package: str) -> Iterator[None]:
    """Let `ctypes.util.find_library` answer None to modules of `package`; other callers, in any thread, get the truth.

    Args:
        package: name of a top-level package.
    """
    real = ctypes.util.find_library

    def find(name: str) -> str | None:
        caller = sys._getframe(1).f_globals.get("__name__", "")  # noqa: SLF001 (the one way to know who asks)
        return None if caller.partition(".")[0] == package else real(name)

    ctypes.util.find_library = find
    try:
        yield
    finally:
        ctypes.util.find_library = real


@contextmanager
def as_if_missing(module: str) -> Iterator[None]:
    """Let the import of a module fail, as on a machine without what it stands on; nothing happens if it is loaded.

    Args:
        module: its whole name.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # by which Python means that there is none
    try:
        yield
    finally:
        del sys.modules[module]


with find_no_libraries("asyncssh"), as_if_missing("asyncssh.crypto.x509"):
    import asyncssh
    from asyncssh import connection, encryption, kex, mac, public_key, sftp

    from opsterm.adapters import ssh_library_lean

warnings.filterwarnings("ignore", category=CryptographyDeprecationWarning, module=r"asyncssh\.")
"""Old algorithms are only spoken where ssh_config asks for them; a warning on standard error would spoil the screen."""

logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
"""It logs what it also raises; a screen has no place for both, and a server's words would come uncleaned."""


async def start_sftp_client(
    connection: asyncssh.SSHClientConnection, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]
) -> asyncssh.SFTPClient:
    """Speak SFTP version 3 over a channel that is open.

    The library's own method opens the channel as well and does not give it away, so that one which hangs could never
    be closed. Names that are no UTF-8 come as surrogate escapes.
    """
    loop = asyncio.get_running_loop()
    return await sftp.start_sftp_client(connection, loop, "replace", reader, writer, "utf-8", "surrogateescape", 3)


ssh_library_lean.leave_out()

__all__ = [
    "as_if_missing", "asyncssh", "connection", "encryption", "find_no_libraries", "kex", "mac", "public_key",
    "start_sftp_client",
]  # fmt: skip
