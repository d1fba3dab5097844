"""The base system: units, settings, buses, dumps."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
systemd-sysusers: user
systemd-ask-password systemd-nspawn dbus-send xdg-open jhsdb bconsole: dark
systemd-notify makedumpfile supportconfig async-profiler rbspy: write_file
systemd-firstboot systemd-hwdb systemd-mount systemd-machine-id-setup cupsaccept lpmove: write_config
systemd-cryptenroll: security_weaken
systemd-cryptsetup: infra
systemd-umount cupsreject: service_stop
systemd-creds dotnet-dump: read_secret
systemd-dissect systemd-id128 dbus-monitor vmcore-dmesg pg_amcheck arcstat arc_summary: read
nginx-debug: service_start
mosquitto_pub: infra?
anacron
    read: -T
    else: schedule
fcrontab
    read: -l
    else: schedule
run-parts
    read: --test --list
    else: dark
systemd-resolve
    write_config: --flush-caches --reset-statistics --set-dns
    else: read
varlinkctl
    read: info list-interfaces introspect
    else: dark
gdbus
    read: introspect monitor
    else: dark
gsettings
    read: get list-schemas list-keys list-recursively range describe monitor
    else: write_config
dconf
    read: read list dump watch
    else: write_config
gio
    read: info list cat tree mime version monitor
    delete: remove trash
    else: write_file
xdg-mime
    read: query
    else: write_config
sos
    read: help
    read: --list-plugins -l
    else: write_file
sosreport
    read: -l --list-plugins
    else: write_file
jmap
    dash: long
    read_secret: -dump
    read: -histo -heap -clstats
    else: read
py-spy
    read: top dump
    else: write_file
lighttpd
    takes: -f -m
    dash: long
    read: -t -tt -p -v -V
    else: service_start
traefik
    read: healthcheck version
    else: service_start
opa
    read: eval test check version inspect parse
    else: service_start
kyverno
    read: apply test version
    else: infra
cosign
    read: verify verify-attestation tree triangulate version
    infra: sign attest copy upload attach
    infra+delete: clean
crane
    read: manifest ls digest config catalog validate version
    infra: copy cp push tag append mutate
    infra+delete: delete
    write_file: pull export
dhcpd
    takes: -cf -lf
    dash: long
    read: -t -T
    else: service_start
exabgpcli
    read: show version help
    else: network
bareos-fd
    read: -t
    else: service_start
kcat
    takes: -b -t -p -o -c -f -K -G -X -F
    read: -L -C -Q
    else: infra
kafkacat
    takes: -b -t -p -o -c -f -K -G -X -F
    read: -L -C -Q
    else: infra
memcached-tool
    read: /\b(?:stats|display|settings|sizes)\b/
    else: read
cupsctl
    alone: read
    else: write_config
""")
