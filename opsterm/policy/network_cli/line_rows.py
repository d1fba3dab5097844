"""Lines of network devices as data, by their first words, which may be cut short as the devices allow it; `.` is the end.

Sources: command references of Cisco IOS 15 and NX-OS 10, Arista EOS 4.31, Junos 23.4, RouterOS 7, FortiOS 7.4, VRP 8.
"""

from __future__ import annotations

from opsterm.policy.word_set import word_set

ROWS = """
show | display | ping | ping6 | traceroute | tracert | traceroute6 | print | get | help | ? | who | where | dir | more | pwd | cd = read
enable . | enable 15 | disable . | configure . | configure t | exit . | exit configuration-mode | end . | quit . | logout . | top . | up . | up 2 | abort . | discard . | terminal | screen-length | systat | whoami = read
configure terminal | configure exclusive | configure private | edit | next | system-view . | sys . | file list | file show | compare | history = read
verify | cli | status | monitor interface | monitor traffic | monitor start | monitor stop | list | return | pager | less | tail = read
nslookup | dig | host | configure session | configure checkpoint = read
undebug | commit check | commit show | rollback ? | reload cancel | test aaa | test cable-diagnostics = read
request support information | request chassis routing-engine status = read
write = write_config
write memory | copy running-config startup-config | save | write startup | commit best-effort = write_config
write terminal = read
write network = exfil:possible
write erase | erase startup-config | erase nvram: | reset saved-configuration | clear startup-config = data_loss delete
erase = data_loss
delete | del | undelete | rmdir | squeeze | file delete | file copy | file rename = delete
delete startup-config = data_loss delete
format | fdisk | partition | clear flash = data_loss
reload | reboot | reload in | reload at | restart system | fast-reboot | reset system = reboot
reload module | power cycle | hw-module | redundancy force-switchover | redundancy switch-activity | switchover = reboot service_restart
schedule reboot = reboot
shutdown = service_stop network lockout
poweroff | halt = reboot
clear counters | clear arp-cache | clear mac | clear ip nat statistics | clear ip dhcp | clear screen = network:possible
clear arp = network:possible
clear ip nat translation | clear ip route | clear ip bgp | clear bgp | clear ip ospf | clear ospf | clear ospfv3 | clear mpls | clear isis | clear ip eigrp | clear ldp | clear ipv6 = network dos:possible
clear logging | clear log | clear logs | clear logfile | clear archive | reset logbuffer | clear accounting = log_loss
clear line | clear user | clear users | clear ssh | clear tcp | kill | disconnect = process_kill lockout:possible
clear crypto | clear vpn | clear security | clear session | clear conn | clear xlate = network lockout:possible
clear configure | clear config = data_loss lockout
clear checkpoint | clear aaa = write_config
clear = network:possible write_config:possible
debug | debugging | diagnose debug = dos:possible
debug all = dos
diagnose debug crashlog read | diagnose debug rating | diagnose debug report | diagnose debug info | diagnose debug config-error-log read = read
test routing | test security-policy-match | test nat-policy-match | test pbf-policy-match | test routes = read
diagnose sys kill | diagnose sys process = process_kill
diagnose = read
no debug | undo debugging | diagnose debug disable | diagnose debug reset = read
copy = write_file
copy running-config = exfil:possible write_file
copy startup-config = exfil:possible write_file
copy tftp: | copy ftp: | copy scp: | copy http: | copy sftp: | copy https: = write_config lockout:possible
copy startup-config running-config = write_config lockout:possible
configure replace | rollback running-config | configure memory | configure network = write_config lockout
rollback = write_config lockout:possible
commit | commit confirmed | commit and-quit | commit replace | commit synchronize = write_config network lockout:possible
load | load merge | load set | load replace | load patch = write_config lockout:possible
load override | load factory-default | load update = write_config data_loss lockout
request system reboot | request system halt | request system power-off | request restart system | request shutdown = reboot
request vmhost reboot | request system power-on | request chassis = reboot service_restart
request system zeroize | request system private-data-reset | request system storage cleanup = data_loss
file delete-directory = delete data_loss:likely
wildcard delete = data_loss:likely write_config
reset recycle-bin | request system snapshot delete = data_loss
request system snapshot = write_file
request high-availability state suspend | request high-availability = service_stop
request system software delete | request system configuration rescue delete = package_remove delete
request system software | request system firmware | request license = package_upgrade reboot:possible
request = write_config
restart = service_restart network dos:possible
start shell | bash | run bash | guestshell | python | python3 | tclsh | event manager run | op = remote_code:likely
ssh | telnet | connect | rlogin = remote_code:possible
install | archive download-sw | software | boot system | upgrade | image = package_upgrade boot
boot | license = boot
monitor capture | capture | tcpdump | tool sniffer = write_file:possible
monitor session = network exfil:possible
archive config | checkpoint = write_file
lock | unlock = write_config
send = network:possible
execute ping | execute traceroute | execute ping-options | execute date | execute time | execute log display | execute dhcp = read
execute factoryreset | execute factoryreset2 | execute erase-disk | execute formatlogdisk | execute disk format = data_loss
execute log delete-all | execute log delete-rolled | execute log delete | execute log roll = log_loss
execute reboot | execute shutdown = reboot
execute restore = write_config data_loss:likely lockout:likely
execute backup = exfil:possible
execute ha | execute router | execute vpn | execute disconnect-admin-session | execute interface = network lockout:possible
execute ssh | execute telnet | execute batch = remote_code:possible
execute update-now | execute forticare = package_upgrade
execute = write_config
purge = data_loss delete write_config
unset | unselect | activate | annotate | rename | move | insert | protect | clone | append | select = write_config
replace = write_config
set cli | set terminal = read
set date | set clock | clock set | clock = write_config
disable = write_config service_stop:likely network
enable | configure = write_config
configure factory | configure factory-default | reset factory-configuration = data_loss lockout
failover active | failover reload-standby | failover exec = service_restart reboot:possible
request restart = reboot
clear dot1x | clear vpn-sessiondb = lockout:possible
reset ip | reset conntrack = dos:possible
service stop | service restart = service_stop
system reboot | system shutdown | system poweroff = reboot
request system restart = reboot
unconfigure | execute factory-reset | wipe = data_loss lockout
deactivate = write_config service_stop:likely
reset ospf | reset bgp | reset isis | reset rip | reset ospfv3 | reset mpls | reset vrrp | reset stp | reset ip routing-table = dos:possible
reset = network:possible
power inline | power off = service_stop:likely network
issu | system upgrade = package_upgrade reboot:likely
set | config | feature = write_config
interface | vlan | router | line | aaa | username | ip | ipv6 | access-list | hostname | snmp-server | logging | ntp = write_config
crypto key zeroize = delete data_loss:likely lockout security_weaken
spanning-tree mode none | spanning-tree disable = network dos:possible
crypto | spanning-tree | switchport | policy-map | class-map | route-map | vrf | banner | service | enable secret = write_config
enable password | tacacs-server | radius-server | tacacs | radius | control-plane | key | errdisable | mac | lldp | cdp = write_config
channel-group | port-channel | description | speed | duplex | mtu | bandwidth | encapsulation | standby | glbp | vrrp = write_config
access-group | neighbor | network | redistribute | default-information | area | passive-interface | permit | deny | remark | transport = write_config
login | password | access-class | exec-timeout | session-timeout | privilege | peer | address-family | route-target | rd = write_config
default-router | domain-name | lease | object | object-group | nat | security-level | nameif | failover | same-security = write_config
acl | rule | stelnet | user-interface | local-user | sysname | port | undo | dhcp | power | udld | storm-control | qos = write_config
management | daemon | username-prompt | tunnel | mpls | bgp | ospf | isis | vxlan | evpn | default = write_config
"""

