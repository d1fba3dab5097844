"""The operations of the server: SOAP in, SOAP out."""

from __future__ import annotations

import base64
import binascii
import re
import threading
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from tests.adapters.wsman.cim import ALL_WMI, WMI, instance_xml
from tests.adapters.wsman.host import CTRL_C_EXIT, Running, ScriptedHost

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
N = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
X = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
F = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
CFG = "http://schemas.microsoft.com/wbem/wsman/1/config"
STANDARD = "msft_net"
"""How the classes begin that are in root/StandardCimv2 and nowhere else."""
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
SHELL_CMD = f"{RSP}/cmd"

TIMED_OUT, NO_SHELL, ABORTED = 2150858793, 2150858843, 995
MAX_SHELLS, MAX_OPERATIONS = 2150859173, 2150859174
OUTPUT_AT_ONCE = 64_000


class Fault(Exception):
    """What is answered with HTTP 500."""

    def __init__(self, code: int, text: str, *, subcode: str = "w:InternalError", wmi: bool = False) -> None:
        super().__init__(text)
        self.code, self.text, self.subcode, self.wmi = code, text, subcode, wmi


@dataclass
class Shell:
    """One shell and its commands."""

    owner: str
    name: str
    commands: dict[str, Running] = field(default_factory=dict)
    began: int = 0


@dataclass(frozen=True)
class Asked:
    """One request, taken apart."""

    action: str
    message_id: str
    resource: str
    selectors: Mapping[str, str]
    timeout_s: float
    root: ET.Element
    owner: str

    @property
    def word(self) -> str:
        """The last word of the action."""
        return self.action.rpartition("/")[2]

    def first(self, tag: str) -> ET.Element:
        """Return the first element of this name. Raises Fault."""
        found = self.root.find(f".//{tag}")
        if found is None:
            raise Fault(2150858817, f"The SOAP XML in the message lacks {tag}.", subcode="w:SchemaValidationError")
        return found


def no_shell(shell_id: str) -> Fault:
    """Return what is said about a shell that is not there."""
    return Fault(
        NO_SHELL,
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on "
        "the server.",
        subcode="w:InvalidSelectors",
    )


