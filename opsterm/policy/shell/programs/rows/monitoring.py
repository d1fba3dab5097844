"""Logs, metrics, traces and the servers of applications."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
jboss-cli.sh wlst.sh: dark
zeek yara vol.py vol volatility3 captest smem zoxide exiftool: read
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
""")
