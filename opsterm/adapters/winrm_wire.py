"""One WS-Management connection, blocking: pywinrm's transport and headers, our own reading of the answers.

pywinrm parses answers with the standard library's parser, takes an answer of any size, follows redirects, reads
~/.netrc, and takes an unencrypted answer where it has sent an encrypted request. None of that may be: the transport
here is pywinrm's with those doors shut, and no answer reaches a parser but that of `winrm_xml`.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import socket
import struct
import uuid
import xml.etree.ElementTree as ET  # noqa: S405 (the type of what winrm_xml has parsed)
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
import spnego.exceptions
import xmltodict
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError as UrllibError
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError
from winrm.protocol import Protocol
from winrm.transport import Transport

from opsterm.adapters.winrm_xml import LARGEST, UnusableXml, parse_xml

RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CMD_SHELL = f"{RSP}/cmd"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
CIMV2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
CTRL_C, TERMINATE = f"{RSP}/signal/ctrl_c", f"{RSP}/signal/terminate"

OPERATION_TIMED_OUT = 2150858793
LONGEST_REFUSAL = 65_536
"""Bytes of the body of a 401: it is read before anything is known of the other side."""
ITEMS_AT_ONCE = 500
MOST_ITEMS = 20_000
IDLE_S = 180
"""Seconds after which a target may end a shell that we left behind; Windows takes 60 at least."""


class WireError(Exception):
    """Something went wrong on the line; `winrm_refusals` says it to the operator."""


class Fault(WireError):
    """The target's WS-Management service refused.

    Attributes:
        code: number of the WSManFault or of the provider's error, 0 when there is none.
        subcode: "w:TimedOut" and such.
        text: its own words.
    """

    def __init__(self, code: int, subcode: str, text: str) -> None:
        super().__init__(text)
        self.code, self.subcode, self.text = code, subcode, text


class Denied(WireError):
    """401: it does not take this log-in."""


class BadStatus(WireError):
    """An HTTP status without a SOAP fault."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class BadAnswer(WireError):
    """An answer that is not WS-Management, or not protected as it must be."""


class LineFailed(WireError):
    """The line failed; its cause is the library's error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came of a command.

    Attributes:
        pieces: stream ("stdout", "stderr") and bytes, in order.
        exit_code: None while it runs.
    """

    pieces: Sequence[tuple[str, bytes]] = ()
    exit_code: int | None = None


