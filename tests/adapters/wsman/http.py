"""The transport of the server: HTTP or HTTPS, log-ins by Negotiate, Basic and certificate, sealed messages."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ssl
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import spnego
from spnego.channel_bindings import GssChannelBindings

from tests.adapters.wsman.soap import Operations

SEALED = ("application/HTTP-SPNEGO-session-encrypted", "application/HTTP-Kerberos-session-encrypted")
"""Names that a sealed message may have (MS-WSMV 2.2.9.1); it is answered under the same."""
KERBEROS_OID = bytes.fromhex("06092a864886f712010202")
"""1.2.840.113554.1.2.2: how a token of Kerberos begins that is not wrapped in SPNEGO's (RFC 4121, 4.1)."""
BOUNDARY = b"--Encrypted Boundary"
MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
SOAP_TYPE = "application/soap+xml;charset=UTF-8"


class WsmanServer:
    """One server on a port of 127.0.0.1, in threads of its own.

    NTLM finds its accounts in the file that the variable NTLM_USER_FILE names, a line "DOMAIN:USER:PASSWORD" each;
    Kerberos its key in the keytab of KRB5_KTNAME.

    Attributes:
        basic: accounts that may log in with Basic, password by name; empty: Basic is not offered.
        negotiate: whether Negotiate is offered, and Kerberos with it.
        certificates: accounts by the common name of a client's certificate.
        log_ins: accounts that logged in, one each time.
        connections: TCP connections that were taken.
        unsealed: requests that came over HTTP without encryption though the log-in offers it.
        raw: what is answered instead, when set: status, headers, body.
        bodies: what was sent while `raw` was set.
        spoil: what is really sent, given an answer's headers and body; log-ins included.
    """

    def __init__(self, operations: Operations, *, tls: ssl.SSLContext | None = None, certificate: bytes = b"") -> None:
        self.operations = operations
        self.tls = tls
        self.certificate = certificate
        self.basic: dict[str, str] = {}
        self.negotiate = True
        self.certificates: dict[str, str] = {}
        self.log_ins: list[str] = []
        self.connections = 0
        self.unsealed = 0
        self.raw: tuple[int, dict[str, str], bytes] | None = None
        self.bodies: list[bytes] = []
        self.spoil: Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]] | None = None
        self._open: set[Any] = set()
        owner = self

        class Dialogue(_Dialogue):
            owner_ = owner

        class Listener(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def finish_request(self, request: Any, client_address: Any) -> None:
                with contextlib.suppress(OSError, ssl.SSLError):
                    if owner.tls is not None:
                        request.settimeout(20)
                        request = owner.tls.wrap_socket(request, server_side=True)
                    owner.connections += 1
                    owner._open.add(request)
                    try:
                        super().finish_request(request, client_address)
                    finally:
                        owner._open.discard(request)
                        if owner.tls is not None:
                            request.close()

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Say nothing: clients that cut the line are part of the tests."""

        self._http = Listener(("127.0.0.1", 0), Dialogue)
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        for shell in list(self.operations.shells.values()):
            for running in shell.commands.values():
                running.stop(1)
        self.cut()
        self._http.server_close()
        self._thread.join()

    def cut(self) -> None:
        """Cut every connection that is open."""
        for request in list(self._open):
            with contextlib.suppress(OSError):
                request.shutdown(2)

    def bindings(self) -> GssChannelBindings | None:
        """Return what an NTLM log-in over TLS must be bound to (RFC 5929)."""
        if not self.certificate:
            return None
        digest = hashlib.sha256(self.certificate).digest()
        return GssChannelBindings(application_data=b"tls-server-end-point:" + digest)


class _Dialogue(BaseHTTPRequestHandler):
    """One connection: who logged in on it stays logged in."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    owner_: WsmanServer
    account = ""
    context: Any = None

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        raw = self.owner_.raw
        if raw is not None:
            self.owner_.bodies.append(body)
            self._reply(*raw)
            return
        if not self.path.startswith("/wsman"):
            self._reply(404, {}, b"")
            return
        token = self._log_in()
        if token is None:
            return
        headers = {"WWW-Authenticate": f"Negotiate {base64.b64encode(token).decode()}"} if token else {}
        self._serve(body, headers)

    # ------------------------------------------------------------------------------------------------ log-in

    def _log_in(self) -> bytes | None:
        """Return the last token of a log-in, b"" for none; None when the request has been answered."""
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        server = self.owner_
        if scheme in ("Negotiate", "NTLM", "Kerberos") and server.negotiate:
            return self._negotiate(scheme, given)
        if scheme == "Basic" and server.basic and server.tls is not None:
            name, _, password = base64.b64decode(given).decode().partition(":")
            if server.basic.get(name) == password:
                self.account = name
                server.log_ins.append(name)
                return b""
        elif scheme == MUTUAL and server.tls is not None:
            line: Any = self.connection
            shown = line.getpeercert() or {}
            names = [value for part in shown.get("subject", ()) for key, value in part if key == "commonName"]
            if names and names[0] in server.certificates:
                self.account = server.certificates[names[0]]
                return b""
        elif self.account and not scheme:
            return b""
        self._refuse()
        return None

    def _negotiate(self, scheme: str, given: str) -> bytes | None:
        token = base64.b64decode(given)
        if self.account or self.context is None:
            self.account = ""
            self.context = _acceptor(token, self.owner_.bindings())
        try:
            answer = self.context.step(token)
        except (spnego.exceptions.SpnegoError, AttributeError):  # pyspnego trips over a context that gssapi has ended
            refused = getattr(getattr(self.context, "_context", None), "_last_err", None)
            self.context = None
            self._refuse(getattr(refused, "token", None) or b"")
            return None
        if not self.context.complete:
            self._reply(401, {"WWW-Authenticate": f"{scheme} {base64.b64encode(answer or b'').decode()}"}, b"")
            return None
        self.account = str(self.context.client_principal)
        self.owner_.log_ins.append(self.account)
        return answer or b""

    def _refuse(self, token: bytes = b"") -> None:
        """Answer 401; a token says why, as Kerberos has them."""
        offered = [f"Negotiate {base64.b64encode(token).decode()}".strip()] if self.owner_.negotiate else []
        if self.owner_.basic:
            offered.append('Basic realm="WSMAN"')
        self.send_response(401)
        for one in offered:
            self.send_header("WWW-Authenticate", one)
        self.send_header("Content-Length", "0")
        self.end_headers()

    # -------------------------------------------------------------------------------------------- the message

    def _serve(self, body: bytes, headers: dict[str, str]) -> None:
        kind = self.headers.get("Content-Type", "")
        sealed = next((name for name in SEALED if name in kind), "")
        if not body:
            self._reply(200, headers, b"")
            return
        if sealed:
            try:
                body = _unsealed(self.context, body)
            except (ValueError, IndexError, struct.error, spnego.exceptions.SpnegoError):
                self._reply(400, {}, b"")
                return
        elif self.owner_.tls is None:
            self.owner_.unsealed += 1
            self._reply(500, {}, b"")
            return
        status, answer = self.owner_.operations.answer(body, self.account.lower())
        if sealed:
            answer = _sealed(self.context, answer, sealed)
            headers["Content-Type"] = f'multipart/encrypted;protocol="{sealed}";boundary="Encrypted Boundary"'
        else:
            headers["Content-Type"] = SOAP_TYPE
        self._reply(status, headers, answer)

    def _reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        if self.owner_.spoil is not None:
            headers, body = self.owner_.spoil(headers, body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _acceptor(token: bytes, bindings: GssChannelBindings | None) -> Any:
    """Return what takes a log-in of the kind that its first token is of."""
    how, options = "negotiate", spnego.NegotiateOptions.use_negotiate
    if token.startswith(b"NTLMSSP\x00"):
        how, options = "ntlm", spnego.NegotiateOptions.use_ntlm
    elif KERBEROS_OID in token[:20]:
        how, options = "kerberos", spnego.NegotiateOptions.use_gssapi
    return spnego.server(protocol=how, channel_bindings=bindings, options=options)


def _unsealed(context: Any, body: bytes) -> bytes:
    """Take a sealed message apart (MS-WSMV 2.2.9.1)."""
    parts = [part for part in body.split(BOUNDARY + b"\r\n") if part]
    length = int(parts[0].split(b"Length=")[1].split()[0])
    payload = parts[1].removesuffix(BOUNDARY + b"--\r\n")
    payload = payload[payload.index(b"octet-stream\r\n") + len(b"octet-stream\r\n") :]
    size = struct.unpack("<i", payload[:4])[0]
    message: bytes = context.unwrap_winrm(payload[4 : 4 + size], payload[4 + size :])
    if len(message) != length:
        raise ValueError(length)
    return message


def _sealed(context: Any, message: bytes, name: str) -> bytes:
    wrapped = context.wrap_winrm(message)
    sealed: bytes = (
        BOUNDARY + b"\r\n\tContent-Type: " + name.encode() + b"\r\n"
        b"\tOriginalContent: type=" + SOAP_TYPE.encode() + b";Length=%d\r\n" % len(message) + BOUNDARY + b"\r\n"
        b"\tContent-Type: application/octet-stream\r\n" + struct.pack("<i", len(wrapped.header)) + wrapped.header
        + wrapped.data + BOUNDARY + b"--\r\n"
    )  # fmt: skip
    return sealed
