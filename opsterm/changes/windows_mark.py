"""The text for PowerShell that leaves the mark of a change on a Windows host; what marks are, `claim_mark` says.

A key of the registry that outlives no boot holds it: everybody may read it, administrators write it, and the
performance counter decides when it is over.
"""

from __future__ import annotations

import json
from typing import Final

from opsterm.changes.way_back.windows.script import coded

MARK: Final = r"""
$ErrorActionPreference = 'Stop'
$Utf8 = New-Object Text.UTF8Encoding $false
$place = 'SOFTWARE\opsterm.claims'
$machine = [Microsoft.Win32.Registry]::LocalMachine
$now = [long]([Diagnostics.Stopwatch]::GetTimestamp() / [Diagnostics.Stopwatch]::Frequency)
function Tell { [Console]::Out.WriteLine((($args | ForEach-Object { "$_" -replace '[\t\r\n]', ' ' }) -join "`t")) }

function Find-Others($from) {
    $marks = $machine.OpenSubKey($place)
    if ($null -eq $marks) { return $false }
    $found = $false
    foreach ($one in @($marks.GetSubKeyNames() | Where-Object { $_ -notlike "$from-*" })) {
        $mark = $marks.OpenSubKey($one)
        if ($null -eq $mark -or $mark.GetValue('until', 0) -le $now) { continue }
        $age = $now - $mark.GetValue('since', $now)
        Tell 'claimed' $age ($mark.GetValue('who', '')) ($mark.GetValue('what', ''))
        $found = $true
    }
    return $found
}

function Set-Mark($asked) {
    if ((Find-Others $asked.from) -and -not $asked.beside) { return 6 }
    $mark = $machine.CreateSubKey(
        "$place\$($asked.from)-$($asked.change)", [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree,
        [Microsoft.Win32.RegistryOptions]::Volatile)
    $mark.SetValue('who', $asked.who)
    $mark.SetValue('what', $asked.change)
    $mark.SetValue('since', $now, [Microsoft.Win32.RegistryValueKind]::QWord)
    $mark.SetValue('until', $now + $asked.for_s, [Microsoft.Win32.RegistryValueKind]::QWord)
    $mark.Close()
    return 0
}

function Remove-Mark($asked) { $machine.DeleteSubKeyTree("$place\$($asked.from)-$($asked.change)", $false) }
"""


def taking_powershell(installation: str, change: str, *, who: str, for_s: int, beside: bool) -> str:
    """Return the text that looks for the marks of others and then leaves one; arguments as of `claim_mark`."""
    asked = {"from": installation, "change": change, "who": who, "for_s": for_s, "beside": beside}
    return f"{MARK}\n$asked = {coded(json.dumps(asked))} | ConvertFrom-Json\n$code = Set-Mark $asked\nexit $code\n"


def giving_up_powershell(installation: str, change: str) -> str:
    """Return the text that takes the mark of a change away."""
    asked = {"from": installation, "change": change}
    return f"{MARK}\n$asked = {coded(json.dumps(asked))} | ConvertFrom-Json\nRemove-Mark $asked\n"
