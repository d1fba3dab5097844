"""Networks: who is there, how fast, by which way, and the clocks."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
curlie: infra?
websocat wscat: dark
masscan zmap locust netperf redis-benchmark: dos?
iozone bonnie++: write_file
cassandra-stress: db_write+dos?
phc2sys phc_ctl: security_weaken?
ntpdc pppoe-status: read
vpnc openconnect pppd: network+lockout?
socks: network
nping
    takes: -c -p --delay --rate -g
    else: read
netdiscover
    takes: -r -i
    else: read
vegeta
    read: report plot encode
    else: dos?
k6
    read: version inspect status
    else: dos?
pgbench
    read: --version -V
    else: db_write+dos?
lldpcli
    read: show watch version
    else: network
vnstat
    takes: -i --iface
    data_loss~: --remove --delete
    write_config: --add --create --setalias
    else: read
ptp4l
    read: -v -h
    else: security_weaken?
pmc
    takes: -b -i -t -d
    read: /^GET\b/
    else: security_weaken?
adjtimex
    read: -p --print -V
    else: security_weaken
sntp
    security_weaken: -s -S --step
    else: read
squidclient
    takes: -h -p -w -u
    service_stop: /mgr:(?:shutdown|reconfigure|offline_toggle)/
    read: /^mgr:/
    else: infra?
strongswan
    read: status statusall version listall listcerts
    network+lockout~: stop down restart reload update
    else: network
""")
