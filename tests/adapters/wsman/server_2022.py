"""What a domain member with Windows Server 2022, a web server and a database answers, by its documented classes.

Properties, types and numbers: the WMI documentation of each class; States, logon types and SIDs: winnt.h, ntsecapi.h.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.adapters.wsman.cim import Datetime, Reference

Table = dict[str, Sequence[Mapping[str, object]]]


def _service(
    name: str, shown: str, pid: int, start: str = "Auto", state: str = "Running", code: int = 0
) -> Mapping[str, object]:
    return {"Name": name, "DisplayName": shown, "State": state, "StartMode": start, "ExitCode": code, "ProcessId": pid}


def _tcp(local: str, port: int, pid: int, *, remote: str = "0.0.0.0", to: int = 0) -> Mapping[str, object]:
    state = 5 if to else 2
    return {"LocalAddress": local, "LocalPort": port, "RemoteAddress": remote, "RemotePort": to, "State": state,
            "OwningProcess": pid}  # fmt: skip


def _session(number: int, kind: int) -> Mapping[str, object]:
    return {"LogonId": str(number), "LogonType": kind}


def _logged_on(domain: str, name: str, number: int) -> Mapping[str, object]:
    return {
        "Antecedent": Reference("Win32_Account", {"Domain": domain, "Name": name}),
        "Dependent": Reference("Win32_LogonSession", {"LogonId": str(number)}),
    }


def _account(name: str, number: int, *, disabled: bool = False) -> Mapping[str, object]:
    return {"Name": name, "SID": f"S-1-5-21-1004336348-1177238915-682003330-{number}", "Disabled": disabled,
            "LocalAccount": True}  # fmt: skip


def server_2022(local_time: str = "2026-11-28T19:00:00.250000Z") -> Table:
    """Return its instances by class, in lower case; its clock shows `local_time`."""
    return {**_machine(local_time), **_programs(), **_network(), **_people()}


def _machine(local_time: str) -> Table:
    return {
        "win32_operatingsystem": [{
            "Caption": "Microsoft Windows Server 2022 Standard", "Version": "10.0.20348", "BuildNumber": "20348",
            "OSArchitecture": "64-bit", "CSName": "WIN-TEST", "TotalVisibleMemorySize": 8000000,
            "FreePhysicalMemory": 2000000, "NumberOfProcesses": 120,
            "LastBootUpTime": Datetime("2026-11-28T09:00:00.5Z"), "LocalDateTime": Datetime(local_time),
        }],
        "win32_computersystem": [{"Manufacturer": "Dell Inc.", "Model": "R740", "NumberOfLogicalProcessors": 4,
                                  "Domain": "lab.example", "PartOfDomain": True}],
        "win32_pagefileusage": [{"AllocatedBaseSize": 2048, "CurrentUsage": 128}],
        "win32_logicaldisk": [{"DeviceID": "C:", "Size": 1000, "FreeSpace": 100, "DriveType": 3}],
        "win32_serverfeature": [
            {"ID": 2, "ParentID": 0, "Name": "Web Server (IIS)"}, {"ID": 141, "ParentID": 2, "Name": "Web Server"},
            {"ID": 6, "ParentID": 0, "Name": "File and Storage Services"},
        ],
        "win32_quickfixengineering": [{"HotFixID": "KB5031364"}, {"HotFixID": "KB5032198"}],
    }  # fmt: skip


def _programs() -> Table:
    return {
        "win32_service": [
            _service("Spooler", "Print Spooler", 1500),
            _service("W3SVC", "World Wide Web Publishing Service", 2100),
            _service("WAS", "Windows Process Activation Service", 2100, start="Manual"),
            _service("MSSQLSERVER", "SQL Server (MSSQLSERVER)", 3200),
            _service("TermService", "Remote Desktop Services", 900, start="Manual"),
            _service("LanmanServer", "Server", 1100),
            _service("WinRM", "Windows Remote Management (WS-Management)", 1200),
            _service("W32Time", "Windows Time", 1300),
            _service("RpcSs", "Remote Procedure Call (RPC)", 800),
            _service("RpcEptMapper", "RPC Endpoint Mapper", 800),
            _service("sppsvc", "Software Protection", 0, state="Stopped"),
            _service("BackupAgent", "Backup Agent", 0, state="Stopped", code=1067),
            _service("edgeupdate", "Edge Update", 0, state="Stopped", code=1077),
            _service("RemoteRegistry", "Remote Registry", 0, start="Disabled", state="Stopped", code=1077),
        ],
        "win32_process": [
            {"ProcessId": number, "Name": name} for number, name in (
                (0, "System Idle Process"), (4, "System"), (800, "svchost.exe"), (900, "svchost.exe"),
                (1500, "spoolsv.exe"), (2100, "svchost.exe"), (3200, "sqlservr.exe"), (4400, "w3wp.exe"),
            )
        ],
    }  # fmt: skip


def _network() -> Table:
    return {
        "msft_nettcpconnection": [
            _tcp("::", 80, 4), _tcp("0.0.0.0", 135, 800), _tcp("::", 135, 800), _tcp("::", 445, 4),
            _tcp("0.0.0.0", 1433, 3200), _tcp("127.0.0.1", 1434, 3200), _tcp("::", 3389, 900), _tcp("::", 5985, 4),
            _tcp("0.0.0.0", 49664, 1500),
            _tcp("10.0.0.5", 51000, 4400, remote="10.0.0.9", to=5432),
            _tcp("10.0.0.5", 1433, 3200, remote="10.0.0.7", to=50123),
            _tcp("127.0.0.1", 51001, 4400, remote="127.0.0.1", to=1433),
            _tcp("fe80::1%5", 51002, 4400, remote="2001:db8::9", to=443),
        ],
        "msft_netudpendpoint": [
            {"LocalAddress": "0.0.0.0", "LocalPort": 123, "OwningProcess": 1300},
            {"LocalAddress": "::", "LocalPort": 58211, "OwningProcess": 4400},
        ],
        "win32_networkadapterconfiguration": [
            {"IPEnabled": True, "IPAddress": ["10.0.0.5", "fe80::1"]}, {"IPEnabled": False, "IPAddress": None},
        ],
    }  # fmt: skip


def _people() -> Table:
    return {
        "win32_logonsession": [_session(999, 0), _session(71000, 2), _session(72000, 10), _session(73000, 3),
                               _session(74000, 2)],
        "win32_loggedonuser": [
            _logged_on("WIN-TEST", "SYSTEM", 999), _logged_on("LAB", "ana", 71000), _logged_on("LAB", 'bo "b"', 72000),
            _logged_on("LAB", "ops", 73000), _logged_on("Window Manager", "DWM-1", 74000),
        ],
        "win32_useraccount": [_account("Administrator", 500), _account("Guest", 501, disabled=True),
                              _account("svc-backup", 1001)],
    }  # fmt: skip
