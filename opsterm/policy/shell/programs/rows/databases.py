"""Tools around databases: copies, loads, online changes, poolers and the listeners of Oracle and Db2."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
pgbouncer pgpool pgcat clickhouse-server redis-sentinel mongos minio influxd proxysql: service_start
mysqlslap tpcc-mysql ycsb: db_write+dos?
mydumper mysqlpump cbbackup expdp: write_file
sstablemetadata sstabledump mariadb-show: read
pcp_node_info pcp_node_count pcp_proc_info pcp_pool_status pcp_watchdog_info pcp_health_check_stats: read
pcp_detach_node pcp_stop_pgpool pcp_recovery_node: infra+service_stop
pcp_attach_node pcp_promote_node pcp_reload_config: infra
sqlloader sqlldr sstableloader cassandra-loader dsbulk: db_write
isql tsql usql ij cypher-shell arangosh clickhouse-local osql: dark
impdp: db_write+data_loss?
mariadb-backup
    data_loss~: --copy-back --move-back
    read: --version
    else: write_file
innobackupex
    data_loss~: --copy-back --move-back
    else: write_file
myloader
    data_loss~: --overwrite-tables -o
    else: db_write
pt-online-schema-change
    data_loss~: --execute
    read: --dry-run
    else: read
pt-archiver
    takes: --source --dest --where --limit --commit-each --file
    trial: --dry-run
    data_loss: --purge
    else: data_loss~
pt-kill
    read: --print
    process_kill: --kill --kill-query --execute-command
    else: read
pt-table-sync
    data_loss~: --execute
    else: read
pt-table-checksum pt-upgrade: db_write
gh-ost
    data_loss~: --execute
    else: read
rman
    read: -help
    else: dark
lsnrctl
    read: status services version show help
    service_stop: stop
    service_start: start
    service_restart: reload
    else: write_config
srvctl
    read: status config getenv predict
    read: -help -version -V
    service_stop: stop disable
    service_restart: relocate
    service_start: start enable
    infra+delete+data_loss~: remove
    else: infra
crsctl
    read: status stat query check get lsmodules
    reboot+lockout~: stop
    service_stop: disable relocate
    service_start: start enable
    infra+delete+data_loss~: delete unset replace
    else: infra
asmcmd
    takes: -p --privilege
    read: ls lsdg lsct lsdsk lsof du find pwd help iostat lsattr lstmpl showclustermode showclusterstate spget dsget volinfo lsinv lspwusr lsusr lsgrp lsop showpatches showversion
    data_loss: rm dropdg wipe
    data_loss~: umount offline rebal cp rmalias chdg mkdg
    dark: shell
    else: infra
adrci
    read: /exec=\W*show\b/
    log_loss: /\bpurge\b/
    else: dark
dgmgrl
    read: /\b(?:show|validate)\b/
    infra+service_restart+service_stop~: /(?i)\b(?:switchover|failover|reinstate|convert)\b/
    else: dark
orapwd: user
dbca
    dash: long
    data_loss: -deleteDatabase -deleteInstance
    else: infra
oerr tnsping: read
opatch
    read: lsinventory lspatches prereq query version
    package_remove: rollback
    else: package_upgrade
db2
    data_loss: /(?i)\b(?:drop|delete from|truncate|prune|uncatalog)\b/
    service_stop: /(?i)\b(?:force application|quiesce|deactivate|terminate db)\b/
    data_loss~: /(?i)\b(?:restore|rollforward|load|import|replace)\b/
    read: /(?i)^(?:list|get|describe|select|values|inspect|\?)/
    else: db_write
db2stop: service_stop
db2start: service_start
db2pd db2level db2ls db2top db2exfmt db2diag: read
bcp
    takes: -S -U -P -d -t -r -c
    db_write: /\bin\b/
    write_file: /\b(?:out|queryout)\b/
    else: db_write
couchbase-cli
    takes: -c -u -p --cluster --username --password --bucket
    data_loss: bucket-delete bucket-flush
    data_loss~: failover rebalance-stop reset-cipher-suites
    read: server-list bucket-list host-list server-info help cluster-info rebalance-status setting-cluster-info collect-logs-status
    infra+delete: /\b\S*(?:delete|remove)\S*\b/
    else: infra
cbbackupmgr
    read: list info examine help
    data_loss: remove purge
    db_write+data_loss?: restore
    else: write_file
cbstats: read
vitess vtexplain: read
patroni: service_start
patronictl
    takes: -c -d --dcs-url -k --config-file
    read: list topology history show-config version query dsn
    infra+delete+data_loss: remove
    infra+delete+data_loss~: reinit
    service_restart: restart reload
    service_stop: pause flush switchover failover
    service_start: resume
    dark: edit-config
    else: infra
timescaledb-tune
    read: --dry-run --version
    else: write_config
orchestrator-client
    takes: -i -d -s -l -a -R -t -U
    read: /^-c (?:topology\S*|clusters\S*|all-\S*|which-\S*|search|discover-status|replication-analysis|raft-(?:leader|health|leader-hostname)|api|instance-status|is-\S*|instance|find|ask-\S*|help)\b/
    dash: verb
    infra+delete+data_loss~: /^-c (?:forget\S*|reset-\S*|skip-query|purge\S*|delete\S*)\b/
    infra+service_restart+service_stop~: /^-c \S*(?:takeover|failover|recover|relocate|stop|set-read-only|detach|kill)\S*/
    else: infra
""")
