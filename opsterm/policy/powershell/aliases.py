"""The short names that PowerShell gives to cmdlets (Windows PowerShell 5.1 and PowerShell 7.4)."""

from __future__ import annotations

from collections.abc import Mapping

_ROWS = """
remove-item: rm del erase rd ri rmdir
get-childitem: gci ls dir
copy-item: cp copy cpi
move-item: mv move mi
rename-item: ren rni
new-item: ni md mkdir
get-content: gc cat type
set-content: sc
add-content: ac
clear-content: clc
set-item: si
get-item: gi
clear-item: cli
invoke-item: ii
get-itemproperty: gp
get-itempropertyvalue: gpv
set-itemproperty: sp
clear-itemproperty: clp
remove-itemproperty: rp
copy-itemproperty: cpp
move-itemproperty: mp
rename-itemproperty: rnp
invoke-expression: iex
invoke-command: icm
invoke-webrequest: iwr curl wget
invoke-restmethod: irm
invoke-history: ihy r
start-process: saps start
stop-process: spps kill
get-process: gps ps
start-job: sajb
stop-job: spjb
get-job: gjb
receive-job: rcjb
remove-job: rjb
wait-job: wjb
start-service: sasv
stop-service: spsv
get-service: gsv
foreach-object: % foreach
where-object: ? where
select-object: select
sort-object: sort
group-object: group
measure-object: measure
compare-object: compare diff
tee-object: tee
format-table: ft
format-list: fl
format-wide: fw
format-custom: fc
format-hex: fhx
out-host: oh
out-gridview: ogv
out-printer: lp
write-output: echo write
clear-host: cls clear
set-location: cd chdir sl
push-location: pushd
pop-location: popd
get-location: pwd gl
set-variable: set sv
new-variable: nv
get-variable: gv
clear-variable: clv
remove-variable: rv
set-alias: sal
new-alias: nal
get-alias: gal
export-alias: epal
import-alias: ipal
get-help: help man
get-command: gcm
get-member: gm
get-history: h history ghy
clear-history: clhy
get-wmiobject: gwmi
invoke-wmimethod: iwmi
remove-wmiobject: rwmi
set-wmiinstance: swmi
get-ciminstance: gcim
set-ciminstance: scim
invoke-cimmethod: icim
remove-ciminstance: rcim
new-ciminstance: ncim
get-cimclass: gcls
import-module: ipmo
remove-module: rmo
new-module: nmo
get-module: gmo
import-csv: ipcsv
export-csv: epcsv
enter-pssession: etsn
exit-pssession: exsn
new-pssession: nsn
remove-pssession: rsn
get-pssession: gsn
connect-pssession: cnsn
disconnect-pssession: dnsn
import-pssession: ipsn
export-pssession: epsn
new-psdrive: mount ndr
remove-psdrive: rdr
get-psdrive: gdr
resolve-path: rvpa
convert-path: cvpa
select-string: sls
start-sleep: sleep
get-unique: gu
get-clipboard: gcb
set-clipboard: scb
get-computerinfo: gin
get-timezone: gtz
set-timezone: stz
get-error: gerr
test-netconnection: tnc
set-psbreakpoint: sbp
remove-psbreakpoint: rbp
get-psbreakpoint: gbp
get-pscallstack: gcs
trace-command: trcm
show-command: shcm
"""

ALIASES: Mapping[str, str] = {
    alias: cmdlet
    for cmdlet, _, names in (row.partition(": ") for row in _ROWS.strip().splitlines())
    for alias in names.split()
}
"""Short name -> cmdlet, both in lower case."""
