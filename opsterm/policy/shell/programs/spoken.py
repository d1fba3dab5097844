"""Programs whose words say what they do, in the verbs that operators' tools share: list, show, delete, restart.

One grammar for all of them: the first verb that is met counts, an option can only make it worse, and a line without a
verb of these changes something that is not known closer. Which programs keep to it is data, from their own manuals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.core import lean_re as re
from opsterm.policy.effects import EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, asks_for_help, note
from opsterm.policy.shell.programs.options import acting_option, is_trial, may_be_value, note_losing, note_revealing
from opsterm.policy.shell.programs.verbs import CHANGING, NOUNS_TOO, TELLING, TOLD_LAST, VERBS
from opsterm.policy.word_set import word_set

_JOINED = re.compile(r"(?:[a-z]+/)?[A-Za-z0-9]+(?:[-_:.]?[A-Za-z0-9]+){0,8}")
_PARTS = re.compile(r"[-_:./]|(?<=[a-z])(?=[A-Z])")
_REVEALING = frozenset({"get", "show", "view", "read", "describe", "export", "reveal"})
_OBJECTS_AT_MOST = 6


def verb_spec(words: Sequence[Argument], most: int = 7) -> tuple[str, int]:
    """Return the effects of the first verb among the first words and where it stands; "" for none.

    A word such as `list-all`, `node-list` or `user:delete` counts by the worst of its parts.
    """
    ranks = (
        "infra+delete+data_loss~",
        "infra+service_stop",
        "infra+service_restart+service_stop~",
        "dark",
        "infra",
        "read",
    )
    for at, word in enumerate(words[:most]):
        if word.text.lower() in VERBS:
            spec = VERBS[word.text.lower()]
            following = words[at + 1].text if at + 1 < len(words) else ""
            if word.text in NOUNS_TOO and (following in TELLING or following in CHANGING):
                return VERBS.get(following, "read"), at + 1
            further = 0 if spec != "read" or word.text in TELLING else _changed(words[at + 1 : at + 4])
            return (VERBS[words[at + further].text], at + further) if further else (spec, at)
        parts = [part.lower() for part in _PARTS.split(word.text.removeprefix("./"))]
        found = {VERBS[part] for part in parts if part in VERBS}
        if parts[0] in ("is", "has") and len(parts) > 1:
            return "read", at
        if found and _JOINED.fullmatch(word.text.removeprefix("./")):
            if found <= {"read", "infra"} and (parts[0] in TELLING or _tells_last(parts)):
                return "read", at
            return next(spec for spec in ranks if spec in found), at
    return "", 0


def _tells_last(parts: Sequence[str]) -> bool:
    """Return whether joined words end in what is shown: `user-list` and `backup-status`, but not `create-users`."""
    if VERBS.get(parts[-1]) != "read":
        return False
    return parts[-1] in TOLD_LAST or parts[0] not in CHANGING


def _changed(behind: Sequence[Argument]) -> int:
    """Return how far behind a noun a verb stands that changes it, 0 for none: `metrics delete clicks`."""
    return next((at for at, word in enumerate(behind, start=1) if word.text in CHANGING), 0)


def spoken(takes: str = "", *, alone: str = "read", else_: str = "infra") -> Deed:
    """Return a deed of a program that keeps to the shared verbs.

    Args:
        takes: options with a value.
        alone: effects without any word.
        else_: effects of words among which there is no verb.
    """
    options = word_set(f"-o -O --output --out {takes}")

    def deed(call: ProgramCall) -> None:
        call.take(options, long=("--dry-run", "--dryrun"))
        spec, at = verb_spec(call.words)
        if asks_for_help(call) or (spec != "dark" and is_trial(call, ("--dry-run", "--dryrun"))):
            call.add(EffectKind.READ)
            return
        note_losing(call)
        if spec == "read" and may_be_value(call, call.words[at]):
            later, further = verb_spec(call.words[at + 1 :])
            spec, at = (later, at + 1 + further) if later else (spec, at)
        if not call.words:
            acting = acting_option(call, options)
            note(call, "infra" if acting is not None and alone == "read" else alone)
            return
        objects: Sequence[Argument | str] = call.words[at + 1 :][:_OBJECTS_AT_MOST] or [""]
        looks = call.has("--check", "--preview") and call.words[at].text in ("upgrade", "update")
        spec = "read" if looks else spec or else_
        acting = acting_option(call, options) if spec == "read" and not looks else None
        if acting is not None:
            call.dark(f"What {acting.name[:40]} of {call.name[:60]} does is not known to this check.")
        if spec == "read":
            note_revealing(call)
        if (
            spec == "read"
            and any(word.text in ("secret", "secrets") for word in call.words[:at])
            and call.words[at].text in _REVEALING
        ):
            spec = "read_secret"
        for what in objects if spec != "read" else objects[:1]:
            note(call, spec, what)

    return deed


def shows(takes: str = "", *, content: bool = False, dash_long: bool = False) -> Deed:
    """Return a deed of a program that only shows, unless an option says otherwise.

    Args:
        takes: options with a value.
        content: whether its words are files that it shows.
        dash_long: whether a single dash begins a whole word.
    """
    options = word_set(f"-o -O --output --out --output-file --outfile --log-file {takes}")

    def deed(call: ProgramCall) -> None:
        call.take(options, dash_long=dash_long)
        if asks_for_help(call):
            call.add(EffectKind.READ)
            return
        if note_losing(call):
            return
        acting = acting_option(call, options)
        if acting is not None:
            call.dark(f"What {acting.name[:40]} of {call.name[:60]} does is not known to this check.")
            return
        for word in call.words if content else []:
            deeds.read(word, call.notes, call.frame, call.span)
        call.add(EffectKind.READ)

    return deed


_SPOKEN = """
barman pgbackrest repmgr wal-g wal-e pg_autoctl pg_probackup stolonctl maxctrl tiup cockroach neo4j-admin rpk nats pulsar-admin
rabbitmq-queues rabbitmq-plugins rabbitmq-streams influxctl curator_cli elasticsearch-keystore kibana-plugin
elasticsearch-plugin elasticsearch-users opensearch-plugin mimirtool cortextool logcli tempo-cli amtool grafana-cli grafana icinga2 icingacli omd checkmk cmk-agent-ctl
talosctl k0s rke2 rke kops clusterctl cmctl linkerd hubble helmfile argo tkn kn odo crossplane up-cli rancher kubie werf skaffold
tilt garden devspace vcluster kubefedctl karmadactl submariner subctl radosgw-admin weka minio-client warp juicefs
stratis vdo beegfs-ctl lctl gnt-instance gnt-cluster gnt-node onevm onehost onedatastore oneimage onevnet onetemplate pvesm pvecm pvenode pvesh
pveum pveceph ha-manager proxmox-backup-client proxmox-backup-manager xe ovirt-shell esxcli vim-cmd acli ncli bosh om
render supabase koyeb
dokku caprover eb copilot ecs-cli aws-vault saml2aws chamber doppler infisical boundary waypoint tctl tsh teleport step smallstep
cscli wazuh-control ossec-control firecfg zerotier-cli nordvpn mullvad nebula-cert netbird headscale cloudflared ngrok ldcli unleash flipt fastly deck apigeecli algolia pd newrelic datadog-ci stripe splunk sentry-cli
 birdc gobgp
