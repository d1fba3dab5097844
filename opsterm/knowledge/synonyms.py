"""Words that operators use for the same thing: each line is one meaning, its first word stands for all of them.

Both cards and questions are read with them. A word that means two things stands in no line.
"""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.knowledge.terms import terms_of

_SAME = """
host server box machine servers instance
delete remove rm erase purge wipe
hang freeze stuck stall frozen hung
slow sluggish crawl laggy
restart reboot bounce
crash die died dead
kubernetes k8s kube
postgresql postgres pg psql
camera cctv cam
wireguard wg
picture image video
directory ad domain
password passwd passphrase credential
broken failed faulty failing fail failure fails
disk drive hdd ssd volume
filesystem fs partition
certificate cert certs
configuration config conf cfg
memory ram
processor cpu
network net lan
interface nic
connection session
refuse reject deny
user account
expire expired expires
elasticsearch opensearch
full exhausted
mysql mariadb
replica standby slave secondary
primary master
move migrate moved
grow extend resize enlarge resized
employee person leaver
website site
log logs logfile
error err
container containers
queue mailq
mirror raid
printer print
share smb cifs
address ip
router gateway
vmdk vdisk
message mail email
update upgrade patch
lock locked
reach reachable
drop dropped
query queries
scroll list
""".strip()

COMPOUNDS = {
    "filesystem": "file system", "hostname": "host name", "readonly": "read only", "timeout": "time out",
    "timeouts": "time out", "login": "log in", "logon": "log in", "logins": "log in",
    "bluescreen": "blue screen", "crashloop": "crash loop", "downtime": "down time",
}  # fmt: skip
"""Words written as one, and as two."""

_FILLER = frozenset(terms_of("""
    after again all also am always any anything because before being cannot cant couldn day days didn doesn don
    during each even ever every everything few go goes hasn haven help here hour hours isn keep keeps last later let
    like ll made make makes many maybe minute minutes month more morning most much must need new night nobody noon
    nothing now old once one only other others out over own please problem quite re really right same say says second
    seconds see seem seems show shows shown simply since somebody something sometimes still sudden suddenly take takes
    than thing things today told too try tried trying two under until very ve want wants was wasn way week well went
    while without won work works year yesterday yet isn't doesn't
"""))  # fmt: skip
"""Words that tell nothing of what a question is about; those of `terms` are left out everywhere, these only here."""


def _one_for_all() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in _SAME.splitlines():
        first, *others = [terms_of(word)[-1] for word in line.split()]
        found.update((other, first) for other in others if other != first)
    return found


_FIRST_OF = _one_for_all()


def card_terms(text: str) -> list[str]:
    """Return the words of a text by which cards are found: stemmed, fillers left out, one word for one meaning."""
    spread = " ".join(COMPOUNDS.get(word, word) for word in text.lower().split())
    return [_FIRST_OF.get(term, term) for term in terms_of(spread) if term not in _FILLER]
