"""Mail and what filters it."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
opendkim-testkey doveconf sieve-test exipick exiqsumm swatch: read
opendkim-genkey: write_file
amavisd: service_start
imapsync: data_loss?
rspamadm
    read: configtest configdump stat keypair control
    else: write_config
rspamc
    read: stat symbols uptime counters ping
    else: write_config
sa-learn
    read: --dump
    data_loss~: --clear
    else: write_file
spamassassin
    read: --lint -t -V
    else: read
dovecot
    read: -n -a --version
    else: service_start
postmulti
    read: -l
    else: write_config
mailman
    read: lists members info status
    data_loss~: remove
    else: infra
exinext mailstats postfix-finger: read
sa-update postalias: write_config
""")