CUTS = (
    r"\bvty\b|\bline (?:con|vty)|\baaa\b|tacacs|radius|\bssh(?:2|server|d)?\b|tacplus|router policy|authorized|\bpassword\b|\baccount\b|iproute|system ha\b|telnet|netconf|restconf|management|\bmgmt|\bma\d|fxp0|\bem0\b|\bme0\b|\bvme\b"
    r"|lo0|enable (?:secret|password)|authentication-mode|accprofile|protocols static|router static|static-route|permitted-ip|mgt-config|deviceconfig system|crypto key|system (?:services|login|root-auth|authentication)|\busername\b|\blocal-user\b|\blogin\b|access-class"
    r"|access-group|access-list|\bacl\b|\bfilter\b|prefix-list mgmt|control-plane|ip address|ipv4 address|inet address"
    r"|family inet|default-gateway|routing-options|ip(?:v6)? route|\broute\b|\bgateway\b|allowaccess|trusthost|system (?:interface|admin|global)"
    r"|firewall|security (?:policies|zones)|host-inbound|service-policy|transport input|\buser\b|\badmin\b|stelnet|user-interface|winbox"
    r"|\bshutdown\b|\bswitchport\b|interfaces? |\bvlan\b|default interface|\bvrf\b|nameif|dhcp-client|ip service"
)
"""Words of a change that can be what an operator's own session rests on."""

ENDS = r"\b(?:disabled?|shutdown|power off|offline|reject|discard|blackhole|deny|drop)\b(?! (?:no|false))"
"""Words of a change behind which something no longer works."""

TAKES_AWAY = word_set(
    "delete delete-directory remove offline clear reset restart stop uninstall deactivate halt power-off"
)
"""Words of a line about the device itself, behind which something is gone."""

LOSES_ALL = r"\b(?:factory|zeroi[sz]e|wipe|unconfigure|erase|destroy)"
"""Words of a line that is no look, behind which what the device holds is gone."""

CHANGES_THOUGH_LOOKING = word_set(
    "add clear delete disable down flush format kill purge reset reset-uptime restart set"
)
"""Words of a `diagnose` or `test` that does more than look."""

ASKS_SECRETS = r"password|secret|community|snmp-server|private|show-sensitive|\bkey\b|psk|pre-shared|username|encrypted"
"""Words behind a `show` that ask for what is secret in a configuration."""