class Operations:
    """What the server does.

    Attributes:
        shells: by id.
        asked: the last word of every action that came, in order.
        max_shells: shells of one account; more are refused.
        max_operations: commands of one shell; it never counts down, as WinRS does not.
        intercept: called before each operation; may raise a Fault.
    """

    def __init__(self, host: ScriptedHost) -> None:
        self.host = host
        self.shells: dict[str, Shell] = {}
        self.asked: list[str] = []
        self.max_shells = 30
        self.max_operations = 1500
        self.intercept: Callable[[Asked], None] | None = None
        self._pages: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def answer(self, body: bytes, owner: str) -> tuple[int, bytes]:
        """Return HTTP status and envelope."""
        try:
            asked = _taken_apart(body, owner)
        except (ET.ParseError, ValueError) as error:
            return 500, _fault("", Fault(2150858817, f"The SOAP XML cannot be read: {error}"))
        self.asked.append(asked.word)
        try:
            if self.intercept is not None:
                self.intercept(asked)
            inside = self._operation(asked)
        except Fault as fault:
            return 500, _fault(asked.message_id, fault)
        return 200, _envelope(f"{asked.action}Response", asked.message_id, inside)

    def _operation(self, asked: Asked) -> str:
        known: Mapping[str, Callable[[Asked], str]] = {
            f"{X}/Create": self._create, f"{X}/Delete": self._delete, f"{X}/Get": self._get,
            f"{RSP}/Command": self._command, f"{RSP}/Receive": self._receive, f"{RSP}/Send": self._send,
            f"{RSP}/Signal": self._signal, f"{N}/Enumerate": self._enumerate, f"{N}/Pull": self._pull,
        }  # fmt: skip
        if asked.action not in known:
            raise Fault(2150858819, f"The action {asked.action} is not supported.", subcode="a:ActionNotSupported")
        return known[asked.action](asked)

    # ------------------------------------------------------------------------------------------------ shells

    def _shell(self, asked: Asked) -> Shell:
        shell_id = asked.selectors.get("ShellId", "")
        shell = self.shells.get(shell_id)
        if shell is None or shell.owner != asked.owner:
            raise no_shell(shell_id)
        return shell

    def _running(self, asked: Asked, command_id: str) -> Running:
        found = self._shell(asked).commands.get(command_id)
        if found is None:
            raise Fault(2150858814, "The command is not there.", subcode="w:InvalidSelectors")
        return found

    def _create(self, asked: Asked) -> str:
        if asked.resource != SHELL_CMD:
            raise Fault(2150858811, f"There is no {asked.resource}.", subcode="a:DestinationUnreachable")
        with self._lock:
            if sum(shell.owner == asked.owner for shell in self.shells.values()) >= self.max_shells:
                raise Fault(
                    MAX_SHELLS,
                    f"This user is allowed a maximum number of {self.max_shells} concurrent shells, which has been "
                    "exceeded. Close existing shells or raise the quota for this user.",
                    subcode="w:QuotaLimit",
                    wmi=True,
                )
            shell_id = str(uuid.uuid4()).upper()
            name = asked.root.find(f".//{{{RSP}}}Name")
            self.shells[shell_id] = Shell(asked.owner, (name.text or "") if name is not None else "")
        selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
        return (
            f"<x:ResourceCreated><a:Address>{A}/role/anonymous</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{SHELL_CMD}</w:ResourceURI>{selector}</a:ReferenceParameters></x:ResourceCreated>"
            f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{SHELL_CMD}</rsp:ResourceUri>"
            f"<rsp:Owner>{escape(asked.owner)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
            "<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams>"
            "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
        )

    def _delete(self, asked: Asked) -> str:
        shell = self._shell(asked)
        del self.shells[asked.selectors["ShellId"]]
        for running in shell.commands.values():
            running.stop(CTRL_C_EXIT)
        return ""

    def _command(self, asked: Asked) -> str:
        shell = self._shell(asked)
        if shell.began >= self.max_operations:
            raise Fault(
                MAX_OPERATIONS,
                f"This user is allowed a maximum number of {self.max_operations} concurrent operations, which has been "
                "exceeded.",
                subcode="w:QuotaLimit",
                wmi=True,
            )
        line = asked.first(f"{{{RSP}}}CommandLine")
        words = [(part.text or "") for part in line if part.tag in (f"{{{RSP}}}Command", f"{{{RSP}}}Arguments")]
        command_id = line.get("CommandId") or str(uuid.uuid4()).upper()
        shell.began += 1
        shell.commands[command_id] = self.host.start(" ".join(words))
        return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"

    def _receive(self, asked: Asked) -> str:
        command_id = asked.first(f"{{{RSP}}}DesiredStream").get("CommandId", "")
        running = self._running(asked, command_id)
        got = running.wait(asked.timeout_s, OUTPUT_AT_ONCE)
        if got is None:
            raise Fault(
                TIMED_OUT,
                "The WS-Management service cannot complete the operation within the time in OperationTimeout.",
                subcode="w:TimedOut",
            )
        if asked.selectors["ShellId"] not in self.shells:
            raise Fault(ABORTED, "The I/O operation has been aborted because of a thread exit.")
        output, code = got
        streams = "".join(
            f'<rsp:Stream Name="{name}" CommandId="{command_id}">{base64.b64encode(data).decode()}</rsp:Stream>'
            for name, data in output
        )
        if code is None:
            state = f'<rsp:CommandState CommandId="{command_id}" State="{RSP}/CommandState/Running"/>'
        else:
            names = ("stdout", "stderr")
            ends = "".join(f'<rsp:Stream Name="{name}" CommandId="{command_id}" End="true"/>' for name in names)
            state = (
                f'{ends}<rsp:CommandState CommandId="{command_id}" State="{RSP}/CommandState/Done">'
                f"<rsp:ExitCode>{code}</rsp:ExitCode></rsp:CommandState>"
            )
        return f"<rsp:ReceiveResponse>{streams}{state}</rsp:ReceiveResponse>"

    def _send(self, asked: Asked) -> str:
        stream = asked.first(f"{{{RSP}}}Stream")
        running = self._running(asked, stream.get("CommandId", ""))
        try:
            running.stdin += base64.b64decode(stream.text or "", validate=True)
        except binascii.Error:
            raise Fault(87, "The parameter is incorrect.", subcode="w:InvalidParameter") from None
        if (stream.get("End") or "").lower() in ("true", "1"):
            running.stdin_ended.set()
        return "<rsp:SendResponse/>"

    def _signal(self, asked: Asked) -> str:
        running = self._running(asked, asked.first(f"{{{RSP}}}Signal").get("CommandId", ""))
        code = (asked.first(f"{{{RSP}}}Code").text or "").rpartition("/")[2].lower()
        if code == "terminate":
            running.stop(CTRL_C_EXIT)
            self._shell(asked).commands.pop(asked.first(f"{{{RSP}}}Signal").get("CommandId", ""))
        elif code in ("ctrl_c", "ctrl_break") and not running.ignores_ctrl_c:
            running.stop(CTRL_C_EXIT)
        return "<rsp:SignalResponse/>"

    def _get(self, asked: Asked) -> str:
        if asked.resource == CFG:
            return (
                f'<cfg:Config xmlns:cfg="{CFG}"><cfg:MaxEnvelopeSizekb>500</cfg:MaxEnvelopeSizekb>'
                "<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms></cfg:Config>"
            )
        if asked.resource.startswith(WMI):
            name = asked.resource.removeprefix(WMI)
            rows = [
                row for row in self.host.classes.get(name.lower(), ())
                if all(str(row.get(key)) == value for key, value in asked.selectors.items() if not key.startswith("__"))
            ]  # fmt: skip
            if rows:
                return instance_xml(name, rows[0])
        raise Fault(2150858752, "The resource is not there.", subcode="a:DestinationUnreachable")

    # --------------------------------------------------------------------------------------------------- CIM

    def _enumerate(self, asked: Asked) -> str:
        filtered = asked.root.find(f".//{{{W}}}Filter")
        if filtered is not None and filtered.get("Dialect") == WQL:
            told = re.fullmatch(r"\s*SELECT\s+([\w*,\s]+?)\s+FROM\s+(\w+)\s*(?:WHERE\s+(\w+)\s*=\s*'?([\w ]+?)'?\s*)?",
                                filtered.text or "", re.IGNORECASE)  # fmt: skip
            if told is None:
                raise Fault(2150859002, "The WMI provider says: invalid query.", subcode="w:InvalidParameter")
            wanted, name, key, value = told.groups()
        else:
            wanted, name, key, value = "*", asked.resource.removeprefix(WMI), "", ""
        lives_in = "standardcimv2" if name.lower().startswith(STANDARD) else "cimv2"
        if asked.resource.removeprefix(ALL_WMI).partition("/")[0].lower() != lives_in:
            raise Fault(2150858778, f"There is no {name} in this namespace.", subcode="w:InvalidResourceURI")
        if name.lower() not in self.host.classes:
            raise Fault(2150859002, f"The class {name} does not exist.", subcode="w:InternalError")
        names = None if wanted.strip() == "*" else [word.strip() for word in wanted.split(",")]
        rows = [
            row for row in self.host.classes[name.lower()]
            if not key or str(row.get(key)).lower() == value.lower()
        ]  # fmt: skip
        items = [instance_xml(name, {k: v for k, v in row.items() if names is None or k in names}) for row in rows]
        if asked.root.find(f".//{{{W}}}OptimizeEnumeration") is None:
            return f"<n:EnumerateResponse>{self._context(items)}</n:EnumerateResponse>"
        most = asked.root.find(f".//{{{W}}}MaxElements")
        count = int((most.text if most is not None else None) or "1")
        rest = f"{self._context(items[count:])}<w:Items>{''.join(items[:count])}</w:Items>"
        end = "" if items[count:] else "<w:EndOfSequence/>"
        return f"<n:EnumerateResponse>{rest}{end}</n:EnumerateResponse>"

    def _context(self, items: list[str]) -> str:
        if not items:
            return "<n:EnumerationContext/>"
        context = str(uuid.uuid4())
        self._pages[context] = items
        return f"<n:EnumerationContext>uuid:{context}</n:EnumerationContext>"

    def _pull(self, asked: Asked) -> str:
        context = (asked.first(f"{{{N}}}EnumerationContext").text or "").removeprefix("uuid:")
        items = self._pages.pop(context, None)
        if items is None:
            raise Fault(2150858821, "The enumeration context is not known.", subcode="n:InvalidEnumerationContext")
        most = asked.root.find(f".//{{{N}}}MaxElements")
        count = int((most.text if most is not None else None) or "1")
        more = self._context(items[count:]) if items[count:] else ""
        end = "" if more else "<n:EndOfSequence/>"
        return f"<n:PullResponse>{more}<n:Items>{''.join(items[:count])}</n:Items>{end}</n:PullResponse>"


