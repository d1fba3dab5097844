"""What is sent to a target so that it carries out a command unchanged, whatever the command holds."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.policy.windows import CMD_LONGEST, require_sendable

LINE = 4000
"""Characters of a line on standard input."""
SENT_AT_ONCE = 32_000
"""Bytes of one Send message; an envelope may have 150 kB at least (MaxEnvelopeSizekb), and base64 adds a third."""
CODE_PAGE = 65001
"""UTF-8, for the shell and what runs in it."""

_START = """
$ProgressPreference='SilentlyContinue'
$OpstermText=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String(SOURCE))
try{[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false}catch{}
$global:LASTEXITCODE=0
$global:OpstermGood=$true
try{
try{$OpstermBlock=[ScriptBlock]::Create($OpstermText+"`n`$global:OpstermGood=`$?")}
catch{$OpstermBlock=[ScriptBlock]::Create($OpstermText)}
& $OpstermBlock
}catch{[Console]::Error.WriteLine(($_|Out-String).TrimEnd());exit 1}
if(-not $global:OpstermGood){if($global:LASTEXITCODE){exit $global:LASTEXITCODE};exit 1}
exit 0
"""
"""Starts a script. It exits with the script's own `exit`; with 1 when the script throws; when its last statement
failed, with the exit code of the program that did, or 1; else with 0. The script comes as base64 of UTF-8: so neither
the code page nor a quote can change a character. Without progress, which nobody would see."""

_FROM_INPUT = "(-join @($input))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is sent.

    Attributes:
        line: the command line, handed to cmd.
        stdin: what goes to its standard input, which is closed behind it; None: nothing, and it stays a console.
    """

    line: str
    stdin: bytes | None = None


def what_is_sent(command: str, shell: str) -> Sent:
    """Return what carries a command out.

    Args:
        command: the approved text.
        shell: "powershell" or "cmd".

    Raises:
        BadInput: cmd cannot be given this text as it is; or it is no shell of Windows.
    """
    if shell == "powershell":
        return _powershell(command)
    if shell != "cmd":
        raise BadInput(f"{shell!r} is no shell of a WinRM target.", next_step="Use powershell or cmd.")
    require_sendable(command, shell)
    return Sent(line=command)


def _powershell(script: str) -> Sent:
    try:
        coded = base64.b64encode(script.encode()).decode()
    except UnicodeEncodeError:
        raise BadInput("The command has a character that is none: half of a surrogate pair.") from None
    line = _line(f"'{coded}'")
    if len(line) <= CMD_LONGEST:
        return Sent(line=line)
    lines = (coded[start : start + LINE] for start in range(0, len(coded), LINE))
    return Sent(line=_line(_FROM_INPUT), stdin="".join(f"{one}\r\n" for one in lines).encode())


def _line(source: str) -> str:
    text = _START.replace("SOURCE", source)
    coded = base64.b64encode(text.encode("utf-16-le")).decode()
    return f"powershell.exe -NoProfile -NonInteractive -EncodedCommand {coded}"
