"""The tools of FreeBSD, OpenBSD and their kin."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
kldstat jls procstat fstat pciconf gstat pkg_info systat fstyp dumpfs pfstat ifstated kdump: read
kldload: kernel_module
kldunload: kernel_module+service_stop~
newfs newfs_msdos newfs_ext2fs: data_loss
fsck_ufs fsck_ffs fsck_msdosfs: data_loss?
truss ktrace: dark
syspatch
    read: -c -l
    package_remove: -r -R
    else: package_upgrade
sysupgrade
    else: package_upgrade+reboot
fw_update
    read: -n
    else: package_add
pkg_add
    read: -n
    else: package_add
pkg_delete
    read: -n
    else: package_remove
growfs
    read: -N
    else: data_loss?
tunefs
    read: -p
    else: data_loss?
pw
    takes: -n -u -g -d -s -c -G -m -M -h -w -L -e -p -k -N
    read: usershow groupshow user/show group/show show usernext groupnext user/next group/next
    user+delete+lockout?: userdel groupdel user/del group/del
    user+lockout~: lock
    else: user
pfctl
    takes: -f -F -s -a -t -T -k -K -z -D -p -i -x -o
    read: -n
    network+lockout~+firewall_weaken: -d -F
    network+lockout~: -f -k -K -R -N
    network+lockout?: -T -t -e -E -z
    read: -s -v -vv -vvs -g -P
    else: network+lockout~
sysrc
    takes: -f -j -R
    delete: -x
    read: -a -A -l -L -c -n -e
    write_config: /=/
    read: /^\S+$/
    else: write_config
freebsd-update
    read: updatesready IDS
    takes: -r -b -d -f
    package_upgrade: install upgrade rollback
    package_add: fetch cron
    else: package_upgrade
portsnap portmaster portupgrade: package_upgrade
pkg
    takes: -j -r -c -o
    trial: -n --dry-run
    tried: install delete remove upgrade autoremove clean add fetch
    read: info query rquery search stats version which audit check config plugins updating updating alias repos shlib
    package_remove: delete remove autoremove
    package_add: install add fetch create register
    package_upgrade: upgrade
    write_config: update lock unlock set annotate backup convert
    delete: clean
    else: dark
gpart
    read: show status list backup
    data_loss: destroy delete create restore bootcode recover
    data_loss~: add resize modify commit undo
    write_config: set unset
    else: data_loss~
geom gmirror glabel gstripe gconcat graid graid3 gnop gjournal gvirstor gmultipath gcache gshsec gmountver
    read: status list show dump
    read: /^\w+ (?:status|list|dump)\b/
    data_loss: /\b(?:destroy|clear|remove|forget|fail|nuke)\b/
    data_loss~: /\b(?:create|label|insert|rebuild|configure|resize|activate|deactivate)\b/
    service_stop: /\b(?:stop|unload)\b/
    else: data_loss~
geli
    read: status list dump version
    data_loss: kill delkey clear init setkey resize
    service_stop: detach suspend
    read_secret: backup
    data_loss~: restore
    else: write_config
camcontrol
    read: devlist inquiry identify readcap tags smpmaninfo defects reportluns inventory timestamp devtype phylist smprg
    data_loss: format sanitize security hpa ama depop
    data_loss~: fwdownload cmd persist
    service_stop: stop standby sleep idle eject reset
    else: write_config
jail
    takes: -f -J -j -n -u -U
    service_stop: -r -R
    service_start: -c
    infra: -m
    read: -e
    else: dark
jexec: dark
bectl beadm
    read: list check
    boot: activate mount rename create
    boot+delete+data_loss~: destroy
    service_stop: unmount umount
    read:
    else: boot
iocage bastille ezjail-admin cbsd appjail pot
    read: list get df info jls status help snaplist show version jget bget
    infra+delete+data_loss: destroy delete clean nuke
    infra+delete+data_loss~: rollback snapremove
    service_stop: stop kill
    service_restart: restart
    dark: exec console cmd chroot pkg sysrc service jexec login
    else: infra
bhyvectl
    reboot+service_stop: --destroy --force-poweroff --force-reset
    read: --get-all --get-stats
    else: infra
bhyve: service_start
vm
    read: list info get version help switch/list switch/info datastore/list image/list usage passthru
    infra+delete+data_loss: destroy image/destroy
    infra+delete+data_loss~: rollback
    service_stop: stop stopall poweroff reset
    service_restart: restart
    dark: console
    else: infra
vmctl
    read: status show log
    service_stop: stop pause
    dark: console
    else: infra
zfsd vmd local-unbound: service_start
local-unbound-control
    read: status stats stats_noreset list_forwards list_stubs list_local_zones dump_cache lookup get_option
    service_stop: stop
    else: service_restart
mdconfig
    takes: -u -f -t -s
    read: -l
    service_stop: -d
    else: write_config
devctl
    read: getpath
    service_stop: detach disable delete suspend reset clear
    else: write_config
usbconfig
    takes: -d -u -a
    read: list dump_all_desc dump_device_desc dump_curr_config_desc dump_info dump_stats dump_string show_ifdrv
    alone: read
    else: write_config
acpiconf
    takes: -i -s
    reboot: -s -k
    read: -i
    else: read
rctl
    takes: -a -l -r -u
    read: -l -u -h
    kernel_param: -a -r
    else: read
cpuset
    read: -g
    else: kernel_param
rcctl
    read: ls check get getdef order
    service_stop: stop disable
    service_restart: restart reload
    service_start: start enable
    else: write_config
disklabel bsdlabel
    read: -n -h
    data_loss: -w -R -B -A -e -E -i -F
    else: read
bioctl
    data_loss: -c -C -d -R -r
    data_loss~: -P -k -u
    write_config: -a -b -H
    else: read
ospfctl ospf6ctl bgpctl ripctl ldpctl eigrpctl dvmrpctl
    read: show
    network+lockout~: reload fib neighbor network nexthop set
    read: log
    else: network+lockout~
relayctl
    read: show monitor
    service_stop: host/disable redirect/disable table/disable
    else: service_restart
smtpctl
    read: show spf encrypt monitor
    service_stop: pause stop
    delete+data_loss~: remove
    delete: discard
    else: infra
ldapctl
    read: stats
    else: infra
""")
