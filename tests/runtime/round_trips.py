"""Operations on a real host: what prepares each, what it does, and what shows the state that must come back."""

from __future__ import annotations

_FRESH = (
    "rm -rf /srv/t; mkdir -p /srv/t/d/e; echo one >/srv/t/a; echo two >/srv/t/d/b; ln -s ../a /srv/t/d/l; "
    'ln /srv/t/d/b /srv/t/d/hard; chmod 4755 /srv/t/d/b; mkfifo /srv/t/d/p; printf x >"/srv/t/d/odd name\nnl"; '
    "printf y >/srv/t/-dash; chown 1000:1000 /srv/t/d/e; truncate -s 5M /srv/t/d/hole; touch -d 2001-01-01 /srv/t/d/b"
)
_TREE = (
    "find /srv/t -mindepth 1 -exec stat -c '%N %f %u %g %h' {} + | sort; find /srv/t -mindepth 1 -type f -exec stat "
    "-c '%n %Y' {} + | sort; find /srv/t -type f -exec sha256sum {} + | sort"
)
_ACCOUNTS = (
    "cat /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/subuid; "
    "find /home -maxdepth 1 -printf '%M %u %g %p %l\\n' | sort; id ana 2>&1"
)
_UNITS = (  # no numbers of links: those of a folder on an overlay change when it is first written to
    "systemctl is-active UNIT; systemctl is-enabled UNIT; "
    "find /etc/systemd/system /etc/rc?.d -printf '%M %u %g %p %l\\n' | sort"
)
_UNIT_FILES = "find /etc/systemd/system -maxdepth 1 -printf '%M %u %g %p %l\\n' | sort"
_NGINX, _CRON = _UNITS.replace("UNIT", "nginx"), _UNITS.replace("UNIT", "cron")
_RULES = "nft -s list ruleset"
_IP = "ip -o addr | sed 's/valid.*//'; ip route; ip -6 route; ip rule; ip -o link"
_FILTER = (
    "nft add table inet zz; nft add chain inet zz in '{ type filter hook input priority 0 ; }'; "
    "nft add rule inet zz in tcp dport 9999 drop"
)

_NGINX_UP = "for again in 1 2 3 4 5; do systemctl enable --now nginx && break; sleep 1; done"
"""A host in a host lets go of a control group a moment late at times; then a start fails with status 219."""

CLEAN = (
    "systemctl reset-failed; systemctl disable --now zz; rm -rf /etc/systemd/system/zz.* /etc/cron.d/zz "
    "/etc/sudoers.d/ana /etc/systemd/system/cron.service.d /etc/sysctl.d/99-x.conf; systemctl daemon-reload; "
    "crontab -r; "
    "ip addr del 10.77.0.1/24 dev lo; ip addr del 10.78.0.1/24 dev lo; ip route del 10.98.0.0/16; "
    "ip route del 10.99.0.0/16; sed -i s/daily/weekly/ /etc/logrotate.conf; "
    "sed -i 's/^Storage.*/#Storage=auto/' /etc/systemd/journald.conf; ln -sf ../sites-available/default "
    "/etc/nginx/sites-enabled/default"
)
"""Takes away what an earlier try may have left."""

FIRST = "nft list ruleset > /run/rules-before"
AS_BEFORE = (
    "userdel -rf ana; groupdel zz; rm -rf /srv/t /var/lib/opsterm/rp; systemctl enable --now nginx cron ssh; "
    "nft flush ruleset; nft -f /run/rules-before"
)
"""Takes away what the preparations have made."""

