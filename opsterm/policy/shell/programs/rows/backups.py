"""Tools that keep copies elsewhere: tapes, servers of copies, archives."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
amcheck amstatus amreport bpclimagelist bplist bpimagelist bppllist bpdbjobs mminfo nsrinfo bpmedialist bpstulist nbdevquery: read
amdump amflush bpbackup: write_file
amlabel: data_loss~
amrmtape bpexpdate bpmedia: data_loss
amrecover amfetchdump bprestore bacula-dir bacula-fd bacula-sd bareos-dir bareos-sd: dark
amadmin
    read: /\b(?:info|find|due|balance|tape|version|config|disklist|hosts|dles)\b/
    data_loss: /\bdelete\b/
    else: infra
btape bextract: data_loss?
bls bscan: read
dsmc
    read: query q help
    data_loss: delete del expire
    data_loss?: restore res retrieve ret
    write_file: incremental incr selective sel archive ar backup
    else: write_file
dsmadmc
    data_loss: /(?i)\b(?:delete|del|expire|remove|move media)\b/
    service_stop: /(?i)\b(?:halt|cancel|disable|lock)\b/
    read: /(?i)(?:^|["' ])(?:query|q|select|help|show)\b/
    else: infra
nsradmin nsrmm nsrjb: data_loss?
nsrwatch nsrls nsrpolicy: read
save recover: write_file
duplicati-cli
    read: compare find list test help list-broken-files
    data_loss: delete purge
    data_loss~: repair purge-broken-files
    write_file: restore backup
    else: write_file
tarsnap
    takes: -f -C --keyfile --cachedir --exclude
    data_loss: -d --nuke
    data_loss?: --fsck --fsck-prune
    read: -t --list-archives --print-stats --verify-config
    else: write_file
veeamconfig
    takes: --id --name
    read: /^\S+ (?:list|info|show|help)\b/
    data_loss: /\b(?:delete|remove|clear)\b/
    dark: /\b(?:ui|shell)\b/
    read: version help
    else: infra
fsarchiver
    data_loss: restfs restdir
    read: archinfo probe
    else: write_file
burp
    takes: -a -c -C -b -r -d -s
    data_loss?: -f
    else: write_file
urbackupclientctl
    read: status list list-backupdirs
    else: infra
partimage ocs-sr ocs-live: data_loss~
dar
    read: -l --list -t --test -d --diff
    data_loss?: -x --extract
    else: write_file
borgmatic
    takes: -c --config --repository --archive -a --verbosity -v
    trial: -n --dry-run
    read: list rlist repo-list info rinfo repo-info config/validate config/show check diff
    read: -l --list --show-schema --print-schema --version
    data_loss: delete repo-delete prune compact
    data_loss~: restore extract recover
    dark: borg
    alone: write_file+delete~
    else: write_file
sanoid
    data_loss~: --cron --prune-snapshots --force-prune
    read: --monitor-snapshots --monitor-health --monitor-capacity --readonly --version
    else: write_config
syncoid
    data_loss~: --force-delete --delete-target-snapshots
    else: write_config+data_loss?
zfs-auto-snapshot: write_config+delete~
btrbk
    takes: -c --config
    trial: -n --dry-run
    read: list stats usage origin diff ls dryrun config
    delete+data_loss~: clean prune
    else: write_config+delete~
snap-sync: write_config
""")