class Wire:
    """One log-in to one target over one TCP connection. Use it from one thread at a time.

    Args:
        protocol: pywinrm's, for its headers.
        transport: takes the messages over.
    """

    def __init__(self, protocol: Protocol, transport: GuardedTransport) -> None:
        self._protocol = protocol
        self._transport = transport

    def open_shell(self, code_page: int) -> str:
        """Open a shell and return its id. Raises WireError, as everything here."""
        body = {"rsp:Shell": {"rsp:IdleTimeOut": f"PT{IDLE_S}.000S", "rsp:InputStreams": "stdin",
                              "rsp:OutputStreams": "stdout stderr"}}  # fmt: skip
        options = {"WINRS_NOPROFILE": "FALSE", "WINRS_CODEPAGE": str(code_page)}
        answer = self._ask(CMD_SHELL, f"{TRANSFER}/Create", body, options=options)
        for element in answer.iter(f"{{{WSMAN}}}Selector"):
            if element.get("Name") == "ShellId" and element.text:
                return element.text
        raise BadAnswer("There is no ShellId in it.")

    def begin(self, shell: str, line: str, *, console: bool) -> str:
        """Begin a command and return its id.

        Args:
            shell: id of the shell.
            line: command line, handed to cmd.
            console: whether standard input is a console; else it is a pipe for `send`.
        """
        options = {"WINRS_CONSOLEMODE_STDIN": str(console).upper(), "WINRS_SKIP_CMD_SHELL": "FALSE"}
        body = {"rsp:CommandLine": {"rsp:Command": line}}
        found = self._ask(CMD_SHELL, f"{RSP}/Command", body, shell=shell, options=options).find(f".//{{{RSP}}}CommandId")
        if found is None or not found.text:
            raise BadAnswer("There is no CommandId in it.")
        return found.text

    def send(self, shell: str, command: str, data: bytes, *, end: bool) -> None:
        """Put bytes on a command's standard input, and close it behind them when `end`."""
        stream = {"@Name": "stdin", "@CommandId": command, "@End": str(end).lower(),
                  "#text": base64.b64encode(data).decode()}  # fmt: skip
        self._ask(CMD_SHELL, f"{RSP}/Send", {"rsp:Send": {"rsp:Stream": stream}}, shell=shell)

    def receive(self, shell: str, command: str) -> Received:
        """Return what a command printed since; nothing when it printed nothing for a while."""
        body = {"rsp:Receive": {"rsp:DesiredStream": {"@CommandId": command, "#text": "stdout stderr"}}}
        options = {"WSMAN_CMDSHELL_OPTION_KEEPALIVE": "TRUE"}
        try:
            answer = self._ask(CMD_SHELL, f"{RSP}/Receive", body, shell=shell, options=options)
        except Fault as fault:
            if fault.code == OPERATION_TIMED_OUT:
                return Received()
            raise
        return _received(answer)

    def signal(self, shell: str, command: str, code: str) -> None:
        """Send CTRL_C or TERMINATE to a command."""
        self._ask(CMD_SHELL, f"{RSP}/Signal", {"rsp:Signal": {"@CommandId": command, "rsp:Code": code}}, shell=shell)

    def delete(self, shell: str) -> None:
        """Delete a shell and end all that runs in it."""
        self._ask(CMD_SHELL, f"{TRANSFER}/Delete", {}, shell=shell)

    def select(self, query: str) -> Iterator[Mapping[str, object]]:
        """Yield CIM instances of root/cimv2 that a WQL query names: property to text, list or None."""
        body: dict[str, Any] = {"n:Enumerate": {
            "w:OptimizeEnumeration": None, "w:MaxElements": str(ITEMS_AT_ONCE),
            "w:Filter": {"@Dialect": WQL, "#text": query},
        }}  # fmt: skip
        action, count = f"{ENUMERATION}/Enumerate", 0
        while True:
            answer = self._ask(CIMV2, action, body)
            for items in (*answer.iter(f"{{{WSMAN}}}Items"), *answer.iter(f"{{{ENUMERATION}}}Items")):
                for item in items:
                    yield _properties(item)
                    count += 1
            context = answer.findtext(f".//{{{ENUMERATION}}}EnumerationContext") or ""
            ends = (f".//{{{ENUMERATION}}}EndOfSequence", f".//{{{WSMAN}}}EndOfSequence")
            if not context or count >= MOST_ITEMS or any(answer.find(end) is not None for end in ends):
                return
            action = f"{ENUMERATION}/Pull"
            body = {"n:Pull": {"n:EnumerationContext": context, "n:MaxElements": str(ITEMS_AT_ONCE)}}

    def close(self) -> None:
        """Close the connection."""
        self._transport.close_session()

    def abort(self) -> None:
        """Cut the connection: a call that waits in another thread ends. Does not block."""
        self._transport.abort()

    def _ask(
        self, resource: str, action: str, body: Mapping[str, Any], *, shell: str = "",
        options: Mapping[str, str] | None = None,
    ) -> ET.Element:  # fmt: skip
        """Send one message and return the body of its answer."""
        message_id = uuid.uuid4()
        header = self._protocol.build_wsman_header(action, resource, shell or None, message_id)
        if options:
            header["env:Header"]["w:OptionSet"] = {
                "w:Option": [{"@Name": name, "#text": text} for name, text in options.items()]
            }
        header["env:Body"] = body
        status, text = _sent(self._transport, xmltodict.unparse({"env:Envelope": header}))
        return read_answer(status, text, f"uuid:{message_id}")