ROUND_TRIPS: tuple[tuple[str, str, str], ...] = (
    (_FRESH, "rm /srv/t/a", _TREE),
    (_FRESH, "rm -rf /srv/t/d", _TREE),
    (_FRESH, "sed -i s/one/1/ /srv/t/a", _TREE),
    (_FRESH, "sed -i.bak s/one/1/ /srv/t/a", _TREE),
    (_FRESH, "echo more >> /srv/t/a", _TREE),
    (_FRESH, "echo more > /srv/t/new", _TREE),
    (_FRESH, "mkdir -p /srv/t/x/y/z && touch /srv/t/x/y/z/f", _TREE),
    (_FRESH, "mv /srv/t/d /srv/t/moved", _TREE),
    (_FRESH, "mv /srv/t/a /srv/t/d", _TREE),
    (_FRESH, "cp /etc/hosts /srv/t/a", _TREE),
    (_FRESH, "cp -a /srv/t/a /srv/t/d/e", _TREE),
    (_FRESH, "install -m 600 /etc/hosts /srv/t/new", _TREE),
    (_FRESH, "chmod -R 700 /srv/t/d", _TREE),
    (_FRESH, "chown -R 1234:1234 /srv/t/d", _TREE),
    (_FRESH, "ln -sfn /etc/passwd /srv/t/d/l", _TREE),
    (_FRESH, "truncate -s 0 /srv/t/a", _TREE),
    (_FRESH, "find /srv/t/d -type f -delete", _TREE),
    (f"{_FRESH}; touch /srv/t/1.gz /srv/t/2.gz", "rm /srv/t/*.gz", _TREE),
    (f"{_FRESH}; tar -C /etc -cf /tmp/x.tar hosts hostname", "tar -xf /tmp/x.tar -C /srv/t/d", _TREE),
    (_FRESH, "dd if=/dev/zero of=/srv/t/a bs=1k count=1", _TREE),
    (_FRESH, "tee /srv/t/a /srv/t/new < /etc/hosts", _TREE),
    (_FRESH, "rm -r /srv/t/d/e && ln -s /tmp /srv/t/d/e", _TREE),
    (_FRESH, "cd /srv/t && rm a && mv d/hole a", _TREE),
    ("", "sed -i 's/^#Port.*/Port 22/' /etc/ssh/sshd_config && systemctl reload ssh",
     "sha256sum /etc/ssh/sshd_config; stat -c '%a %u %g %Y' /etc/ssh/sshd_config; systemctl is-active ssh"),
    ("", "echo 'PermitRootLogin no' > /etc/ssh/sshd_config.d/zz.conf", "ls -l /etc/ssh/sshd_config.d"),
    ("", "echo 'ssh-ed25519 AAAA zz' >> /root/.ssh/authorized_keys", "sha256sum /root/.ssh/authorized_keys"),
    (_NGINX_UP, "echo '# x' >> /etc/nginx/nginx.conf && systemctl restart nginx",
     f"sha256sum /etc/nginx/nginx.conf; {_NGINX}"),
    (_NGINX_UP, "systemctl stop nginx", _NGINX),
    ("systemctl stop nginx", "systemctl start nginx", _NGINX),
    (_NGINX_UP, "systemctl disable --now nginx && rm /etc/nginx/sites-enabled/default",
     f"{_NGINX}; ls -l --time-style=+ /etc/nginx/sites-enabled"),
    ("systemctl start cron", "service cron stop", _CRON),
    ("systemctl unmask cron; systemctl start cron", "systemctl mask cron", _CRON),
    ("", ("mkdir -p /etc/systemd/system/cron.service.d && printf '[Service]\\nNice=5\\n' > "
     "/etc/systemd/system/cron.service.d/x.conf && systemctl daemon-reload && systemctl restart cron"),
     f"systemctl show -p Nice cron; {_CRON}"),
    ("", ("printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' > "
     "/etc/systemd/system/zz.service && systemctl daemon-reload && systemctl enable --now zz"),
     _UNITS.replace("UNIT", "zz")),
    ("", "printf '[Timer]\\nOnCalendar=daily\\n' > /etc/systemd/system/zz.timer && systemctl daemon-reload",
     _UNIT_FILES),
    ("", "systemctl set-default rescue.target",
     f"systemctl get-default; {_UNIT_FILES}"),
    ("sysctl -w net.ipv4.ip_forward=0", "sysctl -w net.ipv4.ip_forward=1", "sysctl net.ipv4.ip_forward"),
    ("sysctl -w net.ipv4.ip_forward=0",
     "echo 'net.ipv4.ip_forward=1' > /etc/sysctl.d/99-x.conf && sysctl -w net.ipv4.ip_forward=1",
     "ls /etc/sysctl.d; sysctl net.ipv4.ip_forward"),
    ("userdel -rf ana; rm -rf /home/ana", "useradd -m -s /bin/bash ana", _ACCOUNTS),
    ("useradd -m ana", "usermod -aG adm -s /bin/sh ana", _ACCOUNTS),
    ("useradd -m ana; echo ana:one | chpasswd", "passwd -l ana", _ACCOUNTS),
    ("useradd -m ana", "echo ana:hello | chpasswd", _ACCOUNTS),
    ("useradd -m ana", "chage -M 30 ana", _ACCOUNTS),
    ("useradd -m ana; echo data >/home/ana/f", "userdel -r ana", f"{_ACCOUNTS}; cat /home/ana/f"),
    ("groupdel zz", "groupadd zz", _ACCOUNTS),
    ("groupadd zz", "groupdel zz", _ACCOUNTS),
    ("groupadd zz; useradd -m ana", "gpasswd -a ana zz", _ACCOUNTS),
    ("", "echo 'ana ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ana && chmod 440 /etc/sudoers.d/ana",
     "ls -l --time-style=+ /etc/sudoers.d"),
    ("echo '1 1 * * * true' | crontab -", "crontab -r", "crontab -l"),
    ("", "echo '2 2 * * * true' | crontab -", "crontab -l"),
    ("useradd -m ana; crontab -u ana -r", "echo '3 3 * * * true' | crontab -u ana -", "crontab -u ana -l 2>&1"),
    ("", "echo '* * * * * root true' > /etc/cron.d/zz", "ls /etc/cron.d"),
    ("", "hostnamectl set-hostname other", "hostname; cat /etc/hostname"),
    ("", "timedatectl set-timezone Europe/Berlin",
     "readlink /etc/localtime; cat /etc/timezone; date +%Z"),
    ("nft flush ruleset", _FILTER.replace("; nft", " && nft"), _RULES),
    (_FILTER, "nft flush ruleset", _RULES),
    (_FILTER, "nft add rule inet zz in tcp dport 8888 drop", _RULES),
    (_FILTER, "nft delete table inet zz", _RULES),
    ("ip addr add 10.77.0.1/24 dev lo",
     "ip route add 10.99.0.0/16 via 10.77.0.2", _IP),
    ("", "ip addr add 10.78.0.1/24 dev lo", _IP),
    (("ip addr add 10.77.0.1/24 dev lo; "
     "ip route add 10.98.0.0/16 via 10.77.0.2"), "ip addr del 10.77.0.1/24 dev lo", _IP),
    (("ip addr add 10.77.0.1/24 dev lo; "
     "ip route add 10.98.0.0/16 via 10.77.0.2"), "ip route del 10.98.0.0/16", _IP),
    ("ip link set lo mtu 65536", "ip link set lo mtu 1400", _IP),
    ("", "ip rule add from 10.5.0.0/16 table 100", _IP),
    ("", "echo 'tmpfs /mnt tmpfs defaults 0 0' >> /etc/fstab", "sha256sum /etc/fstab"),
    ("", "echo '192.0.2.1 zz' >> /etc/hosts", "sha256sum /etc/hosts"),
    ("", "sed -i s/weekly/daily/ /etc/logrotate.conf", "sha256sum /etc/logrotate.conf"),
    ("", "sed -i 's/^#Storage.*/Storage=volatile/' /etc/systemd/journald.conf && systemctl restart systemd-journald",
     "sha256sum /etc/systemd/journald.conf; systemctl is-active systemd-journald"),
    ("apt-mark unhold cron", "apt-mark hold cron", "apt-mark showhold"),
    ("apt-mark hold cron", "apt-mark unhold cron", "apt-mark showhold"),
)  # fmt: skip
"""Preparation, command, what shows the state."""
