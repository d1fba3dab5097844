"""Virtual machines and their images."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of("""
qemu-nbd virt-clone virt-xml virt-edit virt-copy-in pveceph-osd: infra
guestmount: write_config
virt-customize: dark
virt-resize pct-restore: data_loss~
virt-sparsify: data_loss?
virt-copy-out virt-builder vzdump: write_file
qemu-ga virtiofsd: service_start
vzlist: read
qmrestore: infra+data_loss~
guestfish
    read: --version --ro -r
    else: dark
virt-install
    read: --dry-run --print-xml
    else: infra
vmware-toolbox-cmd
    read: stat device/list help disk/list timesync/status upgrade/status -v config/get
    write_config: timesync script device config
    data_loss?: disk
vzctl
    read: status
    service_stop: stop suspend
    service_restart: restart
    infra+delete+data_loss: destroy delete
    dark: exec enter
    else: infra
prlctl
    read: list status
    service_stop: stop suspend
    data_loss: delete
    else: infra
qemu-img
    takes: -f -O -o -T -l -p -s -c -a
    read: info check compare map measure
    write_file: create convert dd snapshot bitmap
    data_loss~: resize commit rebase amend
    data_loss~: -d
""")
