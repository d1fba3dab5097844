"""Disks that speak to their host, and the stores that are made of many of them."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
nvme
    takes: -n --namespace-id -o --output-format -t --transport -a --traddr -s --trsvcid -q --hostnqn -w --host-traddr -i --log-id -l --log-len -b --block-count -f --feature-id
    write: -O --output-file
    data_loss: /^(?:\S+ )?(?:format|sanitize|delete-ns|ns-delete|write|write-zeroes|write-uncor|dsm|copy|purge|initialize|revert|drive-resize|namespace-resize|reset-zone|zone-append|fdp-update|sanitize-ns)(?![\w-])/
    data_loss~: /^(?:\S+ )?(?:fw-download|fw-commit|fw-activate|selective-download|create-ns|ns-create|capacity-mgmt|security-send|admin-passthru|io-passthru|finish-zone|offline-zone|zone-mgmt-send|set-property|set-reg|io-mgmt-send|dir-send|lockdown|sed .*lock|lock|password)(?![\w-])/
    service_stop: /^(?:\S+ )?(?:disconnect|disconnect-all|detach-ns|ns-detach|reset|subsystem-reset|nvm-sub-reset|resv-acquire|resv-release|resv-register)(?![\w-])/
    write_file: /^(?:\S+ )?(?:\S*internal-log|\S*telemetry\S*|get-crash-dump|get-pfail-dump|cap-diag|drive-essentials|save-smart-to-vtview-log|get-ctrl-tele|get-host-tele|vs-cloud-log|enc-get-log)(?![\w-])/
    read_secret: /^(?:gen-dhchap-key|gen-tls-key|tls-key|keys)(?![\w-])/
    read: /^(?:\S+ )?(?:help|version|discover|verify|compare|feature|capabilities|supported-log-pages|self-test-log|gen-hostnqn|resv-report|report-zones|info|read-(?:config|counter)|market-name|healthvalue|smart|ontapdevices|smdevices|primary-ctrl-caps|ns-get-id|effects-log)(?![\w-])/
    read: /^(?:\S+ )?(?:(?:list|id|get|show|check|log|parse|nvm-id|cmdset-ind-id)-?[\w-]*|[\w-]+-(?:log|stats?|list|descs|status|usage|configs|events|versions?|log-add|add-log|log-page-\w+|pages))(?![\w-])/
    read: /^\S+ vs-(?!.*(?:set|clear))[\w-]+/
    read: config/show config/validate config/status
    else: write_config
ceph
    takes: -n -k -c --id --name --cluster --conf -i -o --in-file --out-file -f --format --setuser --connect-timeout --admin-daemon
    data_loss: /\b(?:delete|rmfailed|destroy|destroy-new|purge|purge-new|zap|lost|mark_unfound_lost|wipe|repeer-force|rm-snap|rm-pool|rmsnap|rm-cluster)\b/
    data_loss~: /\b(?:rm|remove|remove-by-path|clear|reset|force-create-pg|recreate|nuke|unset-blocklist|journal reset|drop)\b/
    data_loss?: --yes-i-really-mean-it --yes-i-really-really-mean-it
    service_stop: /\b(?:out|down|stop|fail|disable|drain|pause|quiesce|maintenance enter|set-group|deactivate|blocklist add|blacklist add|set noup|set pause)\b/
    service_restart: /\b(?:restart|redeploy|reconfig|repeer|respawn)\b/
    read_secret: /^auth (?:get|get-key|print-key|print_key|export|ls|list|get-or-create\S*)\b/
    read_secret: /^(?:config-key (?:get|dump)|config dump-secrets)\b/
    write_file: /^(?:osd getcrushmap|osd getmap|mon getmap|fs dump-file|mds getmap)\b/
    read: -s --status -w --watch -v --version --health
    read: status health version versions fsid features report quorum_status time-sync-status node/ls iostat help insights progress
    read: /^(?:tell|daemon) \S+ (?:help|version|status|config (?:show|get|diff)|dump\S*|\w*ops\w*|perf|session ls|client ls|mon_status|quorum_status|get_\w+|cache status|fs mirror)\b/
    read: /^(?!.*\b(?:set|add|create|mv|move|rename|reweight\S*|import|apply|enable|repair|(?:deep-)?scrub|new|adopt|upgrade start|promote|swap|authorize|compact|inject\w*|archive\S*|bench|light|snap-schedule activate)\b).*\b(?:dump\w*|perf|ls\S*|list\S*|stat|status|get\S*|tree|s?df|detail|show\S*|find|metadata|info|ok-to-\w+|safe-to-\w+|blocked-by|utilization|count-metadata|versions|l?pools|query\S*|map|ps|services|check\S*|log last|eval|preview|autoscale-status|help|test-reweight\S*|predict-\S+)\b/
    else: infra
rbd
    takes: -p --pool --image --snap -n --id --namespace --dest-pool -c -m --format
    data_loss: rm remove snap/purge snap/rm snap/remove trash/purge trash/rm trash/remove group/rm group/snap/rm namespace/rm namespace/remove journal/reset
    data_loss~: snap/rollback sparsify flatten migration/abort migration/commit mirror/image/resync group/snap/rollback object-map/rebuild
    data_loss?: resize mirror/image/demote mirror/pool/disable mirror/image/disable trash/mv trash/move
    service_stop: unmap device/unmap lock/rm lock/remove nbd/unmap
    dark: bench
    write_file: export export-diff journal/export merge-diff
    read: ls list info du disk-usage status diff children image-meta/list image-meta/get snap/ls snap/list showmapped device/list nbd/list lock/ls lock/list group/ls group/list group/info group/image/list group/snap/list
    read: trash/ls trash/list namespace/ls namespace/list pool/stats mirror/pool/info mirror/pool/status mirror/image/status mirror/snapshot/schedule/ls mirror/snapshot/schedule/status mirror/snapshot/schedule/list
    read: config/global/list config/global/get config/pool/list config/pool/get config/image/list config/image/get journal/info journal/status journal/inspect object-map/check perf/image/iostat perf/image/iotop watch
    read: task/list trash/purge/schedule/ls trash/purge/schedule/status ggate/list
    else: infra
""")
