"""What of PowerShell, cmd and WQL is known to only read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.monitoring.looks import Look
from opsterm.policy.risk import assess, why_not_read_only
from opsterm.policy.wql import class_of, queries_in


@pytest.mark.parametrize(
    ("shell", "command"),
    [
        ("powershell", "Get-Service | Sort-Object Status | Format-Table Name,Status -AutoSize"),
        ("powershell", "Get-Process -Name win* | Select-Object -First 5"),
        ("powershell", "Get-CimInstance -ClassName Win32_OperatingSystem | Format-List -Property *"),
        ("cmd", "ipconfig /all"),
        ("cmd", " VER "),
        ("wql", "SELECT * FROM Win32_Service"),
        (
            "wql",
            "select Name from Win32_Service where State = 'Running' and Name like 'w%'\n\nSELECT x FROM Win32_Bus",
        ),
        ("wql", "SELECT * FROM Win32_PerfRawData_PerfOS_Processor"),
    ],
)
def test_reading_is_low(shell: str, command: str) -> None:
    assert why_not_read_only(command, shell) == ""


@pytest.mark.parametrize(
    ("shell", "command"),
    [
        ("powershell", "Get-Service | Stop-Service"),
        ("powershell", "Get-Service | ForEach-Object Stop"),
        ("powershell", "Get-Service | Format-Table | Out-File x"),
        ("powershell", "Get-Service | sort"),
        ("powershell", "Get-Process -ComputerName other"),
        ("powershell", "Get-CimInstance -ClassName X -CimSession s"),
        ("powershell", "Get-Service\nStop-Service x"),
        ("powershell", "Get-Service |"),
        ("powershell", "Get-Service & del x"),
        ("powershell", "Get-Service > x"),
        ("powershell", "Get-Process | Select-Object @{n='x';e={del x}}"),
        ("cmd", "ipconfig /release"),
        ("cmd", "ver & del x"),
        ("cmd", "hostname newname"),
        ("wql", "DELETE FROM Win32_Service"),
        ("wql", "SELECT * FROM Win32_Service\nDELETE FROM x"),
        ("wql", "ASSOCIATORS OF {x}"),
        ("wql", "SELECT * FROM Win32_Product"),  # which repairs installed programs
        ("wql", "SELECT * FROM Win32_Service\nSELECT Name FROM CIM_Product WHERE Name = 'x'"),
        ("wql", "SELECT * FROM Win32_SoftwareFeature"),
        ("wql", "SELECT * FROM Win32_Environment"),
        ("powershell", "Get-CimInstance Win32_Product"),
        ("powershell", "Get-CimInstance -ClassName win32_product | Format-List -Property Name"),
        ("powershell", "Get-CimInstance -ClassName Win32_Service Win32_Product"),
        ("powershell", "Get-CimInstance"),
        ("powershell", "Get-Process -Id 4 | Select-Object -ExpandProperty StartInfo"),
        ("wql", ""),
        ("cmd", ""),
    ],
)
def test_anything_else_is_asked_about(shell: str, command: str) -> None:
    assert why_not_read_only(command, shell)


def test_warnings_are_reasons_whatever_the_level() -> None:
    for command in ("ver", "del x"):
        assert assess(command, "cmd", [], [], ["Basic."]).reasons[-1] == "Basic."


@given(st.text(max_size=80))
def test_only_select_is_a_query(text: str) -> None:
    try:
        queries = queries_in(text)
    except BadInput:
        return
    assert all(query.upper().startswith("SELECT") and class_of(query) for query in queries)


def test_the_looks_at_windows_are_queries() -> None:
    for look in Look:
        assert look.shell in ("sh", "wql")
        if look.shell == "wql":
            assert queries_in(look.script)
            assert why_not_read_only(look.script, "wql") == ""