def _taken_apart(body: bytes, owner: str) -> Asked:
    root = ET.fromstring(body)

    def text(tag: str) -> str:
        return (root.findtext(f"{{{S}}}Header/{tag}") or "").strip()

    timeout = re.fullmatch(r"PT([0-9.]+)S", text(f"{{{W}}}OperationTimeout"))
    return Asked(
        action=text(f"{{{A}}}Action"),
        message_id=text(f"{{{A}}}MessageID"),
        resource=text(f"{{{W}}}ResourceURI"),
        selectors={e.get("Name", ""): e.text or "" for e in root.iterfind(f"{{{S}}}Header/{{{W}}}SelectorSet/*")},
        timeout_s=float(timeout[1]) if timeout else 20.0,
        root=root,
        owner=owner,
    )


def _envelope(action: str, relates_to: str, inside: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{S}" xmlns:a="{A}" xmlns:x="{X}" xmlns:w="{W}" xmlns:rsp="{RSP}" '
        f'xmlns:n="{N}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<s:Header><a:Action>{escape(action)}</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{A}/role/anonymous</a:To><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header>"
        f"<s:Body>{inside}</s:Body></s:Envelope>"
    ).encode()


def _fault(relates_to: str, fault: Fault) -> bytes:
    detail = (
        f'<f:WSManFault xmlns:f="{F}" Code="{fault.code}" Machine={quoteattr("win-test")}>'
        f"<f:Message>{escape(fault.text)}</f:Message></f:WSManFault>"
    )
    if fault.wmi:
        detail = (
            '<p:MSFT_WmiError xmlns:p="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError">'
            f"<p:error_Code>{fault.code}</p:error_Code></p:MSFT_WmiError>"
        )
    inside = (
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en-US">{escape(fault.text)}</s:Text></s:Reason>'
        f"<s:Detail>{detail}</s:Detail></s:Fault>"
    )
    return _envelope("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", relates_to, inside)
