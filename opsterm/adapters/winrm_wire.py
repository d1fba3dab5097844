"""One WS-Management connection, blocking: pywinrm's headers and transport, our own reading of the answers (MS-WSMV).

No answer reaches a parser but that of `winrm_xml`.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
import spnego.exceptions
import xmltodict
from urllib3.exceptions import HTTPError as UrllibError
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError
from winrm.protocol import Protocol

from opsterm.adapters.winrm_faults import SENSELESS, BadAnswer, BadStatus, Denied, Fault, LineFailed
from opsterm.adapters.winrm_transport import GuardedTransport
from opsterm.adapters.winrm_xml import UnusableXml, parse_xml
from opsterm.policy.wql import class_of, namespace_of

RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CMD_SHELL = f"{RSP}/cmd"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
CTRL_C, TERMINATE = f"{RSP}/signal/ctrl_c", f"{RSP}/signal/terminate"

OPERATION_TIMED_OUT = 2150858793
_ERROR_NUMBER = re.compile(r"0[xX]([0-9A-Fa-f]{1,16})|(-?[0-9]{1,20})")
ITEMS_AT_ONCE = 500
MOST_ITEMS = 20_000
IDLE_S = 180
"""Seconds after which a target may end a shell that we left behind; Windows takes 60 at least."""


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
        """Open a shell and return its id. Raises WireError of `winrm_faults`, as everything here."""
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
        found = self._ask(CMD_SHELL, f"{RSP}/Command", body, shell=shell, options=options).find(
            f".//{{{RSP}}}CommandId"
        )
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
        """Yield the CIM instances that a WQL query names: property to text, list or None.

        A reference to another instance is told as its path, as in 'Win32_Account.Domain="LAB",Name="ops"'.
        """
        resource = f"{WMI}/{namespace_of(class_of(query))}/*"
        body: dict[str, Any] = {"n:Enumerate": {
            "w:OptimizeEnumeration": None, "w:MaxElements": str(ITEMS_AT_ONCE),
            "w:Filter": {"@Dialect": WQL, "#text": query},
        }}  # fmt: skip
        action, count = f"{ENUMERATION}/Enumerate", 0
        while True:
            answer = self._ask(resource, action, body)
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


def _sent(transport: GuardedTransport, message: str) -> tuple[int, bytes]:
    """Return HTTP status and text of the answer."""
    try:
        return 200, transport.send_message(message)
    except InvalidCredentialsError as error:
        raise Denied("401") from error
    except WinRMTransportError as error:
        return error.code, error.response_text.encode("utf-8", "replace")
    except requests.TooManyRedirects as error:
        raise BadStatus(error.response.status_code if error.response is not None else 302) from error
    except (requests.RequestException, UrllibError, OSError) as error:
        raise LineFailed(str(error), timed_out=isinstance(error, requests.Timeout | TimeoutError)) from error
    except (spnego.exceptions.SpnegoError, WinRMError) as error:
        raise BadAnswer(str(error)) from error
    except SENSELESS as error:
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
        code = _number(told or "") or code
    said = fault.findtext(f"{{{SOAP}}}Reason/{{{SOAP}}}Text") or ""
    inner = next((e.text for e in fault.iter() if e.tag.rpartition("}")[2] == "Message" and (e.text or "").strip()), "")
    subcode = fault.findtext(f"{{{SOAP}}}Code/{{{SOAP}}}Subcode/{{{SOAP}}}Value") or ""
    return Fault(code, subcode.strip(), (said.strip() or (inner or "").strip())[:4000])


def _number(text: str) -> int:
    """Return an error's number as the unsigned one of 32 bits that it is, 0 for none.

    Windows writes an HRESULT as that, as a negative number, in hexadecimal, or with its sign extended to 64 bits.
    """
    told = _ERROR_NUMBER.fullmatch(text.strip())
    if told is None:
        return 0
    return int(told[1] or told[2], 16 if told[1] else 10) & 0xFFFFFFFF


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


def _value(element: ET.Element) -> str:
    """Return a property's text, that of a datetime inside it, or the path of the instance that it refers to."""
    inner = next(iter(element), None)
    if inner is None:
        return element.text or ""
    place = element.find(f"{{{ADDRESSING}}}ReferenceParameters")
    if place is None:
        return inner.text or ""
    name = (place.findtext(f"{{{WSMAN}}}ResourceURI") or "").rpartition("/")[2]
    keys = (
        (one.get("Name", ""), (one.text or "").replace("\\", "\\\\").replace('"', '\\"'))
        for one in place.iterfind(f"{{{WSMAN}}}SelectorSet/{{{WSMAN}}}Selector")
    )
    return f"{name}." + ",".join(f'{key}="{text}"' for key, text in keys if not key.startswith("__"))


def _properties(item: ET.Element) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for element in item:
        name = element.tag.rpartition("}")[2]
        nil = any(key.rpartition("}")[2] == "nil" and value in ("true", "1") for key, value in element.attrib.items())
        value = None if nil else _value(element)
        before = found.get(name)
        found[name] = value if name not in found else [*(before if isinstance(before, list) else [before]), value]
    return found
