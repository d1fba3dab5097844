"""The tools of Solaris, illumos and AIX."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
svcs prtconf prtdiag psrinfo prstat fmdump kstat lspv lsvg lslv errpt oslevel lparstat topas lppchk lsfs lsps lssrc svmon clRGinfo cldump clstat prtvtoc lslpp lsuser lsgroup lsitab: read
bosboot bootlist: boot
smitty smit mdb cfgmgr: dark
mksysb savevg alt_disk_copy nimadm: write_file
restvg rmvg: data_loss
mkvg mklv extendvg extendlv crfs mkps varyonvg importvg syncvg mirrorvg chlv chvg chfs chps chsec: write_config
varyoffvg exportvg rmdev stopsrc: service_stop
startsrc: service_start
refresh: service_restart
rmfs reducevg rmlv rmps migratepv unmirrorvg rmlvcopy: data_loss
fmthard: data_loss
mkuser chuser mkgroup chgroup: user+lockout?
rmuser rmgroup: user+delete+lockout?
errclear: log_loss
chdev
    network+lockout~: /\ben\d/
    write_config: /./
    takes: -a
    else: write_config+lockout?
alog
    takes: -t -f
    read: -o -L
    else: write_file
instfix
    read: -i -a -c -q -v
    else: package_add
installp
    read: -l -L
    package_remove: -u
    else: package_add
nim
    takes: -a -t
    infra+delete: /\bremove\b/
    else: infra
zonecfg
    read: /\b(?:info|export)\b/
    infra+delete+data_loss~: /\bdelete\b/
    takes: -z -f
    infra: -f
    alone: dark
    else: infra
zlogin: dark
svccfg
    takes: -s -f
    write_config: -f
    alone: dark
    read: /^(?:list|listprop|validate|export|listpg|archive)\b/
    delete: /\b(?:delete|delpg|delprop)\b/
    else: write_config
ipadm dladm flowadm
    read: /^show-/
    network+lockout~: /./
    alone: read
    else: network+lockout~
fmadm
    read: faulty list config
    else: write_config
cfgadm
    takes: -c -o -x
    service_stop: -c -x
    read: -a -l -v
    else: read
metastat
    else: read
metadb
    data_loss~: -d -a -c
    else: read
projadd projmod projdel
    else: user
poolcfg pooladm
    write_config: -c -x -s -e -d
    else: read
""")
