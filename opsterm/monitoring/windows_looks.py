"""What opsterm asks a Windows host to look at it: fixed queries in WQL, which has SELECT and nothing else.

As in `looks`, none is put together at run time: what is sent is what stands here.
"""

from __future__ import annotations

WINDOWS_READING_QUERIES = """
SELECT FreePhysicalMemory, TotalVisibleMemorySize, NumberOfProcesses, LastBootUpTime, LocalDateTime \
FROM Win32_OperatingSystem
SELECT Name, PercentProcessorTime, PercentUserTime, PercentPrivilegedTime, Timestamp_PerfTime, Frequency_PerfTime \
FROM Win32_PerfRawData_PerfOS_Processor
SELECT Name, DiskReadBytesPersec, DiskWriteBytesPersec, PercentIdleTime, Timestamp_Sys100NS \
FROM Win32_PerfRawData_PerfDisk_PhysicalDisk
SELECT Name, BytesReceivedPersec, BytesSentPersec, PacketsReceivedErrors, PacketsOutboundErrors \
FROM Win32_PerfRawData_Tcpip_NetworkInterface
SELECT DeviceID, Size, FreeSpace FROM Win32_LogicalDisk WHERE DriveType = 3
SELECT AllocatedBaseSize, CurrentUsage FROM Win32_PageFileUsage
"""
"""One measurement of a Windows host, in WQL: SELECT is all that there is of that language over WS-Management. No
process is started there, as a shell or PowerShell would be (a third of a second of its CPU, each time).
"""

WINDOWS_PROFILE_QUERIES = """
SELECT LocalDateTime, Caption, Version, BuildNumber, OSArchitecture, CSName, TotalVisibleMemorySize \
FROM Win32_OperatingSystem
SELECT Manufacturer, Model, Domain, PartOfDomain, NumberOfLogicalProcessors FROM Win32_ComputerSystem
SELECT AllocatedBaseSize FROM Win32_PageFileUsage
SELECT Name, DisplayName, State, StartMode, ExitCode, ProcessId FROM Win32_Service
SELECT ProcessId, Name FROM Win32_Process
SELECT LocalAddress, LocalPort, State, OwningProcess FROM MSFT_NetTCPConnection WHERE State = 2
SELECT LocalPort, RemoteAddress, RemotePort, State, OwningProcess FROM MSFT_NetTCPConnection WHERE State = 5
SELECT LocalAddress, LocalPort, OwningProcess FROM MSFT_NetUDPEndpoint
SELECT IPAddress FROM Win32_NetworkAdapterConfiguration WHERE IPEnabled = TRUE
SELECT LogonId, LogonType FROM Win32_LogonSession
SELECT Antecedent, Dependent FROM Win32_LoggedOnUser
SELECT Name, SID, Disabled FROM Win32_UserAccount WHERE LocalAccount = TRUE
SELECT ID, ParentID, Name FROM Win32_ServerFeature
SELECT HotFixID FROM Win32_QuickFixEngineering
"""
"""What a Windows host is. Its time comes first, as near as can be to the moment of the question. Command lines of
processes are not asked for: they may hold secrets. Accounts are those of the host itself: to list a domain's would take
minutes and be no business of a host's profile.
"""

WINDOWS_FIRST_QUERIES = """
SELECT Caption, CSName FROM Win32_OperatingSystem
"""
"""Who answers there."""
