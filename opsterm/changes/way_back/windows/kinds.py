"""What the keeper of Windows knows of each kind of thing, in PowerShell 5.1."""

from typing import Final

FILES: Final = r"""
function Get-Entries($path) {
    if (-not (Test-Path -LiteralPath $path)) { return }
    $top = Get-Item -LiteralPath $path -Force
    $top
    if ($top.PSIsContainer) { Get-ChildItem -LiteralPath $path -Recurse -Force | Sort-Object -Property FullName }
}
$States['tree'] = {
    param($path, $option)
    foreach ($one in @(Get-Entries $path)) {
        $rights = (Get-Acl -LiteralPath $one.FullName).Sddl
        if ($one.PSIsContainer) { "folder $($one.FullName) $($one.Attributes) $rights"; continue }
        $hash = (Get-FileHash -LiteralPath $one.FullName -Algorithm SHA256).Hash
        "file $($one.FullName) $($one.Attributes) $($one.LastWriteTimeUtc.Ticks) $($one.Length) $hash $rights"
    }
}
$Saves['tree'] = {
    param($path, $option)
    $entries = @(Get-Entries $path)
    if ($entries | Where-Object { $_.Attributes -band [IO.FileAttributes]::ReparsePoint }) {
        throw "$path has links, and those are not kept"
    }
    $size = ($entries | Where-Object { -not $_.PSIsContainer } | Measure-Object -Property Length -Sum).Sum
    $free = (New-Object IO.DriveInfo ([IO.Path]::GetPathRoot($kept))).AvailableFreeSpace
    if ($size -gt 2147483648) { throw "$path has $size bytes, and 2 GB are kept at most" }
    if ($free -lt $size + 67108864) { throw "$path has $size bytes, and there are $free left where it would be kept" }
    $number = 0
    $kept_entries = foreach ($one in $entries) {
        $number++
        if (-not $one.PSIsContainer) { [IO.File]::Copy($one.FullName, (Join-Path $kept "c$number"), $true) }
        @{
            Path = $one.FullName; Folder = $one.PSIsContainer; Attributes = [int]$one.Attributes
            Ticks = $one.LastWriteTimeUtc.Ticks; Sddl = (Get-Acl -LiteralPath $one.FullName).Sddl; Copy = "c$number"
        }
    }
    $above = Split-Path -Parent $path
    $absent = $path
    while ($above -and -not (Test-Path -LiteralPath $above)) { $absent = $above; $above = Split-Path -Parent $above }
    Export-Clixml -InputObject @{ Entries = @($kept_entries); Absent = $absent } -LiteralPath (Join-Path $kept 'tree') `
        -Depth 4
}
$Restores['tree'] = {
    param($path, $option)
    $saved = Import-Clixml -LiteralPath (Join-Path $kept 'tree')
    $was = @{}
    foreach ($one in @($saved.Entries)) { $was[$one.Path] = $one }
    if ($was.Count -eq 0) {
        if (Test-Path -LiteralPath $saved.Absent) { Remove-Item -LiteralPath $saved.Absent -Recurse -Force }
        return
    }
    foreach ($now in @(Get-Entries $path | Sort-Object -Property FullName -Descending)) {
        $one = $was[$now.FullName]
        if ($null -eq $one -or $one.Folder -ne $now.PSIsContainer) {
            Remove-Item -LiteralPath $now.FullName -Recurse -Force
        }
    }
    foreach ($one in @($saved.Entries)) {
        if ($one.Folder) { [void](New-Item -ItemType Directory -Path $one.Path -Force); continue }
        if (Test-Path -LiteralPath $one.Path) { [IO.File]::SetAttributes($one.Path, [IO.FileAttributes]::Normal) }
        [IO.File]::Copy((Join-Path $kept $one.Copy), $one.Path, $true)
    }
    foreach ($one in @($saved.Entries | Sort-Object -Property { $_.Path } -Descending)) {
        $rights = Get-Acl -LiteralPath $one.Path
        if ($rights.Sddl -cne $one.Sddl) {
            $rights.SetSecurityDescriptorSddlForm($one.Sddl)
            Set-Acl -LiteralPath $one.Path -AclObject $rights
        }
        if (-not $one.Folder) { [IO.File]::SetLastWriteTimeUtc($one.Path, (New-Object DateTime $one.Ticks, 'Utc')) }
        [IO.File]::SetAttributes($one.Path, [IO.FileAttributes]$one.Attributes)
    }
}
"""

