"""Disks, their layers and file systems."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
sg_inq sg_scan sg_map sg_map26 sginfo sg_vpd sg_logs sg_readcap sg_turs sg_luns sg_ses sg_modes sg_opcodes sg_rdac sg_requests: read
lvmdiskscan vdostats losetup-show iscsi-iname glfsheal mmlscluster mmlsfs mmlsdisk mmlsconfig mmlsnode mmlsmgr mmlsnsd: read
mmlspool mmlsquota mmlssnapshot mmgetstate mmdf mmdiag mmlsfileset mmlspolicy mmlsattr mmlscallback xfs_spaceman xfs_bmap: read
e2freefrag o2info mounted.ocfs2: read
sg_unmap sg_write_same sg_wr_mode sg_dd sg_reassign sg_write_buffer mmdelfs mmdeldisk mmdelnsd mmdelsnapshot mmdelfileset: data_loss
xfs_mdrestore: data_loss
sg_start sg_reset mmshutdown mmumount mmchdisk mmdelnode: infra+service_stop
lvmdump mmbackup xfs_fsr xfs_io xfs_metadump xfsdump dump: write_file
dmeventd: service_start
blkpr mpathpersist iscsistart mmstartup mmmount mmchfs mmchconfig mmcrfs mmaddnode mmadddisk mmcrsnapshot: infra
ceph-objectstore-tool: data_loss?
xfs_freeze fsfreeze: service_stop
xfs_copy xfsrestore restore: data_loss~
e2undo
    trial: -n
    else: data_loss~
lvmconfig
    write: -f --file
    else: read
edquota setquota quotaon quotacheck: write_config
quotaoff: security_weaken
rescan-scsi-bus.sh
    infra: -r --remove
    else: write_config
lvmdevices
    write_config: --adddev --deldev --addpvid --delpvid --update --addid --delid
    else: read
dmstats
    read: list report help version
    else: infra
blkzone
    read: report capacity
    data_loss: reset
    else: infra
blockdev
    takes: --setra --setfra --setbsz
    kernel_param: --setro --setrw --setra --setfra --setbsz --rereadpt
    write_file: --flushbufs
    else: read
zramctl
    takes: -s -a -t -o
    data_loss?: -r --reset
    infra: -f --find -s --size -a
    else: read
multipathd
    takes: -k
    read: show list
    read: /^(?:show|list)\b/
    infra+service_stop: /^(?:del|remove|fail|suspend|disablequeueing|shutdown)\b/
    else: write_config
mpathconf
    write_config: --enable --disable --find_multipaths
    else: read
tgtadm
    takes: --lld --mode --tid --op
    infra+delete: --op
    else: read
tgt-admin
    read: -s --show --dump
    infra+service_stop: --offline --delete
    else: infra
nbd-client
    read: -l -c
    else: infra
rados
    takes: -p --pool -n --id -c -N
    read: df ls stat lspools listxattr list-inconsistent-obj
    infra+delete+data_loss: rm purge rmpool cleanup truncate
    write_file: get export
    infra: put mkpool import append
ceph-disk
    read: list
    data_loss: zap prepare destroy
    else: infra
ceph-bluestore-tool
    read: show-label fsck
    else: data_loss?
crushtool
    takes: -o -c -d -i
    write_file: -o -c -d
    else: read
monmaptool
    read: --print
    else: write_file
osdmaptool
    read: --print --tree
    else: write_file
lfs
    read: df quota getstripe find getname check osts mdts path2fid fid2path
    infra: setstripe setquota migrate mkdir
xfs_db
    takes: -c -f -l
    data_loss~: -x
    else: read
xfs_quota
    takes: -c -f -p -d -D -P
    write_config: -x
    else: read
e2image
    data_loss: -I
    else: write_file
e4defrag
    read: -c
    else: write_file
e2scrub
    read: -n
    else: write_file
isoinfo
    takes: -i -x
    else: read
fsadm
    read: check
    data_loss?: resize
bcachefs
    read: show-super version fs/usage list
    data_loss: format device/remove device/add
    else: infra
nvmecontrol
    read: devlist identify logpage
    data_loss: format sanitize
    else: infra
targetcli
    read: ls status version pwd help get sessions
    read: /\b(?:ls|status|info|get|sessions|version)$/
    infra+delete+data_loss~: /\b(?:delete|clearconfig|restoreconfig)\b/
    else: infra
addpart delpart: data_loss~
bindfs archivemount grub-mount fusermount mount.ddi sshfs: write_config
compsize lvscan: read
extundelete photorec: write_file
testdisk
    read: /^\/(?:list|version|help)$/
    dark: /./
    alone: dark
f3probe f3write: data_loss
f3read: read
fatlabel exfatlabel ntfslabel swaplabel
    read: /^\S+$/
    else: write_config
growpart
    trial: -N --dry-run
    else: data_loss~
hardlink
    trial: -n --dry-run
    else: write_file
hd-idle: service_start
nwipe: data_loss
dua dysk: read
mksquashfs: write_file
unsquashfs
    takes: -d
    read: -l -ll -ls -lls -lln -s -stat -mkfs-time -cat
    dash: long
    else: write_file
pvscan
    infra: --cache
    else: read
vgscan
    write_config: --mknodes
    else: read
pvck
    data_loss~: --repair --repairtype
    else: read
lvmpersist
    read: check read
    else: infra
sg_raw: data_loss?
mt
    takes: -f
    read: status tell
    data_loss: erase weof
    else: infra
rmlint
    trial: -dryrun
    else: write_file
rmlint.sh: delete+data_loss~
rdfind
    dash: long
    delete+data_loss~: -deleteduplicates -makesymlinks -makehardlinks
    else: write_file
storagectl: infra
ipfs
    read: cat ls stats/bw id version refs dag/get pin/ls swarm/peers repo/stat
    delete: pin/rm repo/gc
    else: infra
attr
    takes: -g -s -r -V -l
    write_file: -s -r
    else: read
pv
    takes: -L -s -N -i -B -d -F -w
    else: read
partclone.ext4 partclone.xfs partclone.btrfs partclone.ntfs partclone.fat partclone.dd
    takes: -s -o
    data_loss: -r --restore -b
    else: write_file
partclone.restore: data_loss
partclone.info partclone.chkimg: read
bup
    read: ls fsck help version tag margin memtest meta
    delete+data_loss~: rm gc
    write_file: index save split init restore
funzip: read
zipnote
    write_file: -w
    else: read
timeshift
    takes: --snapshot --snapshot-device --target --comments --tags
    read: --list --list-devices
    data_loss~: --restore --delete --delete-all
    else: write_file
rbd-mirror mfsmaster: service_start
nfsidmap
    read: -l -d
    else: write_config
fcoeadm
    read: -i -f -l -s -t
    service_stop: -d
    else: infra
nvmetcli
    read: ls
    infra+delete+data_loss?: clear
    else: infra
mmrepquota mmlscluster mmlsfs mmlsnsd mmlspool mmlsdisk mmlsfileset mmlsattr mmlsquota mmlsmgr mmlsconfig mmdf mmgetstate mmhealth mmdiag mmlssnapshot: read
mmdelfs mmdelnsd mmdeldisk mmdelfileset mmdelsnapshot mmdelnode mmrestorefs: data_loss
mmshutdown mmumount: service_stop
mmstartup mmmount: service_start
mmcrfs mmcrnsd mmchdisk mmchfs mmchconfig mmrestripefs mmcrfileset mmlinkfileset mmcrsnapshot mmapplypolicy mmchnode mmaddnode mmadddisk mmedquota mmsetquota mmchmgr mmchfirmware mmcrcluster: infra
fdformat: data_loss
resizepart: data_loss~
""")