def _sent(transport: Transport, message: str) -> tuple[int, bytes]:
    """Return HTTP status and text of the answer."""
    try:
        return 200, transport.send_message(message)
    except InvalidCredentialsError as error:
        raise Denied("401") from error
    except WinRMTransportError as error:
        return error.code, error.response_text.encode("utf-8", "replace")
    except (requests.RequestException, UrllibError, OSError) as error:
        raise LineFailed(str(error)) from error
    except (spnego.exceptions.SpnegoError, WinRMError) as error:
        raise BadAnswer(str(error)) from error
    except (LookupError, ValueError, TypeError, AttributeError, struct.error, binascii.Error) as error:
        # What the libraries raise about a header, a token or a sealed part that makes no sense.
        raise BadAnswer(f"{type(error).__name__}: {error}") from error


def read_answer(status: int, text: bytes, message_id: str) -> ET.Element:
    """Return the body of an answer.

    Args:
        status: of HTTP.
        text: the envelope.
        message_id: what it must relate to.

    Raises:
        Fault: it says that the request failed.
        BadStatus: it has no envelope, and a status that says why.
        BadAnswer: it is no answer to this request.
    """
    if status != 200 and not text.strip():
        raise BadStatus(status)
    try:
        root = parse_xml(text)
    except UnusableXml as error:
        raise (BadStatus(status) if status != 200 else BadAnswer(str(error))) from error
    body = root.find(f"{{{SOAP}}}Body")
    if body is None:
        raise BadStatus(status) if status != 200 else BadAnswer("It is no SOAP envelope.")
    fault = body.find(f"{{{SOAP}}}Fault")
    if fault is not None:
        raise _fault(fault)
    if status != 200:
        raise BadStatus(status)
    relates_to = (root.findtext(f"{{{SOAP}}}Header/{{{ADDRESSING}}}RelatesTo") or "").strip()
    if relates_to.lower() != message_id.lower():
        raise BadAnswer("It is the answer to another request.")
    return body


def _fault(fault: ET.Element) -> Fault:
    code = 0
    for element in fault.iter():
        name = element.tag.rpartition("}")[2]
        told = element.get("Code", "") if name == "WSManFault" else element.text if name == "error_Code" else ""
        if told and told.strip().isdecimal() and len(told) <= 12:
            code = int(told)
    said = fault.findtext(f"{{{SOAP}}}Reason/{{{SOAP}}}Text") or ""
    inner = next((e.text for e in fault.iter() if e.tag.rpartition("}")[2] == "Message" and (e.text or "").strip()), "")
    subcode = fault.findtext(f"{{{SOAP}}}Code/{{{SOAP}}}Subcode/{{{SOAP}}}Value") or ""
    return Fault(code, subcode.strip(), (said.strip() or (inner or "").strip())[:4000])


def _received(body: ET.Element) -> Received:
    pieces = []
    for stream in body.iter(f"{{{RSP}}}Stream"):
        if stream.text:
            try:
                pieces.append((stream.get("Name", ""), base64.b64decode(stream.text)))
            except (binascii.Error, ValueError):
                raise BadAnswer("Its output is no base64.") from None
    state = body.find(f".//{{{RSP}}}CommandState")
    if state is None and not pieces:
        raise BadAnswer("It has neither output nor a state.")
    if state is None or not state.get("State", "").endswith("/Done"):
        return Received(pieces=pieces)
    told = (state.findtext(f"{{{RSP}}}ExitCode") or "").strip()
    if not told.removeprefix("-").isdecimal() or len(told) > 11:
        raise BadAnswer("It has no exit code.")
    return Received(pieces=pieces, exit_code=int(told))


def _properties(item: ET.Element) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for element in item:
        name = element.tag.rpartition("}")[2]
        nil = any(key.rpartition("}")[2] == "nil" and value in ("true", "1") for key, value in element.attrib.items())
        inner = next(iter(element), None)
        value = None if nil else (inner.text if inner is not None else element.text) or ""
        before = found.get(name)
        found[name] = value if name not in found else [*(before if isinstance(before, list) else [before]), value]
    return found


# ----------------------------------------------------------------------------------------------- the transport


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
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 - goes with the line before
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
