"""Histories of an operator, made by the dice from habits: errands with steps, on services and hosts, with slips."""

from __future__ import annotations

import random
from collections.abc import Iterator

from opsterm.knowledge.command_use import CommandUse

SERVICES = ("nginx", "postgresql", "redis", "haproxy", "postfix", "sshd", "cron", "grafana", "shop", "billing")
ERRANDS = (
    ("systemctl status {s}", "journalctl -u {s} -n 50 --no-pager", "systemctl restart {s}", "systemctl status {s}"),
    ("df -h", "du -xh --max-depth=1 {p} | sort -h | tail", "journalctl --disk-usage", "df -h"),
    ("uptime", "ps aux --sort=-%cpu | head", "free -m"), ("ss -ltnp", "curl -sI localhost:{n}"),
    ("apt-get update", "apt-get -s upgrade", "apt-get -y upgrade", "systemctl --failed"),
    ("vi /etc/{s}/{s}.conf", "{s} -t", "systemctl reload {s}", "tail -n 20 /var/log/{s}/error.log"),
    ("git -C /srv/{s} pull", "make -C /srv/{s}", "systemctl restart {s}", "curl -sI localhost:{n}"),
    ("dig {h}", "ping -c 3 {h}", "traceroute {h}"), ("id {u}", "lastlog -u {u}", "passwd -S {u}"),
    ("lsblk", "pvs", "vgs", "lvs"), ("docker ps", "docker logs --tail 50 {s}", "docker restart {s}", "docker ps"),
)  # fmt: skip
SINGLE = ("w", "last -n 10", "dmesg | tail", "ls /var/log", "date", "hostnamectl", "ip a", "mount", "crontab -l")


def made_history(count: int, *, seed: int) -> Iterator[CommandUse]:
    """Yield uses, the oldest first: every errand has a service and a path of its own, one step in eight is another."""
    rng = random.Random(seed)
    favourites = rng.choices(ERRANDS, k=6)
    at, made = 1_700_000_000.0, 0
    while made < count:
        at += rng.expovariate(1 / 3000)
        errand = rng.choice(favourites) if rng.random() < 0.7 else rng.choice(ERRANDS)
        words = {
            "s": rng.choice(SERVICES), "p": rng.choice(("/", "/var", "/srv", f"/home/u{rng.randrange(300)}")),
            "n": rng.choice((80, 443, 8080, 9090)), "h": f"h{rng.randrange(500)}.example",
            "u": f"u{rng.randrange(300)}",
        }  # fmt: skip
        for step in errand:
            command = rng.choice(SINGLE) if rng.random() < 0.125 else step.format(**words)
            at += rng.expovariate(1 / 40)
            made += 1
            yield CommandUse(
                id=made, actor="ana", command=command, at=at, ended_well=rng.random() < 0.93,
                host_class=f"linux {words['s'] if words['s'] in SERVICES[:4] else 'app'}",
            )  # fmt: skip
            if made == count:
                return