drbdsetup drbdmanage ctdb stonith_admin pcsd ostree rpm-ostree bootc toolbox distrobox homectl portablectl
oomctl importctl sysupdate networkd-dispatcher storaged udisksctl boltctl fwupdtool powerprofilesctl tuned-gui nmstatectl wicked
cloud-init sacctmgr snapcraft charmcraft juju maas lxd multipass limactl lima colima podman-remote runc crun youki
kata-runtime conmon umoci oras regctl notation harbor dagger earthly act_runner gitlab-runner
gitlab-ctl gitlab-rake jenkins-cli buildkite-agent drone woodpecker-cli concourse circleci tea jira asdf sdk rustup pyenv rbenv nodenv goenv nvm fnm
volta mise mamba micromamba poetry pdm pipenv hatch rye guix nix nix-channel opam cabal bundler luarocks
etcdutl zkCli.sh zookeeper-shell kcadm.sh keycloak authentik ipactl sssctl realmd pdnsutil pdns_control knotc nsd-control
kea-ctrl-agent keactrl dnscontrol lego step-ca tpm2_x vmware-cmd docker-machine
svcadm zoneadm pkgadm s6-rc dinitctl shepherd herd mongocli atlas ops-manager redisinsight sentinel proxysql-admin
fluent-ctl benthos rqlite dolt neon planetscale pscale turso appcfg gactions firebase amplify apex
  deployctl wails stacker vtctlclient vtctldclient vtctl yb-admin scylla-manager sctool cassandra-reaper dse dsetool
