"""Sources and what is built from them."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
tig pkg-config pkgconf gpgv trufflehog: read
ctags protoc: write_file
gpg-connect-agent: dark
bzr
    read: status log diff info
    else: write_file
fossil
    read: status timeline info diff ls
    else: write_file
repo
    read: status diff list info
    else: write_file
cvs
    read: status log diff
    else: write_file
git-lfs
    read: ls-files status env logs locks
    delete: prune
    else: write_file
gpgconf
    service_stop: --kill
    service_restart: --reload
    else: read
pre-commit
    read: sample-config validate-config help
    else: dark
gitleaks: read
dos2unix unix2dos
    read: -i --info -ih
    else: write_file
envsubst: read
git-lfs-transfer: dark
gitlab-backup
    write_file: create
    data_loss~: restore
json5
    write: -o
    takes: -s --space
    else: read
in2csv: read
uuencode: read
dub
    read: list describe
    alone: dark
    else: dark
""")
