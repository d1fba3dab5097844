"""A change on a Windows host that is taken back by the host itself unless somebody confirms it in time.

The states, the words and the exit codes are those of the guard for `sh`. What waits is a task of the system account,
which starts at once and again after a boot; it runs a text that lies in the folder of the recovery point, where nobody
but administrators and the system may write. `decided` is made by moving a file that has the word in it already: the
system moves onto no file that is there, so the first of confirming and taking back wins. Time is that of the
performance counter, which no setting of the clock moves; that no boot has come between is told by a key of the registry
that does not outlive one.
"""

from typing import Final

TEXT: Final = r"""
$Folder = '\opsterm\'
$Volatile = 'SOFTWARE\opsterm.guards'
function Get-Now { [Diagnostics.Stopwatch]::GetTimestamp() / [Diagnostics.Stopwatch]::Frequency }
function Write-Number($number) { $number.ToString('F2', [Globalization.CultureInfo]::InvariantCulture) }
function Read-Number($text) { [double]::Parse($text, [Globalization.CultureInfo]::InvariantCulture) }
function In-Guard($leaf) { Join-Path $guard $leaf }
function Test-In($leaf) { Test-Path -LiteralPath (In-Guard $leaf) }

function Save-OnDisk($path) {
    try {
        $open = [IO.File]::Open($path, 'Open', 'ReadWrite', 'ReadWrite')
        try { $open.Flush($true) } finally { $open.Close() }
    } catch { return }  # somebody reads it: the system writes it a moment later
}
function Invoke-Again($action) {
    foreach ($try in 1..10) {
        try { return (& $action) } catch { if ($try -eq 10) { throw }; Start-Sleep -Milliseconds 50 }
    }
}

function Test-SameBoot { $null -ne [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey("$Volatile\$name") }
function Set-SameBoot {
    $key = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey(
        "$Volatile\$name", [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree,
        [Microsoft.Win32.RegistryOptions]::Volatile)
    $key.Close()
}

function Set-Due($seconds) {
    $now = Get-Now
    Write-Lines (In-Guard 'due.new') "$(Write-Number $now) $(Write-Number ($now + $seconds))"
    Save-OnDisk (In-Guard 'due.new')
    if (-not (Test-In 'due')) { [IO.File]::Move((In-Guard 'due.new'), (In-Guard 'due')); return }
    Invoke-Again { [IO.File]::Replace((In-Guard 'due.new'), (In-Guard 'due'), [NullString]::Value) }
}

function Get-Left {
    $from, $due = (Invoke-Again { Read-Lines (In-Guard 'due') }) -split ' ' | ForEach-Object { Read-Number $_ }
    $now = Get-Now
    if ($now -lt $from) { return 0 }  # the counter has begun anew
    [Math]::Max(0, $due - $now)
}

function Set-Decided($word) {
    foreach ($try in 1..50) {  # what looks through new files may hold one for a moment
        if (Test-In 'decided') { return $false }
        try {
            [IO.File]::Move((In-Guard $word), (In-Guard 'decided'))
            Save-OnDisk (In-Guard 'decided')
            return $true
        } catch { Start-Sleep -Milliseconds 100 }
    }
    return $false
}

function Test-Lost {
    try { $task = Get-ScheduledTask -TaskPath $Folder -TaskName $name -ErrorAction Stop }
    catch { return ("$($_.CategoryInfo.Category)" -eq 'ObjectNotFound') }
    "$($task.State)" -eq 'Disabled'
}

function Get-GuardState {
    if (-not (Test-In 'armed')) { return 'none' }
    if (-not (Test-In 'decided')) {
        $lost = Test-Lost
        if (-not (Test-In 'decided')) { if ($lost) { return 'lost' } else { return 'pending' } }
    }
    if (Test-In 'result') { return (Read-Lines (In-Guard 'result')) }
    Read-Lines (In-Guard 'decided')
}

function Send-Status {
    $state = Get-GuardState
    $said = ''
    $left = '0'
    if (Test-In 'told') {
        $lines = @((Invoke-Again { Read-Lines (In-Guard 'told') }) -split "`n" | Where-Object { $_ })
        $wrong = @($lines | Where-Object { $_ -notmatch '^(as |half put|put back|not seen)' })
        $said = @($wrong | Select-Object -First 4) -join '; '
        $said = $said.Substring(0, [Math]::Min(400, $said.Length))
    }
    if ($state -eq 'pending') { $left = Write-Number (Get-Left) }
    Tell guard $state $said $left
    return $state
}

function Get-TaskXml {
    $run = "& ([ScriptBlock]::Create([IO.File]::ReadAllText('$(In-Guard 'fire')')))"
    $coded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($run))
    $script:arguments = "-NoProfile -NonInteractive -EncodedCommand $coded"
    $shell = Join-Path $env:SystemRoot 'System32\WindowsPowerShell\v1.0\powershell.exe'
    "<?xml version=`"1.0`" encoding=`"UTF-16`"?>
<Task version=`"1.2`" xmlns=`"http://schemas.microsoft.com/windows/2004/02/mit/task`">
<RegistrationInfo><Description>Takes back $name, unless somebody confirms it</Description></RegistrationInfo>
<Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>
<Principals><Principal id=`"Author`"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal>
</Principals>
<Settings><MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
<StartWhenAvailable>true</StartWhenAvailable><ExecutionTimeLimit>PT0S</ExecutionTimeLimit><Priority>4</Priority>
<RestartOnFailure><Interval>PT1M</Interval><Count>10</Count></RestartOnFailure></Settings>
<Actions Context=`"Author`"><Exec><Command>$shell</Command><Arguments>$arguments</Arguments></Exec></Actions>
</Task>"
}

function Start-Guard {
    $xml = Get-TaskXml
    [void](Register-ScheduledTask -TaskPath $Folder -TaskName $name -Xml $xml -Force)
    $found = [xml](Export-ScheduledTask -TaskPath $Folder -TaskName $name)
    if ("$($found.Task.Actions.Exec.Arguments)" -cne $arguments) { throw 'the task is not what was registered' }
    if ($null -eq $found.Task.Triggers.BootTrigger) { throw 'the task would not outlive a boot' }
    Start-ScheduledTask -TaskPath $Folder -TaskName $name
    $until = (Get-Now) + 20
    while (-not (Test-In 'waiting')) {
        if ((Get-Now) -gt $until) { throw 'the task was started, and what waits has not come up within 20 s' }
        Start-Sleep -Milliseconds 100
    }
    if ((Read-Lines (In-Guard 'waiting')) -ne 'S-1-5-18') { throw 'what waits does not run as the system' }
}

function Remove-Guard {
    [Microsoft.Win32.Registry]::LocalMachine.DeleteSubKeyTree("$Volatile\$name", $false)
    Unregister-ScheduledTask -TaskPath $Folder -TaskName $name -Confirm:$false -ErrorAction SilentlyContinue
}

function Get-Place($thing) {
    if ($thing.option -like '=*') { return "$($thing.name)\$($thing.option.Substring(1))\" }
    "$($thing.name.TrimEnd('\'))\"
}
function Test-Within($one, $other) {
    if ($one.kind -ne $other.kind) { return $false }
    $first, $second = (Get-Place $one), (Get-Place $other)
    $first.StartsWith($second, 'OrdinalIgnoreCase') -or $second.StartsWith($first, 'OrdinalIgnoreCase')
}
function Get-Other {
    foreach ($one in @(Get-ChildItem -LiteralPath $base -Directory | Where-Object { $_.Name -cne $name })) {
        $there = Join-Path $one.FullName 'guard'
        if (-not (Test-Path -LiteralPath (Join-Path $there 'armed'))) { continue }
        if (Test-Path -LiteralPath (Join-Path $there 'decided')) { continue }
        $task = Get-ScheduledTask -TaskPath $Folder -TaskName $one.Name -ErrorAction SilentlyContinue
        if ($null -eq $task) { continue }
        foreach ($theirs in @(Read-Lines (Join-Path $there 'listed') | ConvertFrom-Json | ForEach-Object { $_ })) {
            foreach ($ours in $things) { if (Test-Within $ours $theirs) { return $one.Name -replace '-[^-]*$' } }
        }
    }
}

function Invoke-Arm {
    if (Test-In 'armed') { if ((Send-Status) -eq 'pending') { return 0 } else { return 1 } }
    if (Test-Path -LiteralPath $guard) { Remove-Item -LiteralPath $guard -Recurse -Force }
    try {
        [void](New-Item -ItemType Directory -Path $guard)
        Write-Lines (In-Guard 'fire') $stored
        Write-Lines (In-Guard 'listed') $listed
        Write-Lines (In-Guard 'confirmed') 'confirmed'
        Write-Lines (In-Guard 'reverting') 'reverting'
        [IO.File]::WriteAllBytes((In-Guard 'room'), (New-Object byte[] 4194304))
        foreach ($leaf in 'fire', 'listed', 'confirmed', 'reverting') { Save-OnDisk (In-Guard $leaf) }
        Set-Due $seconds
        Set-SameBoot
        Start-Guard
    } catch {
        Tell failed 0 "nothing can be started there that would take it back: $($_.Exception.Message)"
        [void](Set-Decided 'confirmed')
        Remove-Guard
        return 3
    }
    Set-Due $seconds  # starting it has taken a part of the time
    Write-Lines (In-Guard 'armed') 'x'
    Save-OnDisk (In-Guard 'armed')
    $other = Get-Other
    if ($other) {
        if (Set-Decided 'confirmed') { Remove-Guard; Remove-Item -LiteralPath (In-Guard 'armed') -Force }
        Tell failed 0 "$other changes some of the same things there and still waits to be confirmed"
        return 3
    }
    Tell armed task boot
    return 0
}

function Invoke-Extend {
    if ((Get-GuardState) -eq 'pending') { Set-Due $seconds }
    if ((Send-Status) -eq 'pending') { return 0 } else { return 6 }
}

function Invoke-Revert {
    if ((Get-GuardState) -eq 'pending') {
        Write-Lines (In-Guard 'now') ''
        Start-ScheduledTask -TaskPath $Folder -TaskName $name -ErrorAction SilentlyContinue  # unless it runs
    }
    if ((Send-Status) -in 'pending', 'reverting', 'reverted') { return 0 } else { return 6 }
}

function Invoke-Confirm {
    if (-not (Test-In 'armed')) { [void](Send-Status); return 3 }
    [void](Set-Decided 'confirmed')
    if ((Send-Status) -ne 'confirmed') { return 6 }
    Remove-Guard
    Remove-Item -LiteralPath (In-Guard 'room') -Force -ErrorAction SilentlyContinue
    return 0
}

function Undo-Thing($thing) {
    $script:foreign = $false
    Compare-Thing $thing
    if ($foreign -and (Test-Path -LiteralPath $after)) { $script:wrong = $true } else { Restore-Thing $thing }
}
function Invoke-EachAlone($work) {
    Invoke-Each {
        param($thing)
        try { & $work $thing }
        catch { Tell 'not put back' (Shown $thing) $_.Exception.Message; $script:wrong = $true }
    }
}

function Wait-Due {
    Write-Lines (In-Guard 'waiting.new') ([Security.Principal.WindowsIdentity]::GetCurrent().User.Value)
    if (-not (Test-In 'waiting')) { [IO.File]::Move((In-Guard 'waiting.new'), (In-Guard 'waiting')) }
    while (-not (Test-In 'decided')) {
        if (-not (Test-In 'fire')) { return $false }
        try { $left = Get-Left } catch { $left = 0 }
        if ($left -le 0 -or (Test-In 'now')) { return $true }
        Start-Sleep -Milliseconds ([int][Math]::Min(1000, [Math]::Max(20, $left * 1000)))
    }
    return $false
}

function Invoke-Fire {
    $same = Test-SameBoot
    if ($same -and -not (Test-In 'decided') -and -not (Wait-Due)) { Remove-Guard; return 0 }
    while ((Test-In 'fire') -and -not (Test-In 'decided')) { [void](Set-Decided 'reverting') }
    if ((Test-In 'result') -or (Read-Lines (In-Guard 'decided')) -ne 'reverting') { Remove-Guard; return 0 }
    Remove-Item -LiteralPath (In-Guard 'room') -Force -ErrorAction SilentlyContinue
    $tries = if ($same) { 1 } else { 20 }  # after a boot the services that put back may still be coming up
    foreach ($try in 1..$tries) {
        $script:wrong = $false
        Invoke-Again { Write-Lines (In-Guard 'told') '' }
        Invoke-EachAlone { param($thing) Undo-Thing $thing }
        Invoke-EachAlone { param($thing) Confirm-Thing $thing }
        if (-not $wrong) { break }
        if ($try -lt $tries) { Start-Sleep -Seconds 6 }
    }
    Write-Lines (In-Guard 'result.new') $(if ($wrong) { 'revert-failed' } else { 'reverted' })
    Save-OnDisk (In-Guard 'result.new')
    [IO.File]::Move((In-Guard 'result.new'), (In-Guard 'result'))
    Remove-Guard
    return 0
}
"""

FIRE: Final = r"""
function Tell {
    $line = (($args | ForEach-Object { "$_" -replace '[\t\r\n]', ' ' }) -join "`t")
    try { Invoke-Again { [IO.File]::AppendAllText((In-Guard 'told'), "$line`n", $Utf8) } } catch { return }
}
"""
"""What tells goes into a file there, for nobody listens."""
