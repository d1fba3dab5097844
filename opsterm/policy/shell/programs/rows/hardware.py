"""Controllers, sensors, buses and graphics processors."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
i2cdetect i2cdump i2cget gpioget gpioinfo gpiodetect setpci inb hddtemp: read
i2cset i2ctransfer gpioset pcimem devmem devmem2 outb ledctl: kernel_param
rocm-smi
    takes: -d
    else: read
amd-smi
    read: list static metric monitor process topology version
    else: kernel_param
xpu-smi
    takes: -d
    else: read
dcgmi
    read: discovery dmon stats topo nvlink modules introspect profile
    infra: group policy config test set
    infra: -s --set
    else: infra
ipmi-sensors bmc-info ipmi-fru ipmi-locate ipmiping ipmi-pet ipmi-dcmi
    takes: -h -u -p -l -D
    else: read
ipmi-sel
    takes: -h -u -p -l -D
    log_loss: --clear --delete --delete-range --delete-all
    else: read
ipmi-chassis
    takes: -h -u -p
    reboot+lockout: --chassis-control
    read: --get-chassis-status
    else: read
ipmipower
    takes: -h -u -p
    read: --stat -s
    reboot+lockout: --off --cycle --reset --soft -f -c -r
    infra: --on -n
    else: dark
ipmiutil
    read: sensor sel health fru lan
    reboot+lockout: reset
    else: infra
redfishtool
    read: Systems/list Chassis/list root
    else: infra
bmc-config
    read: --checkout -o
    else: infra
smartd
    takes: -q
    read: -q --showdirectives -D
    else: service_start
mstflint
    takes: -d -i
    read: /\b(?:q|query|v|verify|hw query|dc)\b/
    else: boot+data_loss~
flint
    takes: -d -i
    read: /\b(?:q|query|v|verify)\b/
    else: boot+data_loss~
udevadm
    read: info monitor test verify wait version settle test-builtin
    write_config: trigger control lock hwdb
efivar
    takes: -n -f --name --fromfile
    boot: -w --write -a --append
    else: read
bluetoothctl
    read: devices list show info paired-devices version
    write_config: scan
    network: power connect disconnect pair trust untrust remove block unblock discoverable pairable
mmcli
    takes: -m -i -s -b
    network+lockout?: -d -e -r --disable --enable --reset --factory-reset --simple-disconnect --simple-connect
    else: read
xrandr
    takes: --output --mode
    write_config: --output --off --mode --auto --rate --newmode --addmode
    else: read
xprop
    takes: -id -name -set -remove
    dash: long
    write_config: -set -remove -f
    else: read
brightnessctl
    read: info get max
    else: kernel_param
cpufreq-set: kernel_param
omreport: read
sensors-detect opensm: write_config
edac-util lsgpu: read
ras-mc-ctl
    write_config: --register-labels
    else: read
rasdaemon dcdbas: service_start
scsi_id: read
sg_persist
    data_loss?: -o --out -R -S -C -K -Z -G --register --clear --preempt
    read: -i --in -k -r -s -c -v
    else: read
x86_energy_perf_policy
    kernel_param: -a --all -c --cpu -t --turbo-enable -E --epb
    read: -r
    kernel_param: /\b(?:performance|power|normal|balance\S*)\b/
    else: read
mlxlink
    takes: -d -p
    network+lockout~: -a --port_state -s --speeds -k --fec --cable
    read: -m -c -e --show_fec --json --show_module --show_counters --show_eye
    else: read
mlxfwmanager
    boot+data_loss?: -u --update -i
    read: --query
    else: read
dsu
    read: --inventory -i --preview -p
    else: package_upgrade+boot?
hponcfg
    takes: -f -w
    write: -w
    security_weaken?: -f -r -R
    else: read
racadm
    takes: -r -u -p -i
    read: /^(?:get\w*|help|ifconfig|netstat|ping\d?|ping6|traceroute\d?|racdump|vflashsd status|jobqueue view|lclog view|storage get|update viewreport|sslcertview|serveraction powerstatus|hwinventory|swinventory|sensorsettings get|license view|systemperfstatistics \w+|raid get)\b/
    reboot+lockout: /^serveraction (?!powerstatus)/
    service_restart+lockout?: /^(?:racreset\w*|racresetcfg)\b/
    data_loss: /\b(?:racresetcfg|deletevd|resetconfig|init|secureerase|cryptographicerase|systemerase|clearforeign|delete\w*)\b/
    log_loss: /^(?:clrsel|clrraclog|lclog (?:clear|delete)|clearasrscreen|jobqueue delete)\b/
    network+lockout~: /^(?:setniccfg|set iDRAC\.(?:NIC|IPv\d|Users)\S*)\b/
    else: infra
""")
