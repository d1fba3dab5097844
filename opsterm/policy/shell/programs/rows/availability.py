"""Clusters that keep a service up: members, fencing, mirrored disks."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
crm_verify crm_simulate crm_mon crm_diff crm_error iso8601 corosync-quorumtool corosync-blackbox: read
crm_standby: service_stop
crm_master crm_failcount
    read: -G --query -q
    else: infra
pcs
    takes: -f --name --request-timeout
    infra+delete+data_loss~: cluster/destroy cluster/node/remove cluster/remove-node
    infra+delete: resource/delete resource/remove stonith/delete stonith/remove constraint/remove constraint/delete stonith/level/remove stonith/level/clear booth/remove quorum/device/remove
    infra+delete: cluster/node/delete-remote cluster/node/remove-remote acl/role/delete acl/user/delete tag/remove alert/remove alert/delete node/attribute
    reboot+lockout: stonith/fence
    service_stop: cluster/stop resource/disable node/standby cluster/standby cluster/disable cluster/kill node/maintenance stonith/disable resource/unmanage stonith/confirm
    service_start: cluster/start resource/enable node/unstandby cluster/unstandby cluster/enable stonith/enable resource/manage node/unmaintenance
    service_restart: resource/move resource/restart resource/cleanup resource/ban resource/relocate resource/refresh stonith/cleanup stonith/refresh resource/failcount/reset cluster/reload resource/move-with-constraint
    security_weaken: property/set/stonith-enabled=false property/set/no-quorum-policy=ignore
    dark: resource/debug-start resource/debug-stop resource/debug-promote cluster/edit
    write_file: cluster/cib cluster/report config/backup config/export config/checkpoint/diff
    read: cluster/cib config status resource stonith constraint property node quorum acl tag alert resource/agents
    read: /^(?:\S+ ){0,3}(?:show|config|status|list|describe|agents|providers|standards|history|verify|pcsd-status|constraints|relations|failcount|checkpoint)\b(?! (?:set|add|remove|create|delete|enable|disable|restore|reset|\S+=))/
    read: /^(?:resource|stonith|constraint) (?:defaults|op defaults|ref|location|order|colocation|ticket|level)$/
    else: infra
crm
    infra+delete: configure/delete node/delete configure/erase cluster/remove
    service_stop: resource/stop node/standby cluster/stop resource/unmanage resource/maintenance node/maintenance cluster/disable
    reboot+lockout: node/fence
    service_start: resource/start node/online cluster/start resource/manage node/ready cluster/enable
    service_restart: resource/restart resource/move resource/cleanup resource/refresh resource/migrate resource/ban cluster/restart
    dark: configure/edit configure/load cib/import cluster/run
    read: status history verify
    read: /^\S+ (?:show|status|list|history|scores?|locate|constraints|operations|get-property|show-property|health|diff|get|info|classes|meta|providers|validate|verify|describe|\S+ \S+ show)\b/
    else: infra
crm_node
    infra+delete: -R --remove
    else: read
crm_resource
    takes: -r --resource -N --node -t --resource-type -p -g --get-parameter -G --get-property -v --timeout -H --host -n --operation -I --interval
    infra+service_stop: --ban -B --move -M --cleanup -C --force-stop --delete -D --refresh -R --restart --force-demote -F --fail
    infra+service_start: --force-start --force-promote
    infra: --clear -U --set-parameter --set-property -S --delete-parameter -d
    read: -W --locate -l --list -L -q --query-xml -O -w --query-xml-raw --list-raw --list-cts -c --list-operations --list-all-operations -o --list-standards --list-agents --list-ocf-providers --list-options --list-ocf-alternatives --list-providers --show-metadata --why -Y --wait --digests
    read: -a --constraints -A --stack -s --validate --force-check -g --get-parameter -G --get-property -V
    else: infra
crm_ticket
    takes: -t --ticket -S --set-attr -G --get-attr -D --delete-attr -v -n
    service_stop: -r --revoke -s --standby
    infra+delete: -c --cleanup -D --delete-attr
    service_start: -g --grant -a --activate
    infra: -S --set-attr
    read: -l --info -L --details -w --raw -q --query-xml -c -C --constraints -G --get-attr
    else: read
crm_attribute
    takes: -n -v -N -t
    read: -G --query
    infra: -v --update
    infra+delete: -D --delete
    else: read
crm_report
    else: write_file
crm_shadow
    read: -w --which -p --display -d --diff -F --file
    infra: -C --commit
    infra+delete: -D --delete
    else: write_file
cibadmin
    takes: -o -X -x --scope --xml-text --xml-file -A --xpath
    infra+delete+data_loss~: -E --erase -D --delete -d --delete-all
    infra+data_loss?: -R --replace
    infra: -C --create -M --modify -U --upgrade -u -P --patch -B --bump
    read: -Q --query -l -5 --md5-sum -6 --md5-sum-versioned -a --empty
    else: read
attrd_updater
    read: -Q --query
    else: infra
corosync-cmapctl
    infra: -s -d -D -l -p
    else: read
corosync-cfgtool
    service_stop: -H
    reboot+lockout: -k
    service_restart: -R
    else: read
keepalived
    read: -t --config-test -v
    else: service_start
pacemakerd
    read: --features -F --version
    else: service_start
sbd
    takes: -d
    read: /\b(?:list|dump|query-watchdog)\b/
    reboot+lockout: /\b(?:message|create)\b/
    else: dark
booth
    takes: -c -s
    read: list peers status
    service_stop: revoke
    else: infra
drbdadm
    trial: -d --dry-run
    data_loss~: --force --discard-my-data --overwrite-data-of-peer --clear-bitmap --assume-clean
    data_loss~: create-md wipe-md invalidate invalidate-remote outdate new-current-uuid apply-al forget-peer
    service_stop: down secondary disconnect detach suspend-io pause-sync del-peer del-path
    service_start: up primary connect attach adjust resume-io resume-sync new-resource
    read: status role cstate dstate dump dump-md show-gi get-gi sh-resources sh-dev sh-nop sh-ll-dev sh-minor sh-md-dev sh-resource events events2 help check-resize
    else: infra
linstor
    takes: --controllers -s --storage-pool --place-count --auto-place -l --layer-list -n --node -r -m --machine-readable --output-version
    infra+delete+data_loss~: /^(?:\S+ )?(?:delete|d|lost|reclaim-restore|deactivate|rollback|restore|evacuate|evict|sw-disk-less|td|make-diskless)\b/
    dark: interactive
    read: /^(?:\S+ )?(?:list|l|info|list-properties|lp|lv|list-volumes|version|v|query-size-info|query-max-volume-size|qmvs|qsi|describe|dm|cat|list-commands|help|show|which|\S*-list)\b/
    else: infra
""")