REGISTRY: Final = r"""
$Hives = @{
    HKLM = 'LocalMachine'; HKCU = 'CurrentUser'; HKU = 'Users'; HKCR = 'ClassesRoot'; HKCC = 'CurrentConfig'
}
function Open-Hive($path) {
    $hive = $path.Substring(0, $path.IndexOf('\')).TrimEnd(':').ToUpperInvariant()
    [Microsoft.Win32.RegistryKey]::OpenBaseKey(
        [Microsoft.Win32.RegistryHive]$Hives[$hive], [Microsoft.Win32.RegistryView]::Registry64)
}
function Get-Below($path) { $path.Substring($path.IndexOf('\') + 1).TrimEnd('\') }
function Get-Raw($key, $value) {
    $key.GetValue($value, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
}
function Get-Values($hive, $below, $option) {
    $key = $hive.OpenSubKey($below)
    if ($null -eq $key) { return }
    if ($option -eq '-') { $names = @($key.GetValueNames() | Sort-Object) } else { $names = @($option.Substring(1)) }
    @{ Key = $below; Name = $null }
    foreach ($value in $names) {
        if (@($key.GetValueNames()) -notcontains $value) { continue }
        @{ Key = $below; Name = $value; Kind = "$($key.GetValueKind($value))"; Data = (Get-Raw $key $value) }
    }
    if ($option -eq '-') {
        foreach ($child in @($key.GetSubKeyNames() | Sort-Object)) { Get-Values $hive "$below\$child" '-' }
    }
    $key.Close()
}
function Get-DataText($one) {
    switch ($one.Kind) {
        'MultiString' { (@($one.Data) | ForEach-Object { [Convert]::ToBase64String($Utf8.GetBytes("$_")) }) -join ',' }
        { $_ -in 'Binary', 'None', 'Unknown' } { [Convert]::ToBase64String([byte[]]$one.Data) }
        default { [Convert]::ToBase64String($Utf8.GetBytes("$($one.Data)")) }
    }
}
$States['registry'] = {
    param($path, $option)
    foreach ($one in @(Get-Values (Open-Hive $path) (Get-Below $path) $option)) {
        if ($null -eq $one.Name) { "key $($one.Key)" } else { "value $($one.Name) $($one.Kind) $(Get-DataText $one)" }
    }
}
$Saves['registry'] = {
    param($path, $option)
    $hive = Open-Hive $path
    $absent = ''
    $above = Get-Below $path
    while ($above -and $null -eq $hive.OpenSubKey($above)) {
        $absent = $above
        $above = if ($above.Contains('\')) { $above.Substring(0, $above.LastIndexOf('\')) } else { '' }
    }
    $saved = @{ Values = @(Get-Values $hive (Get-Below $path) $option); Absent = $absent }
    Export-Clixml -InputObject $saved -LiteralPath (Join-Path $kept 'values') -Depth 5
}
function Set-Typed($key, $one) {
    $data = switch ($one.Kind) {
        'MultiString' { , [string[]]@($one.Data) }
        'DWord' { [int]$one.Data }
        'QWord' { [long]$one.Data }
        { $_ -in 'Binary', 'None', 'Unknown' } { , [byte[]]@($one.Data) }
        default { "$($one.Data)" }
    }
    $key.SetValue($one.Name, $data, [Microsoft.Win32.RegistryValueKind]$one.Kind)
}
$Restores['registry'] = {
    param($path, $option)
    $saved = Import-Clixml -LiteralPath (Join-Path $kept 'values')
    $hive = Open-Hive $path
    if ($saved.Absent) { $hive.DeleteSubKeyTree($saved.Absent, $false); return }
    $keys = @{}
    $names = @{}
    foreach ($one in @($saved.Values)) {
        if ($null -eq $one.Name) { $keys[$one.Key] = $true } else { $names["$($one.Key)\\$($one.Name)"] = $true }
    }
    foreach ($now in @(Get-Values $hive (Get-Below $path) $option)) {
        if ($null -eq $now.Name) {
            if (-not $keys[$now.Key]) { $hive.DeleteSubKeyTree($now.Key, $false) }
        } elseif (-not $names["$($now.Key)\\$($now.Name)"] -and $keys[$now.Key]) {
            $key = $hive.OpenSubKey($now.Key, $true)
            $key.DeleteValue($now.Name, $false)
            $key.Close()
        }
    }
    foreach ($one in @($saved.Values)) {
        $key = $hive.CreateSubKey($one.Key)
        if ($null -ne $one.Name) { Set-Typed $key $one }
        $key.Close()
    }
}
"""

