"""The line under WS-Management: pywinrm's transport with the doors shut that it leaves open.

pywinrm parses answers with the standard library's parser, takes an answer of any size, follows redirects, reads
~/.netrc, and takes an unencrypted answer where it has sent an encrypted request. None of that may be.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError as UrllibError
from urllib3.exceptions import InsecureRequestWarning
from winrm.exceptions import WinRMError
from winrm.transport import Transport

from opsterm.adapters.winrm_faults import SENSELESS, BadAnswer, BadStatus, LineFailed
from opsterm.adapters.winrm_xml import LARGEST, UnusableXml

urllib3.disable_warnings(InsecureRequestWarning)  # winrm.verify off is said by the doctor and to every approver

LONGEST_REFUSAL = 65_536
"""Bytes of the body of a 401: it is read before anything is known of the other side."""


class CappedAdapter(HTTPAdapter):
    """Takes no more than LARGEST of an answer, and waits for connecting and for reading as long as each may take.

    Attributes:
        opened: the socket that is open, [] for none yet.
    """

    def __init__(self, *, connect_s: float, answer_s: float) -> None:
        self.opened: list[socket.socket] = []
        super().__init__(pool_connections=1, pool_maxsize=1)
        self._timeouts = (connect_s, answer_s)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool of connections, one whose sockets are known here; see `HTTPAdapter.init_poolmanager`."""
        super().init_poolmanager(*args, **kwargs)
        opened = self.opened

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                opened[:] = [self.sock]

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                opened[:] = [self.sock]

        plain = type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
        secure = type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": secure}

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; see `HTTPAdapter.send`.

        Raises:
            UnusableXml: the answer is too long.
        """
        response = super().send(request, *args, **{**kwargs, "stream": True, "timeout": self._timeouts})
        length = response.headers.get("Content-Length", "")
        if response.status_code == 401:  # read by the log-in, which needs the open connection for its channel binding
            if not length.isdecimal() or int(length) > LONGEST_REFUSAL:
                response.close()
                raise UnusableXml("Its refusal has no length, or is too long.")
            return response
        taken = bytearray()
        while piece := response.raw.read1(LARGEST, decode_content=True):
            taken += piece
            if len(taken) > LARGEST:
                response.close()
                raise UnusableXml(f"It is longer than {LARGEST} bytes.")
        response._content = bytes(taken)  # noqa: SLF001 - the library has no other way to be given a body
        response._content_consumed = True  # noqa: SLF001 - goes with the line before
        return response


class GuardedTransport(Transport):
    """pywinrm's transport with the doors shut that this module's sentence names.

    Args:
        connect_s: seconds for a TCP connection.
        answer_s: seconds in which an answer must begin, and go on.
        arguments: of pywinrm's transport.
    """

    def __init__(self, *, connect_s: float, answer_s: float, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._limits = (connect_s, answer_s)
        self._guarded: requests.Session | None = None
        self._adapter: CappedAdapter | None = None

    def build_session(self) -> requests.Session:
        """Return the session, guarded before anything is sent."""
        session: requests.Session = super().build_session()
        self._guard(session)
        return session

    def setup_encryption(self, session: requests.Session) -> None:
        """Log in and get what seals messages. Where that fails the session goes: the next message would be plain."""
        try:
            super().setup_encryption(session)
        except BaseException:
            self.close_session()
            raise

    def certificate(self) -> bytes | None:
        """Return the target's certificate on the open connection, DER; None without TLS."""
        line = next(iter(self._adapter.opened), None) if self._adapter is not None else None
        return line.getpeercert(binary_form=True) if isinstance(line, ssl.SSLSocket) else None

    def close_session(self) -> None:
        """Close the connection; the next message logs in again."""
        super().close_session()
        self.encryption = None

    def abort(self) -> None:
        """Cut the connection under whoever waits on it in another thread."""
        for line in self._adapter.opened if self._adapter is not None else ():
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _guard(self, session: requests.Session) -> None:
        if session is self._guarded:
            return
        connect_s, answer_s = self._limits
        self._adapter = CappedAdapter(connect_s=connect_s, answer_s=answer_s)
        for scheme in ("http://", "https://"):
            session.mount(scheme, self._adapter)
        session.trust_env = False
        session.max_redirects = 0
        session.headers["Accept-Encoding"] = "identity"
        self._guarded = session

    def _send_message_request(self, session: requests.Session, prepared_request: Any) -> requests.Response:
        self._guard(session)  # a log-in with sealed messages begins while the session is being built
        response: requests.Response = super()._send_message_request(session, prepared_request)
        return response

    def _get_message_response_text(self, response: requests.Response) -> bytes:
        if self.encryption is not None and response.content:
            kind = response.headers.get("Content-Type", "")
            if self.encryption.protocol_string.decode() not in kind:
                raise WinRMError("An answer came that was not encrypted.")
        text: bytes = super()._get_message_response_text(response)
        return text


def knock(endpoint: str, authorities: str | None, *, connect_s: float, answer_s: float) -> None:
    """Send an empty request without a log-in: WinRM refuses it with 401.

    Args:
        endpoint: URL.
        authorities: file or folder of those that count; None: the certificate is not looked at.
        connect_s: seconds for a TCP connection.
        answer_s: seconds in which the answer must begin.

    Raises:
        BadStatus, BadAnswer: it is no WinRM that answers.
        LineFailed: nothing answers, or its certificate is not trusted.
    """
    with requests.Session() as session:
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, CappedAdapter(connect_s=connect_s, answer_s=answer_s))
        try:
            response = session.post(endpoint, data=b"", verify=authorities or False, allow_redirects=False)
        except (requests.RequestException, UrllibError, OSError) as error:
            raise LineFailed(str(error)) from error
        except SENSELESS as error:
            raise BadAnswer(f"{type(error).__name__}: {error}") from error
        if response.status_code not in (200, 401):
            raise BadStatus(response.status_code)
        if response.status_code == 401 and not response.headers.get("WWW-Authenticate"):
            raise BadAnswer("It offers no way to log in.")