osd mdt relax-and-recover kopia rustic rdiff-backup rsnapshot bupstash autorestic resticprofile wyng
zrepl arcconf ssacli hpssacli hpacucli  omconfig ilorest perccli perccli64 storcli storcli64 storcli2 sesutil nvmecli
mlxconfig mstconfig devlink rdma ndctl daxctl cxl accel-config fabtests isstadm ipmicfg
powerstore svcinfo svctask isi navicli naviseccli onefs
flarectl cli53 kubectl-krew antctl kubevirt virtctl velero-plugin stork storkctl pxctl mayactl longhornctl
sonobuoy kubespray polaris pluto kube-capacity kubent apm pm3 forever foreman honcho circusctl
"""

_SHOWN = """
drbd-overview ec2-metadata facter ohai lsfd lsirq lsmd lshal ibstat ibstatus ibv_devinfo ibv_devices iblinkinfo
ibnetdiscover ibhosts ibnodes ibswitches perfquery sminfo nvtop intel_gpu_top radeontop hwloc-ls hwloc-info x86info
cpuid i7z lscgroup lssubsys cgget biolatency biosnoop biotop cachestat cachetop execsnoop exitsnoop opensnoop statsnoop tcptop tcplife
tcpconnect tcpaccept tcpretrans tcptracer tcpdrop ext4slower ext4dist xfsslower xfsdist filetop fileslower gethostlatency runqlat runqlen offcputime profile funccount
funclatency llcstat memleak oomkill slabratetop softirqs hardirqs syscount vfsstat vfscount dcstat dcsnoop killsnoop bashreadline wakeuptime
atopsar sadf dool btop bashtop bpytop gtop procs duf dust gdu dfc pydf lsd sift pt
hexyl xsv gron jc fx jless xpath pup htmlq datamash csvgrep csvsort csvjson csvformat csvclean tldr cheat neofetch fastfetch screenfetch
figlet cowsay cowthink toilet lolcat fortune cmatrix calc qalc units nload iptraf-ng tcptrack ifstat ifdata dnstop dnstracer dnsenum dnsrecon
doggo dog kdig q rdap nbtscan arp-scan paris-traceroute tcpping tcptraceroute6 httping httpstat grpc_health_probe hey sslscan sslyze testssl.sh testssl certigo
tpm2_pcrread tpm2_getrandom tpm2_getcap sbverify apt-show-versions dlocate dpkg-architecture debconf-show debconf-get-selections
debconf-escape apt-listchanges check-support-status checkrestart popularity-contest debman dpigs aptitude-changelog repodiff repo-graph
equery qlist qsearch qfile xbps-query pkginfo pacinfo pactree expac pipdeptree pip-audit cpan-outdated ctop dockle trivy
grype syft clair-scanner kube-score kube-linter popeye kubescape kube-bench kube-hunter kubeaudit conftest stern kail kubetail
kubectl-tree tflint tfsec checkov terrascan infracost driftctl inframap blast-radius virt-top virt-df virt-filesystems virt-inspector virt-ls virt-cat virt-log
virt-host-validate esxtop resxtop vmkping pveversion pveperf mysqldumpslow mytop innotop pg_activity pg_top pg_waldump pg_verifybackup
pg_config pg_test_timing pgmetrics pt-summary pt-mysql-summary pt-duplicate-key-checker pt-diskstats pt-ioprofile pt-pmp pt-variable-advisor
pt-index-usage pt-show-grants mongostat mongotop bsondump memcstat mosquitto_sub check_load check_disk check_http check_ping
check_procs check_ssh check_swap check_tcp check_dns check_ntp check_users check_mk_agent nagiostats munin-run nut-scanner upsc apcaccess varnishstat
varnishtop varnishhist varnishlog qshape exiqgrep exiwhat exigrep mailstat pflogsumm dhcp-lease-list dhcp_probe unbound-host
logwatch sa pscap netcap filecap cpuinfo oomd sprio sshare sstat seff bjobs bhosts bqueues blimits
bacct lsload lshosts lsid qhost condor_q condor_status condor_history showq checkjob xdpyinfo xwininfo xlsclients glxinfo vulkaninfo clinfo
vainfo edid-decode mediainfo ffprobe pdfinfo pdffonts lsar jdeps javap
bandwhich tiptop latencytop irqtop irqstat powerstat s-tui ttop cointop snmpdelta snmpdf snmpnetstat net-snmp-config
mibdump snmpcheck onesixtyone ls-lint cloc tokei scc ripgrep-all rga pwdx lddtree scanelf eu-readelf eu-nm eu-size eu-strings
addr2line c++filt gitk git-sizer onefetch vercmp dpkg-vercmp rpmdev-vercmp ascii acpi_listen usb-devices usbtop lsdev lspath
fdtdump bootinfo os-prober linux-version hardinfo cpufreq-info cpufreq-aperf w.procps uuidparse uuidgen mcookie
apg errno dateutils datediff dateadd ncal gcal jot rs vis unvis lam what ident whatmask netmask prips grepcidr aggregate
avahi-browse avahi-resolve mdns-scan iwinfo wavemon linssid lpinfo ippfind cupstestppd
diffstat wdiff dwdiff icdiff delta difft diffoscope dyff dhash ssdeep md5deep sha256deep hashdeep b3sum
"""

_SHOWN_FILES = "hexyl xsv csvgrep csvsort csvjson csvformat csvclean gron fx jless xpath pup htmlq datamash jc lsd ascii-xfr diffstat wdiff dwdiff icdiff delta difft dyff b3sum md5deep sha256deep hashdeep"


PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(_SPOKEN.split(), spoken("-c -n -H -h -p -u -U -s -f --config --host --port --user --namespace --context --server --profile --stanza --cluster --format --kubeconfig -l --selector --nodes -e --endpoints --region --project --repo -r")),
    **dict.fromkeys(_SHOWN.split(), shows("-n -c -p -H -u -w -i -C -t -d -f -s -l --format --host --port --user --namespace")),
    **dict.fromkeys(_SHOWN_FILES.split(), shows("-n -c -f -d --delimiter --columns", content=True)),
}  # fmt: skip
