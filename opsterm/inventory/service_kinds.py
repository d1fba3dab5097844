"""Services known by name: what they are, where they listen, and which package they come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKind:
    """One kind of server program.

    Attributes:
        kind: what it serves, as in "sql:postgres".
        names: how its units and processes are called, as a regular expression.
        ports: where it listens by itself, as in "tcp/5432".
        packages: what its package is called, as a regular expression; "" when none is looked for.
        words: what people call it, beside its kind.
    """

    kind: str
    names: re.Pattern[str]
    ports: tuple[str, ...]
    packages: re.Pattern[str] | None
    words: tuple[str, ...]


_TABLE = """
http             nginx                            tcp/80,tcp/443    nginx.*                     nginx
http             apache2|httpd                    tcp/80,tcp/443    apache2|httpd               apache apache2 httpd
http             caddy                            tcp/80,tcp/443    caddy                       caddy
http:proxy       haproxy                          tcp/80,tcp/443    haproxy                     haproxy
http:cache       varnish(d|-.*)?                  tcp/6081          varnish                     varnish
http:proxy       squid.*                          tcp/3128          squid                       squid
ssh              sshd?|dropbear                   tcp/22            openssh-server|dropbear     sshd openssh dropbear
sql:postgres     postgres(ql.*)?|postmaster       tcp/5432          postgresql-?(\\d+|server)   postgres postgresql pg
sql:mssql        MSSQL.*|sqlservr                 tcp/1433          mssql-server                mssql sqlserver
sql:mysql        mysqld?.*|mariadbd?.*            tcp/3306          (mysql|mariadb)(-server.*)? mysql mariadb
cache:redis      redis.*|valkey.*                 tcp/6379          redis(-server)?             redis valkey
cache:memcached  memcached.*                      tcp/11211         memcached                   memcached
document:mongodb mongod.*                         tcp/27017         mongodb-org-server          mongo mongodb
queue:rabbitmq   rabbitmq-server|beam\\.smp       tcp/5672          rabbitmq-server             rabbitmq
queue:kafka      kafka.*                          tcp/9092          -                           kafka
search:elastic   elasticsearch|opensearch         tcp/9200          elasticsearch               elasticsearch opensearch
keyvalue:etcd    etcd                             tcp/2379,tcp/2380 etcd(-server)?              etcd
dns named|bind9?|unbound|dnsmasq|systemd-resolved?|DNS udp/53,tcp/53 bind9?|unbound|dnsmasq bind named unbound dnsmasq
smtp             postfix.*|master|exim4?          tcp/25            postfix|exim.*              postfix exim
imap             dovecot                          tcp/143,tcp/993   dovecot(-core)?             dovecot
snmp             snmpd                            udp/161           snmpd|net-snmp              snmpd
ntp              chronyd?|ntpd|ntpsec|ntp         udp/123           chrony|ntp|ntpsec           chrony ntpd
ldap             slapd|NTDS                       tcp/389,tcp/636   slapd|openldap.*            slapd openldap ad
smb              smbd|LanmanServer                tcp/445           samba.*                     samba
nfs              nfsd|nfs-server|nfs-kernel-server|rpc\\.nfsd tcp/2049          nfs-(kernel-server|utils)   nfs
ftp              vsftpd|proftpd                   tcp/21            vsftpd|proftpd(-core)?      vsftpd proftpd
print            cupsd?                           tcp/631           cups(-daemon)?              cups
container        dockerd?|podman                  tcp/2375,tcp/2376 docker.*|podman             docker podman
http             W3SVC                            tcp/80,tcp/443    -                           iis
rdp              TermService                      tcp/3389          -                           rdp
winrm            WinRM                            tcp/5985,tcp/5986 -                           winrm
kerberos         Kdc|krb5kdc                      tcp/88,udp/88     krb5-kdc                    kdc
http:metrics     prometheus                       tcp/9090          prometheus                  prometheus
http:metrics     (prometheus-)?node[_-]exporter.* tcp/9100          prometheus-node-exporter    node-exporter
http:dashboard   grafana(-server)?                tcp/3000          grafana                     grafana
rpc              rpcbind                          tcp/111,udp/111   -                           rpcbind
rpc              RpcEptMapper                     tcp/135           -                           rpc
syslog           rsyslogd?|syslog-ng              tcp/514,udp/514   -                           rsyslog syslog
"""


def _read(line: str) -> ServiceKind:
    kind, names, ports, packages, *words = line.split()
    return ServiceKind(
        kind=kind, names=re.compile(names), ports=tuple(ports.split(",")),
        packages=None if packages == "-" else re.compile(packages), words=tuple(words),
    )  # fmt: skip


KINDS: Sequence[ServiceKind] = tuple(map(_read, _TABLE.strip().splitlines()))
"""In the order in which they are tried."""

TLS_PORTS = frozenset({443, 465, 636, 853, 989, 990, 993, 995, 2376, 3269, 5061, 5671, 6443, 8443, 8883, 9443, 10250})
"""Ports on which TLS is spoken from the first byte."""


def kind_of(*names: str) -> ServiceKind | None:
    """Return the kind of a server by the names of its unit and its process, None when none is known."""
    return next((kind for name in names if name for kind in KINDS if kind.names.fullmatch(name)), None)


def kinds_on(port: str) -> tuple[ServiceKind, ...]:
    """Return the kinds that listen on a port by themselves, as in "tcp/5432"."""
    return tuple(kind for kind in KINDS if port in kind.ports)


def answers_to(word: str, *, name: str, process: str, kind: str) -> bool:
    """Return whether people may mean a service by a word: its name, its process, its kind, or what such are called."""
    low = word.lower()
    if low in (name.lower(), process.lower()) or kind == low or kind.startswith(f"{low}:"):
        return True
    known = kind_of(name.partition("@")[0], process)
    return known is not None and (low in known.words or known.kind == low or known.kind.startswith(f"{low}:"))


def known_words() -> frozenset[str]:
    """Return what people call services and kinds of them, in small letters."""
    parts = {part for kind in KINDS for part in (kind.kind, *kind.kind.split(":"))}
    return frozenset(parts.union(*(kind.words for kind in KINDS)))
