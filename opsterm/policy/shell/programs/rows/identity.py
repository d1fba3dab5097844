"""Directories and domains that accounts come from."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
ipa-client-install: user+lockout~
dsconf: infra
ipa-healthcheck slaptest slappasswd: read
kpasswd msktutil: user
ktutil: dark
slapadd: data_loss?
net
    takes: -U -S -w -W
    read: ads/kerberos/pac ads/dns/gethostbyname ads/gpo/list ads/workgroup ads/info ads/testjoin ads/lookup ads/status ads/search ads/user rpc/info rpc/testjoin groupmap/list share/list lookup time
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
    read: list list-ruv list-clean-ruv dnarange-show dnanextrange-show
    infra+delete: del clean-ruv clean-dangling-ruv
    data_loss~: re-initialize
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
kvno: read
ldapmodrdn: user
ldapcompare ldapexop: read
ldapvi: dark
slapindex: write_config
slapd
    takes: -f -F -h -u -g -d
    read: -T -VV -V
    else: service_start
kdb5_util krb5_util
    data_loss: destroy load
    read_secret: dump
    data_loss~: create
    read: tabdump list_mkeys
    else: user
kpropd: service_start
kprop: exfil?
ipa-getkeytab: read_secret+user?
ipa-rmkeytab: user+delete
ipa-certupdate ipa-join ipa-addservice ipa-adtrust-install ipa-dns-install ipa-ca-install ipa-kra-install ipa-replica-install: infra
ipa-backup: write_file
ipa-restore: infra+data_loss~
ipa-server-certinstall ipa-cacert-manage: security_weaken?
ipa-managed-entries
    read: /^list\b/
    read: --list -l
    else: infra
ipa-csreplica-manage ipa-topology
    read: list
    infra+delete: del
    else: infra
getcert ipa-getcert selfsign-getcert
    takes: -i -d -n -f -k -c -K -D -T -I -C
    read: list list-cas status
    delete: stop-tracking remove-ca
    else: write_config
sss_override
    read: user-show user-find group-show group-find
    delete: user-del group-del
    else: user
sss_obfuscate sss_seed: user
smbcontrol
    service_stop: /\bshutdown\b/
    read: /\b(?:ping|debuglevel|pool-usage)$/
    else: service_restart
cacertdir_rehash: write_config
ipa-server-install
    infra+delete+data_loss: --uninstall
    else: infra
""")
