"""Keeps the state of what a change touches on a Windows host, and puts it back; PowerShell 5.1 and later.

It tells the same facts as the text for `sh` does, with the same exit codes, and keeps its points below ProgramData, for
administrators and the system alone. Anybody may make folders there: what somebody else has made, or may write into, is
not used, for the system runs what lies in it. Each kind has a function that returns its state as lines, one that saves
what the state alone does not tell, and one that restores; $kept is the folder of the thing.
"""

TEXT = r"""
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$Utf8 = New-Object Text.UTF8Encoding $false
function Tell { [Console]::Out.WriteLine((($args | ForEach-Object { "$_" -replace '[\t\r\n]', ' ' }) -join "`t")) }
function Shown($thing) { (@($thing.kind, $thing.name, $thing.option) | Where-Object { $_ -ne '-' }) -join ' ' }
function Write-Lines($path, $lines) { [IO.File]::WriteAllText($path, (@($lines) -join "`n"), $Utf8) }
function Read-Lines($path) { [IO.File]::ReadAllText($path, $Utf8) }

function Get-State($thing) { @(& $States[$thing.kind] $thing.name $thing.option) -join "`n" }

function Use-Folder($number) {
    $script:kept = Join-Path $point $number
    $script:before = Join-Path $kept 'before'
    $script:after = Join-Path $kept 'after'
    $script:restoring = Join-Path $kept 'restoring'
}

function Save-Thing($thing, $number) {
    Use-Folder $number
    [void](New-Item -ItemType Directory -Path $kept)
    try {
        if ($Saves.ContainsKey($thing.kind)) { & $Saves[$thing.kind] $thing.name $thing.option | Out-Null }
        Write-Lines $before (Get-State $thing)
        $size = (Get-ChildItem -LiteralPath $kept -Recurse -Force | Measure-Object -Property Length -Sum).Sum
        Tell kept $number ([int]($size / 1024) + 1) (Get-FileHash -LiteralPath $before -Algorithm SHA256).Hash
        return $true
    } catch {
        Tell failed $number $_.Exception.Message
        return $false
    }
}

function Compare-Thing($thing) {
    $now = Get-State $thing
    if ($now -ceq (Read-Lines $before)) { Tell 'as it was' (Shown $thing); return }
    $script:equal = $false
    if (Test-Path -LiteralPath $restoring) {
        Tell 'half put back' (Shown $thing)
    } elseif (-not (Test-Path -LiteralPath $after)) {
        Tell 'not seen how the change left it' (Shown $thing) 'it may still run: look with Get-Process'
        $script:foreign = $true
    } elseif ($now -ceq (Read-Lines $after)) {
        Tell 'as the change left it' (Shown $thing)
    } else {
        Tell 'changed by somebody else' (Shown $thing) (Get-Difference (Read-Lines $after) $now)
        $script:foreign = $true
    }
}

function Get-Difference($one, $other) {
    $lines = Compare-Object @($one -split "`n") @($other -split "`n") | Select-Object -First 4 |
        ForEach-Object { "$($_.SideIndicator) $($_.InputObject)" }
    $text = @($lines) -join '; '
    $text.Substring(0, [Math]::Min(400, $text.Length))
}

function Restore-Thing($thing) {
    if ((Get-State $thing) -ceq (Read-Lines $before)) { return }
    Write-Lines $restoring 'x'
    try { & $Restores[$thing.kind] $thing.name $thing.option | Out-Null }
    catch { Tell 'not put back' (Shown $thing) $_.Exception.Message; $script:wrong = $true }
}

function Confirm-Thing($thing) {
    $now = Get-State $thing
    if ($now -ceq (Read-Lines $before)) {
        Tell 'put back' (Shown $thing)
        Remove-Item -LiteralPath $restoring -Force -ErrorAction SilentlyContinue
    } else {
        Tell differs (Shown $thing) (Get-Difference (Read-Lines $before) $now)
        $script:wrong = $true
    }
}

function Invoke-Each($action) {
    $number = 0
    foreach ($thing in $things) { $number++; Use-Folder "$number"; & $action $thing }
}

function Test-Ours($path) {
    $sid = [Security.Principal.SecurityIdentifier]
    $rights = Get-Acl -LiteralPath $path
    $whose = @($rights.GetOwner($sid).Value)
    $whose += @($rights.GetAccessRules($true, $true, $sid) | ForEach-Object { $_.IdentityReference.Value })
    $link = (Get-Item -LiteralPath $path -Force).Attributes -band [IO.FileAttributes]::ReparsePoint
    (-not $link) -and (@($whose | Where-Object { $_ -notin 'S-1-5-32-544', 'S-1-5-18' }).Count -eq 0)
}

function New-Base {
    $top = Split-Path -Parent $base
    if (Test-Path -LiteralPath $top) { [void](New-Item -ItemType Directory -Path $base -Force); return }
    $new = "$top.$([Guid]::NewGuid())"  # closed before anybody can know its name
    [void](New-Item -ItemType Directory -Path $new)
    # By their numbers: the names of administrators and the system depend on the language.
    & icacls.exe $new /inheritance:r /grant:r '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-18:(OI)(CI)F' | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "the rights of $new cannot be set" }
    [void](New-Item -ItemType Directory -Path (Join-Path $new 'rp'))
    & icacls.exe $new /setowner '*S-1-5-32-544' /T | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "the owner of $new cannot be set" }
    [IO.Directory]::Move($new, $top)
}

function Invoke-Capture {
    if (Test-Path -LiteralPath $captured) { Tell captured $point; return 0 }
    if (Test-Path -LiteralPath $point) { Remove-Item -LiteralPath $point -Recurse -Force }
    [void](New-Item -ItemType Directory -Path $point)
    Get-ChildItem -LiteralPath $base -Directory | Where-Object {
        $_.Name -match '^c[0-9]+-' -and $_.LastWriteTimeUtc -lt [DateTime]::UtcNow.AddDays(-30)
    } | Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
    $number = 0
    foreach ($thing in $things) {
        $number++
        if (-not (Save-Thing $thing "$number")) { Remove-Item -LiteralPath $point -Recurse -Force; return 3 }
    }
    Write-Lines (Join-Path $point 'things') $asked
    Write-Lines $captured 'x'
    Tell captured $point
    return 0
}

function Invoke-Note {
    Invoke-Each { param($thing) Write-Lines $after (Get-State $thing); Tell noted (Split-Path -Leaf $kept) }
    return 0
}

function Invoke-Restore {
    $script:foreign = $false; $script:wrong = $false; $script:equal = $true
    Invoke-Each { param($thing) Compare-Thing $thing }
    if ($foreign -and -not $insist) {
        Tell 'nothing was put back' 'opsterm rollback --insist puts back even so'
        return 4
    }
    if (-not $equal) { Invoke-Each { param($thing) Restore-Thing $thing } }
    Invoke-Each { param($thing) Confirm-Thing $thing }
    if ($wrong) { return 5 }
    Tell 'everything is proven to be as it was' $point
    return 0
}

function Invoke-Keeper {
    $script:base = Join-Path $env:ProgramData 'opsterm\rp'
    $script:point = Join-Path $base $name
    $script:captured = Join-Path $point 'captured'
    $script:guard = Join-Path $point 'guard'
    $script:asked = $things | ForEach-Object { "$($_.kind) $($_.option) $($_.name)" }
    if ($step -eq 'capture' -and -not (Test-Path -LiteralPath $base)) {
        try { New-Base } catch { Tell failed 0 $_.Exception.Message; return 3 }
    }
    foreach ($path in (Split-Path -Parent $base), $base) {
        if ((Test-Path -LiteralPath $path) -and -not (Test-Ours $path)) {
            Tell failed 0 "$path is not for administrators alone: look who made it, and take it away"
            return 3
        }
    }
    if ($step -ne 'capture') {
        if (-not (Test-Path -LiteralPath $captured)) { Tell failed 0 "there is no recovery point $point"; return 3 }
        if ((@($asked) -join "`n") -cne (Read-Lines (Join-Path $point 'things'))) {
            Tell failed 0 "$point is about other things"
            return 3
        }
    }
    switch ($step) {
        'capture' { return Invoke-Capture }
        'note' { return Invoke-Note }
        'restore' { return Invoke-Restore }
        'arm' { return Invoke-Arm }
        'extend' { return Invoke-Extend }
        'confirm' { return Invoke-Confirm }
        'revert' { return Invoke-Revert }
        'status' { [void](Send-Status); return 0 }
        'fire' { return Invoke-Fire }
    }
}

$States = @{}
$Saves = @{}
$Restores = @{}
"""
