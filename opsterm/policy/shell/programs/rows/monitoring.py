"""Logs, metrics, traces and the servers of applications."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
jboss-cli.sh wlst.sh: dark
zeek yara vol.py vol volatility3 smem zoxide: read
nikto: dos?
hydra: dos?+security_weaken?
stap: kernel_module
duckdb: db_write
pdftotext convert mogrify ffmpeg asciinema pandoc: write_file
logcheck
    read: -t -o
    else: write_file
filebeat
    read: test version export modules/list
    else: service_start
metricbeat
    read: test version export modules/list
    else: service_start
logstash
    read: -t --config.test_and_exit -V --version
    else: service_start
solr
    read: status healthcheck version
    service_stop: stop
    service_restart: restart
    data_loss~: delete
    service_start: start
    else: infra
neo4j
    read: status version
    service_stop: stop
    service_restart: restart
    else: service_start
activemq
    read: query list bstat dstat
    service_stop: stop
    data_loss~: purge
    service_restart: restart
    else: service_start
cmk
    read: -d -l --list-hosts --list-tag -D -N -V
    service_restart: -O -R --reload --restart
    else: write_config
asadmin
    takes: --port --host --user --passwordfile
    read: list version uptime
    read: /^(?:list|show|get|ping)/
    service_stop: /^(?:stop|disable)/
    infra+delete+data_loss~: /^(?:delete|undeploy)/
    else: infra
catalina.sh
    read: version configtest
    service_stop: stop
    service_start: start run jpda
varnishncsa
    takes: -q -F -f -P -n -i -I
    write: -w
    else: read
osqueryi
    read: /(?i)^\s*select\b/
    else: dark
falco
    read: --list -V --validate --version -L
    else: service_start
suricata
    takes: -c -S -i
    read: -T --dump-config -V
    else: service_start
snort
    takes: -c -i
    read: -T -V
    else: service_start
zeekctl
    read: status diag check top
    service_stop: stop
    else: service_restart
bpftrace
    takes: -e -p -c -f -B
    read: -l --version --info
    dark: --unsafe
    else: read
trace-cmd
    read: report list stat
    write_file: record extract
    kernel_param: start stop reset set
mlr
    write_file: -I
    else: read
dasel
    takes: -f -r -w
    read: select -f
    write_file: put delete
    else: read
fzf
    dark: --bind --preview
    else: read
ncdu
    takes: -f
    write: -o
    else: read
xmlstarlet
    read: sel el val fo c14n ls ed tr pyx
    write_file: -L --inplace
    else: read
collectd zabbix_agentd zabbix_agent2 zabbix_server zabbix_proxy
    takes: -c --config -C
    read: -t --test -T -p --print
    else: service_start
auditd redis-server mongod: service_start
aa-audit aa-autodep: write_config
aa-cleanprof aa-genprof aa-logprof aa-mergeprof: write_config
aa-unconfined aa-decode: read
fswatch
    takes: -l -m -i -e -f --event
    else: read
inotifywait inotifywatch
    takes: -e -t --event --timeout --format --timefmt --exclude
    write: -o --outfile
    else: read
goaccess
    takes: -f -p --log-format --date-format --time-format
    write: -o --output
    else: read
clamdscan
    delete: --remove
    write_file: --move --copy
    write: -l --log
    takes: -f --file-list
    else: read
elasticsearch-croneval: read
elasticsearch-certutil elasticsearch-saml-metadata elasticsearch-syskeygen elasticsearch-create-enrollment-token: write_file
elasticsearch-reset-password elasticsearch-setup-passwords: user
elasticsearch-node elasticsearch-shard
    read: info
    else: data_loss~
mysqld mariadbd
    read: --print-defaults --validate-config --version -V
    else: service_start
mysql_secure_installation mariadb-secure-installation mysql_install_db mariadb-install-db: db_write
pg_walsummary: read
pg_test_fsync: write_file
pg_combinebackup pg_createsubscriber
    takes: -o --output -d --database -D -P
    trial: -n --dry-run
    else: db_write
clusterdb pg_receivewal pg_recvlogical: db_write
pg_checksums
    data_loss?: -e --enable -d --disable
    else: read
pg_rewind
    trial: -n --dry-run
    else: data_loss~
sqlite-utils
    read: tables views schema rows search indexes analyze-tables dump
    read: /(?i)^(?:query|memory) (?:\S+ )*['"]?\s*(?:select|explain)\b(?!.*\b(?:insert|update|delete|drop|into)\b)/
    data_loss~: drop-table drop-view
    else: db_write
alertmanager thanos grafana-server sensu-agent sensu-backend netdata fluent-bit fluentd td-agent loki promtail karma jaeger-all-in-one envoy munin-node
    read: --version -V --verify-config --dry-run -t
    takes: -c --config --config.file -C --config-path
    else: service_start
pmstat pmval pminfo pmrep pmprobe pmdumplog pmlogsummary pmiostat pcp2json: read
pmstore: kernel_param
pmlogger: write_file
pcp
    else: read
collectdctl
    read: listval getval
    infra: putval
    else: infra
sensuctl
    read: /^(?:\S+ )?(?:list|info|show|describe|version|view|history|tree|help|cluster-health|member-list)\b/
    read: /^cluster (?:health|member-list|id)\b/
    infra+delete: /\b(?:delete|prune|remove|member-remove)\b/
    dark: edit
    else: infra
m2 mco
    read: ping find inventory facts doc help
    else: dark
netdatacli
    read: ping version help aclk-state dumpconfig
    service_stop: shutdown-agent fatal-agent
    else: service_restart
datadog-agent
    read: status health version configcheck diagnose hostname config tagger-list workload-list check stream-logs help
    service_stop: stop
    service_start: run start
    write_file: flare
    else: infra
oneagentctl
    read: /^--get-/
    else: write_config
csysdig
    takes: -c -r -p -n -M
    write: -w
    else: read
aulast aulastlog auvirt ausyscall: read
crowdsec
    takes: -c
    read: -t -version
    dash: long
    else: service_start
suricata-update
    read: list-sources list-enabled-sources check-versions
    else: write_config
falcoctl
    read: /\b(?:list|info|search|version|config|manifest)\b/
    else: write_file
osqueryctl
    read: status config-check
    service_stop: stop clean
    service_restart: restart
    else: service_start
telegraf
    trial: --test --test-wait --input-list --output-list --usage --sample-config
    read: config version plugins secrets/list
    alone: service_start
    else: service_start
vector
    takes: -c --config -C --config-dir
    read: validate list test top tap graph generate vrl --version
    alone: service_start
    else: service_start
otelcol
    read: validate components --version
    alone: service_start
    else: service_start
collectl nmon
    write_file: -f -F
    else: read
sensors
    kernel_param: -s --set
    else: read
""")
