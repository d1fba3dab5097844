"""Directories and domains that accounts come from."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
ipa-client-install: user+lockout~
ipa-server-install dsconf: infra
ipa-healthcheck slaptest slappasswd: read
kpasswd msktutil: user
ktutil: dark
slapadd: data_loss?
net
    takes: -U -S -w -W
    read: ads/info ads/testjoin ads/lookup ads/status ads/search ads/user rpc/info rpc/testjoin groupmap/list share/list lookup time
    read: status/sessions status/shares conf/list usershare/list getlocalsid cache/list
    user+lockout~: ads/leave ads/join rpc/join join
    security_weaken: ads/keytab setlocalsid time/set
    write_config: conf/setparm usershare/add conf/import
    service_stop: rpc/shutdown
    else: user
adcli
    read: info testjoin
    user+lockout?: join preset-computer create-user create-group create-computer add-member passwd-user update
    user+delete: delete-user delete-group delete-computer remove-member
ipa-replica-manage
    read: list list-ruv
    infra+delete: del clean-ruv
    else: infra
dsctl
    read: /\b(?:status|healthcheck)\b/
    else: infra
createdomuser: user
lchage
    read: -l --list
    else: user
macchanger
    read: -s --show -l --list
    else: network+lockout~
smbmap
    takes: -u -p -d -H -P -s -r
    dark: -x
    delete: --delete
    write_file: --download
    infra: --upload
    else: read
userdbctl: read
faillog
    takes: -u -l -m -t
    user: -r --reset -m --maximum -l --lock-secs
    else: read
""")
