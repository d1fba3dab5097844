"""Outcomes of an operator that the tests make up, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from opsterm.policy.learned.lesson import PastCommand, PastEnd, lessons_of, read_cases
from opsterm.policy.learned.traits import Situation, understand_masked
from tests.house.source import CHECKOUT

CASES = (CHECKOUT / "knowledge_seed/risk_cases.jsonl").read_text(encoding="utf-8")

COMMANDS = (
    "systemctl restart {}", "systemctl reload {}", "systemctl start {}", "systemctl stop {}", "service {} restart",
    "apt-get install -y {}", "apt-get remove -y {}", "apt-get upgrade -y", "docker restart {}", "docker rm -f {}",
    "kubectl rollout restart deployment/{}", "rm -rf /srv/{}/old", "chmod 640 /etc/{}/config", "chown {0}:{0} /srv/{0}",
    "find /var/log/{} -mtime +30 -delete", "truncate -s 0 /var/log/{}/debug.log", "ln -sfn /srv/{0}/2 /srv/{0}/current",
    "useradd -m {}", "usermod -aG docker {}", "sysctl -w vm.swappiness=10", "psql -c 'DELETE FROM {} WHERE id = 4'",
    "crontab -u {0} /tmp/{0}.cron", "ufw allow 443/tcp", "git -C /srv/{} pull",
)  # fmt: skip
NAMES = ("nginx", "app", "worker", "shop", "cache", "mail")
DAY_S = 86_400.0
FIRST_DAY = 19_675
"""Days after 1970-01-01, a Thursday."""


def past(count: int, seed: int, *, signal: bool = True, bad_share: float = 0.3) -> Sequence[PastCommand]:
    """Return changes that ended.

    Args:
        count: how many.
        seed: of the dice.
        signal: whether what ended badly can be told by where and when: in production, in the evening, on many targets.
            Otherwise the dice alone say how it ended.
        bad_share: without a signal, of those that did not end well.
    """
    dice = random.Random(seed)
    return [_one(number, dice, signal=signal, bad_share=bad_share) for number in range(1, count + 1)]


def _one(number: int, dice: random.Random, *, signal: bool, bad_share: float) -> PastCommand:
    live, late = dice.random() < 0.5, dice.random() < 0.4
    many = dice.random() < 0.5
    by_place = 0.9 if live and late else 0.5 if live and many else 0.04
    chance = by_place if signal else bad_share
    end = dice.choice((PastEnd.FAILED, PastEnd.FAILED, PastEnd.DENIED, PastEnd.STOPPED))
    hour, day = 20 if late else 9, FIRST_DAY + number
    at = day * DAY_S + hour * 3600
    return PastCommand(
        understood=understand_masked(dice.choice(COMMANDS).format(dice.choice(NAMES)), "bash"),
        where=Situation(
            environments=("prod" if live else "lab",) * (6 if many else 1),
            hour=hour, weekday=(day + 3) % 7,
        ),
        end=end if dice.random() < chance else PastEnd.DONE, asked_at=at, ended_at=at + 60, change=number,
    )  # fmt: skip


SHIPPED = lessons_of(read_cases(CASES))
