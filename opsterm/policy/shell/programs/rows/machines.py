"""Virtual machines and their images."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
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
virt-manager virt-viewer: dark
virt-qemu-run: infra
virt-sysprep
    trial: -n --dry-run
    read: --list-operations
    else: data_loss~
virt-xml-validate: read
apptainer singularity
    read: inspect verify version search run-help cache/list instance/list remote/list remote/status sif/list help plugin/list key/list overlay/list capability/list capability/avail
    dark: exec run shell test
    delete: cache/clean delete
    service_stop: instance/stop
    else: write_file
k3s-uninstall.sh rke2-uninstall.sh: data_loss
k3d
    read: version help config/view node/list cluster/list kubeconfig/get image/list registry/list
    delete+data_loss~: cluster/delete node/delete registry/delete
    service_stop: cluster/stop node/stop
    else: infra
k9s: dark
dockerd containerd: service_start
dive
    infra: build
    else: read
pve-firewall
    read: status compile localnet simulate help
    firewall_weaken: stop
    else: network+lockout?
pveam
    read: available list help
    delete: remove
    else: write_file
microk8s
    read: status inspect version config kubectl/get kubectl/describe
    service_stop: stop disable
    data_loss~: reset leave
    dark: kubectl helm helm3 ctr
    else: infra
VBoxManage vboxmanage
    read: list showvminfo showmediuminfo showhdinfo getextradata guestproperty/get guestproperty/enumerate snapshot/list metrics/list metrics/query natnetwork/list cloud/list debugvm/info
    infra+delete+data_loss~: unregistervm closemedium snapshot/delete snapshot/restore hostonlyif/remove natnetwork/remove dhcpserver/remove
    service_stop: controlvm discardstate
    dark: guestcontrol
    else: infra
virt-v2v virt-p2v: infra
qemu-system-x86_64 qemu-system-aarch64 kvm cloud-hypervisor firecracker: service_start
vmkfstools
    data_loss: -U -C --deletevirtualdisk --createfs -w --writezeros -W
    data_loss~: -X -E -K -y -j -k
    write_file: -c -i -D -r -z
    read: -P -q -t -L
    else: infra
ovftool
    dash: long
    read: --verifyOnly --help --version
    else: infra
""")
