"""Paths of Windows as patterns: the first that fits a path in lower case says what it stands for."""

from __future__ import annotations

from collections.abc import Sequence

PLACES: Sequence[tuple[str, str]] = (
    ("nothing", r"(?:\\\\\.\\)?(?:nul|con|\$null)(?::)?|/dev/null"),
    ("disk", r"\\\\[.?]\\(?:physicaldrive|harddisk|globalroot|[a-z]:$).*"),
    ("registry", r"(?:microsoft\.powershell\.core\\)?(?:registry::|hk(?:lm|cu|cr|u|cc|ey_\w+)(?::|\\|$)).*"),
    ("remoting", r"wsman:.*"),
    ("certificates", r"cert:.*"),
    ("session", r"(?:env|variable|function|alias):.*"),
    ("directory", r"ad:.*"),
    ("web", r"iis:.*"),
    ("secret", (r".*(?:\\system32\\config(?:\\regback)?\\(?:sam|security|system)|\\ntds\.dit|\\repair\\sam|\\id_(?:rsa|ed25519|ecdsa)"
     r"|\\\.aws\\credentials|unattend\.xml|sysprep\.(?:xml|inf)|\\consolehost_history\.txt|\\web\.config|\.pfx|\.kdbx"
     r"|\.pem|\.key|\\\.env|\\machinekeys\\.*|\\microsoft\\(?:protect|credentials|vault)\\?.*|login data|\\logins\.json"
     r"|\\groups\.xml|passwords?\.(?:txt|xlsx?|docx?|csv)|\\\.git-credentials|lsass.*\.dmp)")),
    ("access", r".*\\programdata\\ssh(?:\\.*)?|%programdata%\\ssh(?:\\.*)?|.*\\authorized_keys2?|.*\\openssh(?:\\.*)?|.*\\sshd_config"),
    ("hosts", r".*\\drivers\\etc\\.*"),
    ("logs", (r".*\\winevt(?:\\.*)?|.*\.evtx?|.*\\logfiles(?:\\.*)?|.*\\inetpub\\logs(?:\\.*)?|.*\.etl|.*\\windows\\logs(?:\\.*)?"
     r"|.*\.log(?:\.\d+)?|.*\\logs?(?:\\.*)?|.*\\prefetch(?:\\.*)?")),
    ("startup", r".*\\start menu\\programs\\startup(?:\\.*)?|.*\\(?:microsoft\.)?(?:powershell_)?profile\.ps1"),
    ("tasks", r".*\\system32\\tasks(?:\\.*)?"),
    ("temporary", (r"(?:[a-z]:|%systemdrive%|\\)\\(?:windows\\)?te?mp\\.*|(?:%te?mp%|.*\\appdata\\local\\temp|(?:%windir%|%systemroot%)"
     r"\\te?mp|/tmp|[a-z]:\\te?mp|[a-z]:\\windows\\temp|\\te?mp)(?:\\.*)?")),
    ("boot", (r"(?:[a-z]:|%systemdrive%)\\(?:boot|efi|recovery|bootmgr|boot\.ini|ntldr|hiberfil\.sys|pagefile\.sys)(?:\\.*)?"
     r"|.*\\system32\\(?:drivers|config|winload|ntoskrnl|hal).*|.*\\ntuser\.dat")),
    ("database", r".*\.(?:mdf|ndf|ldf|a?vhdx?|vmdk|edb|ibd|dbf|dit)"),
    ("system", (r"(?:[a-z]:|%systemdrive%|\\)\\(?:windows|winnt|program files(?: \(x86\))?|programdata|users|inetpub|perflogs)"
     r"(?:\\.*)?|%(?:windir|systemroot|programfiles|programdata|allusersprofile|public|programw6432)%.*")),
    ("root", r"(?:[a-z]:|%systemdrive%|%homedrive%)?[\\/]?(?:\*(?:\.\*)?)?|\\\\[^\\]+\\[a-z]\$(?:\\\*?)?|/|~|~\\\*"),
    ("home", r"%(?:userprofile|appdata|localappdata|homepath)%.*|~.*"),
)  # fmt: skip
"""Name of a `WindowsPlace` -> pattern."""
