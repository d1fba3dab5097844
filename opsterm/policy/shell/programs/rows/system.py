"""The base system: units, settings, buses, dumps."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
systemd-sysusers
    read: --cat-config --dry-run
    else: user
systemd-ask-password systemd-nspawn dbus-send xdg-open jhsdb bconsole: dark
systemd-notify makedumpfile supportconfig async-profiler rbspy: write_file
systemd-firstboot systemd-hwdb systemd-mount cupsaccept lpmove: write_config
systemd-machine-id-setup
    read: --print
    else: write_config
atool
    read: -l --list -c --cat
    else: write_file
bzip3
    read: -t --test -c --stdout -l
    else: write_file
systemd-cryptenroll: security_weaken
systemd-cryptsetup: infra
systemd-umount cupsreject: service_stop
systemd-creds dotnet-dump: read_secret
systemd-id128 dbus-monitor vmcore-dmesg pg_amcheck arcstat arc_summary zarcstat zarcsummary zilstat dbufstat: read
systemd-dissect
    write_config: -m --mount -M -u --umount -U --attach --detach --mkdir --rmdir --copy-to -a
    dark: --with
    else: read
lastcomm
    takes: -f --file --user --command --tty
    else: read
glances
    takes: -t -p -c -B -u
    security_weaken?: -s -w --server --webserver
    write_file: --export --export-csv-file
    else: read
rpcinfo
    infra: -d
    else: read
atop
    write: -w
    else: read
supervisord circusd: service_start
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
    read: manifest ls digest config catalog validate version blob
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
agetty login sulogin startx systemd-socket-activate systemd-stdio-bridge expect runlim reptyr pivot_root: dark
systemd-ac-power selinuxenabled secon tuptime finger findfs wdctl: read
systool: read
updatedb mkhomedir_helper update-desktop-database locale-gen loadkeys kbd_mode setfont: write_config
localedef
    read: --list-archive --help-all
    else: write_config
fc
    takes: -e
    read: -l
    else: dark
lsinitrd
    write_file: --unpack
    takes: -f --file -k --kver
    else: read
lsinitcpio
    write_file: -x --extract
    else: read
lpoptions
    takes: -p -d -o -r
    write_config: -d -o -r -x
    else: read
haveged rngd crond dbus-daemon ippeveprinter openrc: service_start
mandb
    read: -t --test
    else: write_config
rtcwake
    read: -n --dry-run --list-modes
    else: reboot
lpass: read_secret
akmods: kernel_module
systemd-repart
    read: --dry-run=yes
    else: data_loss~
systemd-sysext systemd-confext
    read: status list help
    write_config: merge unmerge refresh
systemd-tty-ask-password-agent
    read: --list
    else: dark

chmem
    kernel_param: -e -d --enable --disable
    else: read
cupsd
    takes: -c -s
    read: -t
    else: service_start
keyctl
    read: show list rlist describe rdescribe get_persistent id supports security
    read_secret: print read pipe
    security_weaken: clear revoke unlink purge invalidate
    else: write_config
setserial
    read: -g -a -b -G -V
    read: /^\S+$/
    else: kernel_param
powertop
    write: --html --csv
    kernel_param: --auto-tune --calibrate -c
    else: read
tuned
    else: service_start
updatectl
    read: list check features
    package_upgrade: update
    else: write_config
dphys-swapfile
    data_loss~: uninstall
    else: write_config
logread
    takes: -e -l -p
    write: -F
    else: read
speedtest-cli speedtest
    takes: --server --exclude --source --timeout
    else: read
cpulimit
    process_kill~: -k --kill
    else: process_kill~
waitpid
    else: read
psgrep: read
progress
    else: read
pihole
    takes: -q --query
    write_config: -g -up -r -w -b --regex --wild -a
    read: query status version chronometer tail help
    security_weaken: disable
    log_loss: flush
    else: write_config
AdGuardHome
    read: --check-config --version -v --help
    takes: -c -w -h -p --config
    service_stop: -s
    else: service_start
extrepo
    read: search
    else: write_config
etckeeper
    read: vcs/log vcs/status vcs/diff unclean
    else: write_config
vmtouch
    takes: -m -p -P -b
    write_file: -t -e -l -L -d
    else: read
schroot
    read: -l --list -i --info --config --location
    else: dark
grub-bios-setup: boot+data_loss~
grub-mkrescue: write_file
grub-probe grub-file grub-script-check linux-boot-prober: read
dracut
    read: --list-modules --version --print-cmdline --help
    else: boot
grub-editenv
    read: /\blist\b/
    boot: /\b(?:set|unset|create)\b/
cgcreate: kernel_param
cgdelete: infra+service_stop
ipcmk: write_file
ipcrm: process_kill~
lrzip p7zip brotli uncompress gzexe: write_file
btm rolldice zdump nologin: read
pw-cli pw-dump: read
node_exporter blackbox_exporter
    else: service_start
ptx col colcrt ul lsclocks lastlog2 prtstat fincore fadvise pslog peekfd basenc base58 ascii85 lzcat zstdgrep rpmverify scriptreplay: read
dialog whiptail nroff troff soelim eqn tbl xdg-user-dir gprof csvtool readprofile: read
strip objcopy elfedit ranlib ld as unar unace arj cabextract combine vidir: write_file
chcpu: kernel_param+dos?
ctrlaltdel setterm ldattach: kernel_param
uuidd: service_start
switch_root ksu: dark
rsyslogd
    takes: -f -N
    read: -N -v
    else: service_start
""")
