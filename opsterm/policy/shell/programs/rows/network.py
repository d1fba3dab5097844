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
ntpdc pppoe-status ovs-flowviz pyang: read
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
bird
    read: -p
    else: service_start
hostapd chisel dnsmasq ntpd wpa_supplicant darkhttpd
    read: --test -t --version -v
    else: network
sshuttle openfortivpn: network+lockout?
cockpit-desktop rdesktop mssh minicom: dark
cockpit-bridge
    read: --packages --version
    else: service_start
cockpit-tls cockpit-ws: service_start
cidr routel sockstat nm-online ifstatus: read
links elinks links2
    dash: long
    dark: -eval -config-file
    else: read
ngrep
    takes: -I -d -n -A -s -S -c -P -W
    write: -O
    else: read
tcpick
    takes: -i -r
    write_file: -wR -wS
    dash: long
    else: read
tcpflow
    takes: -i -r -b
    read: -c -C -g
    else: write_file
dumpcap
    takes: -i -f -c -a -b -s
    read: -D -L -S
    else: write_file
tcpkill: network+lockout~
tcpreplay
    read: --listnics -V
    else: network
ifmetric
    else: network+lockout?
ioping
    takes: -c -w -s -S -i -l -p -T
    data_loss~: -W
    else: read
wakeonlan etherwake wol
    trial: -n --dry-run
    else: infra
iwctl
    read: help version
    read: /\b(?:list|show|get-networks|get-hidden-access-points|rssi|scan)$/
    network+lockout~: /\b(?:disconnect|forget|set-property|connect)\b/
    else: network
usbip
    read: list port version
    else: infra
gobuster wfuzz ffuf: dos?

hurl
    trial: --version
    else: infra?
smbget: write_file
ip2cc geoiplookup mmdblookup: read
arptables-save: read
mbw: read
mii-tool
    network+lockout?: -r -R -A -F --reset --restart --advertise --force
    else: read
ovs-ofctl ovs-dpctl
    read: /^(?:show|dump-\S+|snoop|monitor|queue-stats|ping|diff-flows|parse-\S+|get-\S+|list-\S+)\b/
    network+lockout~: /./
    takes: -O -t --timeout
ovs-appctl ovn-appctl
    takes: -t --target
    read: /^(?:version|list-commands|fdb\/show|fdb\/stats-show|dpif\/show\S*|dpif\/dump-\S+|bridge\/dump-\S+|bond\/(?:list|show)|lacp\/show|stp\/show|rstp\/show|coverage\/show|memory\/show|ofproto\/(?:list|trace)|upcall\/show|vlog\/list|cluster\/status)\b/
    service_stop+lockout?: exit
    else: network+lockout?
ovn-nbctl ovn-sbctl ovsdb-client
    takes: --db --timeout -t
    read: show list get find dump list-dbs get-schema list-tables list-columns monitor query
    read: /^(?:\S+-list|\S+-get-\S+|\S+-show)\b/
    else: network+lockout?
kong
    read: version health check config/parse config/db_export migrations/status migrations/list
    read: -v --vv
    service_stop: stop quit
    service_restart: restart reload
    data_loss~: migrations/reset
    else: infra
snmptrap snmpinform: infra?
ovn-trace ovn-detrace ovs-tcpdump ovs-parse-backtrace ndisc6 rdisc6 rltraceroute6 tracert6 radvdump: read
teamd radvd tayga smcrouted igmpproxy: service_start
mausezahn mz: dos?
dnssec-keygen dnssec-signzone dnssec-dsfromkey dnssec-settime: write_file
dnssec-verify nsd-checkconf nsd-checkzone: read
kea-dhcp4 kea-dhcp6 kea-dhcp-ddns
    read: -t -T -v -V -W
    else: service_start
coredns
    read: -version -plugins
    dash: long
    else: service_start
rec_control
    write_file: dump-cache dump-edns dump-nsspeeds dump-rpz dump-throttlemap dump-failedservers dump-non-resolving dump-yaml
    read: version get get-all ping current-queries top-remotes top-queries top-timeouts get-parameter get-qtypelist uptime get-ntas get-tas help
    read: show-yaml list-dnssec-algos top-bogus-remotes top-largeanswer-remotes top-pub-queries
    service_stop: quit quit-nicely
    else: infra
dnsdist
    read: --check-config --version
    else: service_start
omshell: dark
dcb
    read: /\b(?:show|get)\b/
    else: network+lockout?
nfacct
    read: list get
    delete: delete flush
    else: write_config
teamdctl
    read: /^\S+ (?:state|config dump|config|state view|state item get)\b/
    else: network+lockout~
teamnl
    read: /^\S+ (?:ports|options|getoption)\b/
    else: network+lockout~
batctl
    read: n o tg tl s statistics dat ping tr tp if neighbors originators translocal transglobal -v
    else: network+lockout?
hostapd_cli
    takes: -i -p
    read: status all_sta sta ping mib get_config list_sta interface help
    network+lockout?: /./
    else: network
hatop: dark
show: read
sonic-config: network+lockout~
sonic-clear: infra
counterpoll pfcwd
    read: show
    alone: read
    else: network
sfputil psuutil fwutil ssdutil
    read: show
    network+lockout?: reset lpmode power
    else: boot
sonic-installer sonic_installer
    read: list binary-version
    package_remove: remove cleanup
    boot: set-default set-next-boot
    else: package_upgrade+boot
mclagdctl
    takes: -i
    read: dump
    else: network
""")