SERVICE: Final = r"""
function Get-Mode($service) {
    $key = Get-ItemProperty -LiteralPath "HKLM:\SYSTEM\CurrentControlSet\Services\$service"
    $delayed = if ($key.PSObject.Properties['DelayedAutostart']) { $key.DelayedAutostart } else { 0 }
    switch ($key.Start) {
        2 { if ($delayed) { 'delayed-auto' } else { 'auto' } }
        3 { 'demand' }
        4 { 'disabled' }
        default { "$($key.Start)" }
    }
}
$States['service'] = {
    param($service, $option)
    $found = Get-Service -Name $service -ErrorAction SilentlyContinue
    if ($null -eq $found) { 'absent'; return }
    "$(Get-Mode $found.Name) $($found.Status)"
    foreach ($one in @($found.DependentServices | Sort-Object -Property Name)) { "$($one.Name) $($one.Status)" }
}
$Saves['service'] = {
    param($service, $option)
    if ($null -eq (Get-Service -Name $service -ErrorAction SilentlyContinue)) { throw "there is no service $service" }
}
$Restores['service'] = {
    param($service, $option)
    $first, $others = (Read-Lines $before) -split "`n"
    $mode, $status = $first -split ' '
    & sc.exe config $service start= $mode | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "sc.exe ended with $LASTEXITCODE" }
    if ($status -eq 'Running') { Start-Service -Name $service } else { Stop-Service -Name $service -Force }
    foreach ($line in @($others | Where-Object { $_ -like '* Running' })) {
        Start-Service -Name ($line -split ' ')[0]
    }
}
"""

TASK: Final = r"""
function Split-Task($task) {
    $at = $task.LastIndexOf('\')
    @{ TaskPath = $task.Substring(0, $at + 1); TaskName = $task.Substring($at + 1) }
}
$States['task'] = {
    param($task, $option)
    $where = Split-Task $task
    if (Get-ScheduledTask @where -ErrorAction SilentlyContinue) { Export-ScheduledTask @where } else { 'absent' }
}
$Restores['task'] = {
    param($task, $option)
    $where = Split-Task $task
    $xml = Read-Lines $before
    if ($xml -ne 'absent') { [void](Register-ScheduledTask @where -Xml $xml -Force); return }
    Unregister-ScheduledTask @where -Confirm:$false
}
"""

SETTINGS: Final = r"""
$Policy = 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy'
$States['rules'] = { param($name, $option) & $States['registry'] $Policy '-' }
$Saves['rules'] = {
    param($name, $option)
    & netsh.exe advfirewall export (Join-Path $kept 'rules.wfw') | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "netsh ended with $LASTEXITCODE" }
}
$Restores['rules'] = {
    param($name, $option)
    & netsh.exe advfirewall import (Join-Path $kept 'rules.wfw') | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "netsh ended with $LASTEXITCODE" }
}
$States['time zone'] = { param($name, $option) (Get-TimeZone).Id }
$Restores['time zone'] = { param($name, $option) Set-TimeZone -Id (Read-Lines $before) }
$States['power plan'] = {
    param($name, $option)
    $said = (& powercfg.exe /getactivescheme) -join ' '
    if ($said -notmatch '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}') { throw 'powercfg names no plan' }
    $Matches[0]
}
$Restores['power plan'] = {
    param($name, $option)
    & powercfg.exe /setactive (Read-Lines $before)
    if ($LASTEXITCODE -ne 0) { throw "powercfg ended with $LASTEXITCODE" }
}
"""
