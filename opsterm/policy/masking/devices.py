"""Secrets in the configuration of switches, routers, firewalls and agents of SNMP, as data.

A line of WAYS is the words before a secret, divided by blanks. Of a word

    a|b     is one of some words; `_` in it stands for a blank
    *       is any word, `#` a number, also as a part of a word
    ?a|b    may be there or not
    ...     is some words or none, as few as will do
    ^       at the beginning: the line begins so

Behind the last word may stand how the secret is written: a number as Cisco has it, `encrypted`, `cipher` and such.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from opsterm.policy.masking.hinted_text import HintedRules, HintedText
from opsterm.policy.masking.plain import looks_made
from opsterm.policy.masking.rules import VALUE, MaskRule, find_by, rule
from opsterm.policy.masking.spans import SecretSpan

WAYS = r"""
enable|super ?algorithm-type_* password|secret ?level_#|role_*
username * ?privilege_#|role_*|view_*|class_*|group_*|level_*|enable|access-level_# password|secret|passwd|passcode|pwd
^ user|users|mgmtuser|local-user|account ?username * ?privilege_#|role_*|group_* password|secret|auth|hash|key|class_*_password
^ set user|admin|user-account * ... password|password-hash
neighbor * password
mpls ldp ... password
ip ftp|http|scp|rcmd|sftp ?client|server password
vtp|isis|l2tp_tunnel|bootp|console|aux|ftp|sntp|http|web|line|vpdn|eigrp|rip password
^ domain-password|area-password|enable-password|login-password|admin-password|console-password|ap-console-password|user-password|super-password
encrypted-password|plaintext-password|hashed-password|encrypted-root-password|ldap-login-password|bind-password|password-hash|password-encrypted|plain-text-password-value|simple-password|md5-password|lacp-key|auth-password|priv-password|authentication-password|privacy-password
standby|vrrp|glbp|hsrp|fhrp ?#|group_#|vrid_#|*_# authentication ?text|md5_key-string|md5|simple|simple-text
^ authentication text|md5_key-string|key-string|key
nhrp authentication
digest secret
pre-shared-key|preshared-key|pre-shared-secret|shared-key|shared-secret|psksecret|pksecret|ppk-secret|sharedkey ?local|remote ?ascii-text|hexadecimal|hex|address_ipv6_*|address_*_key|address_*_*_key|address_*|hostname_*_key|hostname_* ?key
isakmp key
session-key inbound|outbound ah|esp # ?hex-string|authenticator|cipher
session-key inbound|outbound esp # cipher * authenticator
tacacs-server|radius-server|aaa-server ... key|secret|shared-secret|ekey
^ radius|tacacs|tacacs+|tacplus server|host|primary|secondary|acct-server|auth-server ... key|secret|shared-secret|encrypted-key|sharekey
configure radius|tacacs|radius-accounting ... shared-secret
radius|tacacs|hwtacacs|hw-tacacs|tacplus-server|radius-server shared-key|key|secret
tacplus-server|radius-server * secret|key
server-private * ... key
client * server-key
^ server-key
key-string|key-octet-string|key-hash_*|virtual-controller-key|rsn-psk|ospf-key
key|secret hexadecimal|ascii-text|cipher|ciphertext
authentication-key|md5-key|hello-authentication-key ?#_md5|#_sha*|#_hmac*|#_cmac*|#_aes*|#_type_*_value|#_*_key|#_value|#_encrypted ?md5|sha1|sha256|hmac-*
message-digest-key # md5
authentication-mode|privacy-mode|integrity-mode|encryption-mode md5|sha*|des*|aes*|3des*
security wpa|wpa2|wpa3 ... psk|set-key|passphrase ?ascii|hex
wpa-psk|set-key ascii|hex
wpa-passphrase|vrrp-passphrase|wpa2-passphrase|wpa_passphrase|mesh-key
ppp chap|pap|ms-chap ... password
dot1x|ap|wlccp ... username * password
failover ?ipsec|lan key|pre-shared-key
config-key ?password-encrypt|newpass
^ set passwd|password|secret|psk|passphrase|auth-pwd|priv-pwd|privatekey|private-key|wpa-psk|psksecret|auth-key|key-string|ldap-passwd|snmp-pass
^ set ... shared-secret|shared-key|wpa-psk-passphrase|auth-password|priv-password|md5-key|authentication-key
^ set admin|user password|secret
^ set ... secret
^ option password|key|psk|secret|sae_password|auth_secret|passwd|private_key|preshared_key
snmp-server community
snmp-server get-community|set-community|trap-community|ro-community|rw-community
snmp-community|community-name|community-string|communitystring|read-community|write-community|trap-community
snmp-server mib community-map
snmp-server host * ?vrf_*|use-vrf_* ?traps|trap|informs|inform ?version_1|version_2c|version_v1|version_v2c ?community
snmp-agent community read|write|ro|rw
snmp-agent ... securityname
snmp community ?add|name|community-name|string|read-only|read-write|read|write|ro|rw
set snmp community ?read-only|read-write|read-write-all
set service snmp community
create|add|config snmp community ?create
snmp add community readonly|readwrite
^ com2sec ?-cn_* * *
^ com2sec6 * *
^ trapsink|trap2sink|informsink *
^ rocommunity|rwcommunity|rocommunity6|rwcommunity6|trapcommunity
^ authcommunity *
"""  # fmt: skip

_WRITTEN = (
    r"(?:(?:\d{1,2}|enc|encrypted|cipher|ciphertext|irreversible-cipher|clear|cleartext|clear-text|plain|plaintext|simple|simple-text|sha512|scrypt|"
    r"hash|hashed|ascii|text|localized|md5)[ \t]+)?"
)
"""How the secret behind it is written."""

_MARKS = {"|": "|", "_": r"[ \t]+", "#": r"\d{1,10}", "*": r"[^\s'\"]{0,80}"}
"""Mark of a way -> pattern."""

_OTHER_WORDS = (
    r"(?!\d+[ \t]+(?:type|md5|sha|hmac|cmac|aes)|(?:version|vrf|use-vrf|traps?|informs?|udp-port|filter-vrf|source-interface|auth|noauth|priv|permit|deny|key-chain|keychain|"
    r"hexadecimal|ascii-text|set-key|format|expire|mode|pre-share|rsa-sig|local|remote|group|min-length|minimum|max|length|recovery|encryption|strength|history|"
    r"aging|lifetime|policy|complexity|expiry|expire|retry|level|role|type|name|md5|sha1|sha256|none|access-class)\b)"
)


def _words(piece: str) -> str:
    """Return the pattern of one piece of a way, without what is behind it."""
    return f"(?:{''.join(_MARKS.get(char, re.escape(char)) for char in piece)})"


def _literals(piece: str) -> Sequence[str]:
    """Return the texts of which a piece needs one, () when it needs none."""
    if piece[0] in "?*#." or piece == "^":
        return ()
    texts = tuple(max(re.split(r"[_*#]", word), key=len) for word in piece.split("|"))
    return texts if all(texts) else ()


def _way(line: str) -> MaskRule:
    pieces = line.split()
    pattern = r"(?m)^[ \t]*" if pieces[0] == "^" else r"(?<![\w.-])"
    for piece in pieces:
        if piece == "...":
            pattern += r"(?:[^\n]{1,100}?[ \t]+)??"
        elif piece.startswith("?"):
            pattern += rf"(?:{_words(piece[1:])}[ \t]+)?"
        elif piece != "^":
            pattern += rf"{_words(piece)}[ \t]+"
    hints = max(map(_literals, pieces), key=lambda texts: min(map(len, texts), default=0))
    kind = (
        "community"
        if "communit" in line or "com2sec" in line or "snmp-server host" in line or "sink" in line
        else "password"
    )
    return rule(rf"{pattern}{_WRITTEN}{_OTHER_WORDS}(?![=:{{|]){VALUE}", *hints, kind=kind)


_OTHERS = (
    # how it is written tells that it is a secret, whatever the words before it
    rule(r"(?<![\w.])[\w-]{0,40}(?:password|passwd|secret|passphrase|key|psk|community|pwd|pass)[ \t](?:irreversible-cipher|cipher|ciphertext|enc|sha512|scrypt|ascii-text|hexadecimal)"
         r"[ \t]+\"?(?P<secret>[^\s\"]{4,400})", " cipher", "irreversible-cipher", " enc ", "sha512", "scrypt", "ascii-text", "hexadecimal"),
    rule(r"(?<![\w.])[\w-]{0,40}(?:password|passwd|secret|passphrase|key|psk|pwd)[ \t](?:[056789]|encrypted|hashed)[ \t]+(?P<secret>[^\s\"]{4,400})",
         "password", "passwd", "secret", "passphrase", "key", "psk", "pwd", wants=looks_made),
    rule(r"(?m)^[ \t]*key[ \t][0678][ \t](?P<secret>\S{3,200})", "key"),
    rule(r"(?<=[ \t])enc[ \t](?P<secret>[a-z0-9+/=]{12,400})", " enc "),
    rule(r"\bsnmp-server[ \t]host[ \t]\S{1,80}[ \t][^\n]{0,60}?version[ \t]3[ \t](?:auth|noauth|priv)[ \t](?P<secret>\S{1,80})", "snmp-server host", made=True),
    rule(r"(?m)^[ \t]*(?:tacacs|radius) server [^\n]{1,60}\n(?:[ \t][^\n]{0,80}\n){0,4}?[ \t]+key[ \t]+(?:\d[ \t]+)?(?P<secret>\S{3,80})", "tacacs server", "radius server"),
    rule(r"%\^%#(?P<secret>[^\n]{4,300}?)%\^%#", "%^%#"),
    rule(r"(?m)^[ \t]*passwd[ \t](?P<secret>\S{1,80})[ \t]encrypted", "passwd"),
    rule(r"\bsnmp-server[ \t]user[ \t][^\n]{1,200}?[ \t]priv(?:acy)?[ \t](?:(?:aes|3?des)\S{0,6}[ \t](?:\d{3}[ \t])?)?(?P<secret>\S{1,80})", "snmp-server user"),
    rule(r"\b(?:snmp-server[ \t]user|createuser)[ \t][^\n]{1,120}?(?:auth[ \t])?(?:md5|sha(?:-?\d{3})?)[ \t]+(?P<secret>\S{1,80})",
         "snmp-server user", "createuser"),
    rule(r"\b(?:snmp-server[ \t]user|createuser)[ \t][^\n]{1,200}?(?:aes(?:[ -]?\d{3})?|3?des)[ \t]+(?P<secret>\S{1,80})",
         "snmp-server user", "createuser"),
    rule(r"(?m)^[ \t]*community[ \t](?P<secret>\S{1,80})(?=[ \t]*\{|[ \t]+(?:view|authorization|clients|ro|rw)\b)", "community", kind="community"),
    rule(r"(?m)^[ \t]*password[ \t](?:[05789][ \t]+)(?P<secret>\S{1,120})", "password"),
)  # fmt: skip


@functools.cache
def device_rules() -> Sequence[MaskRule]:
    """Return a rule for each way, and the others."""
    return (*(_way(line) for line in WAYS.strip().splitlines()), *_OTHERS)


@functools.cache
def _by_hint() -> HintedRules[MaskRule]:
    return HintedRules(device_rules())


def find_configured(text: str, small: HintedText) -> Iterator[SecretSpan]:
    """Yield the secrets of the configuration of devices.

    Args:
        text: as it is.
        small: the same with ASCII capitals made small.
    """
    for span in find_by(_by_hint(), text, small):
        if looks_made(text[span.start : span.end]) or _stands_in_settings(text, span.start):
            yield span


_SETTINGS = re.compile(
    r"""[ \t]*(?:[\w.()-]{1,40}[#>][ \t]?)?(?:(?:no|set|config|configure|crypto|snmp-server|username|ip|ipv6)[ ][^'`<>,]*|"""
    r"""(?:[a-z0-9./:*%+-]+[ \t]+){1,12}["']?|[ \t]*)["']?"""
)
"""A line as devices write them, as far as the secret: small words without the marks of a sentence."""


def _stands_in_settings(text: str, start: int) -> bool:
    """Return whether a value that looks like any word stands in a line of settings, and not in a sentence."""
    line = text[max(text.rfind("\n", 0, start) + 1, start - 300) : start]
    end = text.find("\n", start)
    rest = text[start : end if end >= 0 else start + 300].split()
    return _SETTINGS.fullmatch(line) is not None and len(rest) <= 8 and "!" not in rest[-1:]
