"""Cmdlets that are in no table, told by their verb, and by the family that their noun belongs to.

Source: "Approved Verbs for PowerShell Commands", about which modules that are signed by Microsoft keep to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.powershell.cmdlet_rows import MILD, ROWS
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty
Deed = tuple[EffectKind, Certainty]

READING_VERBS = word_set(
    "get test measure find search show resolve compare convertto convertfrom format group sort read "
    "trace wait ping join split where foreach watch assert confirm"
)
_VERBS = """
remove = delete
clear = delete data_loss:possible
uninstall = package_remove
unregister unpublish dismount revoke = delete
reset = write_config data_loss:likely
initialize format = data_loss
disable = service_stop write_config
stop suspend = service_stop
restart = service_restart
start resume = service_start:likely
set update edit add new enable rename register grant merge optimize repair convert switch limit sync complete approve
 = write_config
deny block lock = write_config lockout:possible
unblock unlock unprotect = write_config security_weaken:possible
protect = write_config
mount undo redo step submit request push pop enter exit = write_config:possible
install = package_add
import restore = write_config data_loss:possible
export save backup checkpoint copy expand compress = write_file
move = write_file delete:possible
write = write_file
use select = write_config:possible
publish send = exfil:possible
receive = write_file:possible
connect disconnect open close = network:possible
invoke debug build deploy = remote_code:possible
"""
_FAMILIES: Sequence[tuple[str, EffectKind]] = (
    ((r"az|ec2|ecs|eks|elb|asg|s3|rds|cfn|iam|lam|gce|gcp|gke|vm|vhd|cluster|scvm|mg|aad|azuread|msol|intune|sp[ot]|wvd|hcx|nsx"
     r"|storage(?:pool|space|tier)|hostedservice|cmdevice|cmcollection|cmapplication|cs|team(?!nic)|vi"
     r"|datastore|dag"), _K.INFRA),
    (r"ad(?!apter)[a-z]|local(?:user|group)|mailbox|mailuser|distributiongroup|recipient|user", _K.USER),
    (r"net(?!firewall)|dns|dhcp|ipam|nps|vpn|wsman", _K.NETWORK),
    (r"netfirewall", _K.FIREWALL_WEAKEN),
    (r"mp|wdac|applocker|bitlocker|credential|cipolicy|auditpolicy", _K.SECURITY_WEAKEN),
    (r"sql|dba", _K.DB_WRITE),
    (r"scheduled|job", _K.SCHEDULE),
    (r"eventlog|winevent|log$", _K.LOG_LOSS),
)  # fmt: skip
_FAMILY_PATTERNS = [(re.compile(pattern), kind) for pattern, kind in _FAMILIES]
_LOSES = word_set("remove clear reset initialize format uninstall")
_HOLDS_DATA = re.compile(
    r"vm$|vhd|disk|volume|partition|database|storage|bucket|s3|mailbox|resourcegroup|vault|zone|dbinstance|cluster|site|container"
    r"|blob|keyspace|backup|snapshot|tenant|share|recoverypoint|image|server|instance|stack|object|organizationalunit|pool|table",
)
_SECRET_NOUN = re.compile(
    r".*(?:secret|password|credential|keyvault|apikey|connectionstring|accesskey|storageaccountkey)s?(?:value|text|version)?"
)
_NAME = re.compile(r"([a-z]+)-([a-z][a-z0-9_]*)")


def _rows(text: str) -> Mapping[str, tuple[Deed, ...]]:
    table: dict[str, tuple[Deed, ...]] = {}
    for row in text.replace("\n =", " =").strip().splitlines():
        names, _, deeds = row.partition(" = ")
        parsed = tuple(
            (EffectKind(kind), Certainty(certainty or "certain"))
            for kind, _, certainty in (deed.partition(":") for deed in deeds.split())
        )
        table |= dict.fromkeys(names.split(), parsed)
    return table


_BY_VERB = _rows(_VERBS)
_TAKES_AWAY = word_set("remove clear uninstall unregister revoke disable dismount stop suspend")


def _with_verbs(table: Mapping[str, tuple[Deed, ...]]) -> Mapping[str, tuple[Deed, ...]]:
    """Add to each row what its verb means where that is to take something away: a row never says less than a name.

    A row that only reads stays as it is: it is of a thing of the session, as a variable.
    """
    more = {
        name: tuple(dict.fromkeys((*deeds, *_BY_VERB[verb])))
        for name, deeds in table.items()
        if (verb := name.partition("-")[0]) in _TAKES_AWAY and name not in MILD
        and any(kind is not _K.READ for kind, _ in deeds)
    }  # fmt: skip
    return {**table, **more}


CMDLETS = _with_verbs(_rows(ROWS))
"""Cmdlet in lower case -> effects."""


def deeds_of(name: str) -> tuple[Deed, ...] | None:
    """Return what a cmdlet does, by the table or by its name; None for a name that is none of a cmdlet.

    Args:
        name: in lower case.
    """
    if name in CMDLETS:
        return CMDLETS[name]
    match = _NAME.fullmatch(name)
    if not match:
        return None
    verb, noun = match.groups()
    if verb in READING_VERBS:
        return (
            ((_K.READ_SECRET, _C.POSSIBLE),)
            if verb == "get" and _SECRET_NOUN.fullmatch(noun)
            else ((_K.READ, _C.LIKELY),)
        )
    deeds = _BY_VERB.get(verb)
    if deeds is None:
        return None
    family = next((kind for pattern, kind in _FAMILY_PATTERNS if pattern.match(noun)), None)
    more = ((family, _C.LIKELY),) if family else ()
    if verb in _LOSES and _HOLDS_DATA.search(noun):
        more = (*more, (_K.DATA_LOSS, _C.LIKELY))
    return (*deeds, *more)


def is_cmdlet(name: str) -> bool:
    """Tell whether a name in lower case is that of a cmdlet, known or told by its verb."""
    return deeds_of(name) is not None
