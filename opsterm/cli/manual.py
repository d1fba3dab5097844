"""What the help says besides the arguments: examples of each verb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.cli.json_keys import JSON_KEYS

EXAMPLES: Mapping[str, Sequence[str]] = {
    "targets list": ("opsterm targets list 'tag:web and not env:lab'", "opsterm targets list 'web-[01-12]' --json"),
    "targets show": ("opsterm targets show web-01",),
    "targets add": ("opsterm targets add web-01 --address 192.0.2.11 --group web --tag nginx",),
    "targets edit": ("opsterm targets edit web-01 --port 2222 --user ops",),
    "targets remove": ("opsterm targets remove web-01", "opsterm targets remove 'group:old' --yes"),
    "targets tag": ("opsterm targets tag 'web-[01-03]' edge +nginx", "opsterm targets tag web-01 -edge"),
    "targets group": ("opsterm targets group 'web-[01-03]' web", "opsterm targets group web-01 -web"),
    "targets import": (
        "opsterm targets import auto inventory/hosts",
        "opsterm targets import csv - < hosts.csv",
    ),
    "targets export": ("opsterm targets export csv > hosts.csv", "opsterm targets export ansible 'group:web'"),
    "targets check": ("opsterm targets check 'group:web'",),
    "targets test": (
        "opsterm targets test web-01",
        "opsterm targets test 192.0.2.7 --user ops --port 2222",
        "opsterm targets test sw-1 --protocol snmp --json",
    ),
    "targets profile": (
        "opsterm targets profile web-01",
        "opsterm targets profile web-01 --refresh --diff",
        "opsterm targets profile web-01 --json",
    ),
    "targets trust": ("opsterm targets trust web-01 --fingerprint SHA256:…",),
    "services list": (
        "opsterm services list",
        "opsterm services list --capability sql --json",
        "opsterm services list 'group:db' --state gone",
    ),
    "services show": ("opsterm services show postgresql@db-01",),
    "services discover": ("opsterm services discover 'tag:web'", "opsterm services discover all --kept --json"),
    "services accept": ("opsterm services accept nginx@web-01", "opsterm services accept 'web-[01-12]'"),
    "services ignore": ("opsterm services ignore port-8125@web-01",),
    "services remove": ("opsterm services remove nginx@web-01",),
    "services check": ("opsterm services check", "opsterm services check 'group:db' --json"),
    "services depends": (
        "opsterm services depends nginx@web-01 --on postgresql@db-01",
        "opsterm services depends nginx@web-01 --on postgresql@db-01 --withdraw",
    ),
    "snmp get": (
        "opsterm snmp get 'group:switches' sysName sysUpTime",
        "opsterm snmp get sw-1 1.3.6.1.2.1.1.5.0 --json",
    ),
    "snmp walk": ("opsterm snmp walk sw-1 ifName ifAlias", "opsterm snmp walk sw-1 1.3.6.1.4.1.9.2 --limit 500"),
    "snmp table": ("opsterm snmp table sw-1 ifTable", "opsterm snmp table srv-1 hrStorageTable --json"),
    "snmp profile": ("opsterm snmp profile 'group:switches'",),
    "snmp trust": ("opsterm snmp trust sw-1",),
    "snmp traps": ("opsterm snmp traps 'group:switches' --since 2h", "opsterm snmp traps --senders"),
    "snmp login": (
        "opsterm snmp login 'group:switches'",
        "opsterm snmp login sw-1 --user monitor --auth SHA-256 --priv AES",
        "opsterm snmp login sw-1 < community",
    ),
    "alerts": (
        "opsterm alerts",
        "opsterm alerts ack a7 --note 'ordered a disk'",
        "opsterm alerts silence a7 a8 --for 4h",
    ),
    "check http": (
        "opsterm check http https://web-01/health --json-path '$.status=up'",
        "opsterm check http 'tag:web' --path /login --status 200,401 --json",
        "opsterm check http https://api.example.org/v1 --auth bearer",
    ),
    "check tcp": ("opsterm check tcp web-01:443 '[::1]:22'", "opsterm check tcp 'group:db' --port 5432"),
    "check ping": ("opsterm check ping 192.0.2.1", "opsterm check ping 'tag:web' --count 10 --json"),
    "check list": ("opsterm check list", "opsterm check list shop --json"),
    "check run": ("opsterm check run shop", "opsterm check run --json"),
    "camera info": ("opsterm camera info 'tag:camera'",),
    "camera motion": ("opsterm camera motion cam-door --json",),
    "camera snapshot": ("opsterm camera snapshot cam-door --resolution 1280x720 --to pictures",),
    "camera events": ("opsterm camera events cam-door --for 10m --json",),
    "apis add": (
        "opsterm apis add https://petstore.example.org/openapi.json",
        "opsterm apis add petstore.yaml --name pets --server https://pets.example/v1",
    ),
    "apis list": ("opsterm apis list",),
    "apis show": ("opsterm apis show petstore", "opsterm apis show petstore createPet --json"),
    "apis call": (
        "opsterm apis call petstore listPets limit=3 tags=a,b",
        "opsterm apis call petstore createPet name=rex --reason 'a new one'",
        "opsterm apis call petstore createPet --body - < pet.json",
    ),
    "apis accept": ("opsterm apis accept petstore moved", "opsterm apis accept petstore"),
    "apis refresh": ("opsterm apis refresh petstore",),
    "apis login": ("opsterm apis login petstore", "opsterm apis login petstore token < token"),
    "apis remove": ("opsterm apis remove petstore",),
    "metrics": ("opsterm metrics", "opsterm metrics --target localhost --json"),
    "history": ("opsterm history cpu.used_percent --window 24h", "opsterm history 'fs.used_percent[/]' --json"),
    "ask": ("opsterm ask which file system is fullest", "opsterm ask 'run `df -h` on web-[01-03]'"),
    "preview": ("opsterm preview c18", "opsterm preview c18 --all --json"),
    "risk": (
        "opsterm risk -- systemctl stop nginx",
        "opsterm risk --on tag:web --json -- 'find /var/tmp -mtime +7 -delete'",
        "opsterm risk --shell bash - < commands.jsonl",
    ),
    "risk train": ("opsterm risk train", "opsterm risk train --json"),
    "risk status": ("opsterm risk status",),
    "schedule parse": (
        "opsterm schedule parse every second Tuesday of the month at 6am",
        "opsterm schedule parse --timezone Europe/London --json weekdays at 7:30",
        "opsterm schedule parse - < phrases.txt",
    ),
    "risk export": ("opsterm risk export -o learned-risk.json",),
    "policy list": ("opsterm policy list", "opsterm policy list --pack hipaa --json"),
    "policy show": ("opsterm policy show",),
    "policy check": ("opsterm policy check --on tag:pci -- systemctl stop auditd",),
    "policy test": ("opsterm policy test",),
    "policy explain": ("opsterm policy explain OT-LOG-01",),
    "policy validate": ("opsterm policy validate databases.toml",),
    "policy evidence": ("opsterm policy evidence --since 2026-10-01 --format html -o q4.html",),
    "query": (
        "opsterm query --on 'tag:web' -- uptime",
        "opsterm query --on 'web-[01-12]' --each --become -- tail -n 20 /var/log/syslog",
        "opsterm query --on win-01 --shell wql -- 'SELECT Name FROM Win32_Service'",
    ),
    "get": (
        "opsterm get web-01:/var/log/syslog",
        "opsterm get --on 'tag:web' /var/log/dpkg.log logs --json",
        "opsterm get -r web-01:/var/log/nginx logs --resume",
    ),
    "put": (
        "opsterm put motd --on 'tag:web' --to /etc/motd",
        "opsterm put backup.sh --on db-01 --to /usr/local/bin/backup --mode 0755",
        "opsterm put -r site --on 'tag:web' --to /srv/site --leave-out .git --resume",
    ),
    "propose": (
        "opsterm propose --on web-01 --verify unit:nginx -- systemctl reload nginx",
        "opsterm propose --on web-01 --confirm '5m by hand' -- ufw enable",
        "opsterm propose --on tag:web --rollout canary:1:5 -- systemctl reload nginx",
    ),
    "snapshot take": (
        "opsterm snapshot take --on 'tag:web' /etc/nginx --unit nginx --label 'before 1.27'",
        "opsterm snapshot take --on web-01 --become --also accounts --also firewall",
    ),
    "snapshot list": ("opsterm snapshot list", "opsterm snapshot list 'tag:web' --json"),
    "snapshot show": ("opsterm snapshot show r3", "opsterm snapshot show r3 --all"),
    "snapshot diff": ("opsterm snapshot diff r3", "opsterm snapshot diff r3 r7 --lines"),
    "snapshot verify": ("opsterm snapshot verify", "opsterm snapshot verify r3 --json"),
    "snapshot prune": (
        "opsterm snapshot prune --dry-run",
        "opsterm snapshot prune --keep-last 3 --keep-daily 14",
        "opsterm snapshot prune r3 r4",
    ),
    "snapshot baseline": ("opsterm snapshot baseline r3", "opsterm snapshot baseline r3 --off"),
    "changes": ("opsterm changes", "opsterm changes --state proposed --json"),
    "change check": ("opsterm change check site.toml",),
    "change run": ("opsterm change run site.toml", "opsterm change run site.toml --on web-01"),
    "simulate": (
        "opsterm simulate c18",
        "opsterm simulate site.toml --fail web-02:2",
        "opsterm simulate --on tag:web --rollout canary:1 -- systemctl reload nginx",
    ),
    "change": ("opsterm change c18", "opsterm change c18 --request > c18.request"),
    "approve": (
        "opsterm approve c18",
        "opsterm approve c18 --sign agent --reason 'ticket 4711'",
        "opsterm approve c18 --break-glass --reason 'the site is down'",
    ),
    "approvals": ("opsterm approvals", "opsterm approvals --mine --json"),
    "sign": ("opsterm sign c18.request > ana.yes", "opsterm sign c18.request --key ~/.ssh/id_ed25519 > ana.yes"),
    "reviews list": ("opsterm reviews list",),
    "reviews close": ("opsterm reviews close c18 --from ana.yes", "opsterm reviews close c18 --note 'was needed'"),
    "claim take": (
        "opsterm claim take --on 'web-[01-03]' --for 2h --reason 'new kernel'",
        "opsterm claim take --on db-01 --despite-claim 'ana has gone home'",
    ),
    "claim list": ("opsterm claim list", "opsterm claim list --on tag:web --json"),
    "claim release": ("opsterm claim release --on all", "opsterm claim release --on db-01 --of-others --reason 'done'"),
    "breaker": ("opsterm breaker", "opsterm breaker --reset prod --reason 'the switch is mended'"),
    "autonomy": ("opsterm autonomy", "opsterm autonomy --json"),
    "deny": ("opsterm deny c18 --note 'wrong host'",),
    "rollback": ("opsterm rollback c18", "opsterm rollback c18 --on web-01 --reason 'it made errors'"),
    "resume": ("opsterm resume c18", "opsterm resume c18 not-started --rollout sequential"),
    "run": ("opsterm run c18", "opsterm run c18 --wait", "opsterm run c18 --despite-claim 'ana knows'"),
    "stop": ("opsterm stop c18",),
    "status": ("opsterm status", "opsterm status c18 --json"),
    "confirm": ("opsterm confirm c18", "opsterm confirm c18 --on web-01 --json"),
    "extend": ("opsterm extend c18 60s",),
    "revert": ("opsterm revert c18",),
    "output": ("opsterm output c18", "opsterm output c18 web-01 --raw > web-01.txt"),
    "audit list": ("opsterm audit --since 24h", "opsterm audit c18 --json"),
    "audit search": (
        "opsterm audit search nginx --target 'web-*' --since 7d",
        "opsterm audit search --kind 'policy.*'",
    ),
    "audit verify": (
        "opsterm audit verify --key first.key --checkpoint checkpoints.log",
        "opsterm audit verify audit.jsonl --json",
    ),
    "audit export": ("opsterm audit export > audit.jsonl",),
    "audit status": ("opsterm audit status", "opsterm audit status --json"),
    "audit checkpoint": ("opsterm audit checkpoint",),
    "audit key": ("opsterm audit key --once > first.key",),
    "doctor": ("opsterm doctor", "opsterm doctor --json"),
    "settings": ("opsterm settings", "opsterm settings set screen.theme day"),
    "keys": ("opsterm keys",),
    "where": ("opsterm where",),
    "mask": ("opsterm mask - < app.log > app-masked.log", "opsterm mask --json - < app.log"),
    "serve": ("opsterm serve",),
    "mail test": ("opsterm mail test", "opsterm mail test --to ops@example.com"),
    "mail queue": ("opsterm mail queue", "opsterm mail queue --all --json"),
    "mail retry": ("opsterm mail retry", "opsterm mail retry m7"),
    "mail drop": ("opsterm mail drop m7",),
    "vault status": ("opsterm vault status",),
    "vault create": ("opsterm vault create",),
    "vault list": ("opsterm vault list",),
    "vault services": ("opsterm vault services",),
    "vault set": (
        "opsterm vault set opsterm:ssh ops@web-01",
        "opsterm vault set opsterm:ssh ops@web-01 < passphrase-and-secret",
    ),
    "vault confirm": ("opsterm vault confirm opsterm:ssh ops@web-01",),
    "vault remove": ("opsterm vault remove opsterm:ssh ops@web-01",),
}
"""Verb -> command lines that work as they stand."""


def epilog(verb: str) -> str:
    """Return what stands below a verb's help: examples, and the keys of its JSON, 80 columns wide."""
    import textwrap  # noqa: PLC0415 (only for help)

    keys = textwrap.fill(
        "keys of --json: " + " ".join(JSON_KEYS[verb]), 78, subsequent_indent="  ", break_on_hyphens=False
    )
    return "\n".join(["examples:", *(f"  {line}" for line in EXAMPLES[verb]), "", keys])
