"""Secrets that are told by the name before them: `DB_PASSWORD=…`, `"apiKey": "…"`, `<password>…`, `X-Api-Key: …`.

The rules are tried on the text in small letters, which has every character in its place, and give places in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from opsterm.policy.masking.hinted_text import HintedRules, HintedText, by_first_letter
from opsterm.policy.masking.plain import is_plain, looks_made
from opsterm.policy.masking.spans import SecretSpan

_NAME = by_first_letter(
    r"(?:password|passphrase|passwort|passwd(?=.{0,12}?[=>])|kennwort|contrase(?:n|ñ)a|mot[_ ]?de[_ ]?passe|senha|"
    r"wachtwoord|adgangskode|heslo|has[lł]o|parola|salasana|l[oö]senord|пароль|密码|パスワード|pw(?<![a-z]pw)|basic_?auth|pwd(?<![a-z]pwd)|"
    r"psw(?<![a-z]psw)|secret(?:[_-]?access)?(?:[_-]?key)?(?:[_-]base)?(?:[_-]?string)?|"
    r"token(?<![a-z]token)|authtoken|accesstoken|refreshtoken|idtoken|sessiontoken|bearertoken|apitoken|bottoken|securitytoken|"
    r"csrftoken|xsrftoken|api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key|encryption[_-]?key|decryption[_-]?key|"
    r"encrypt[_-]?key|signing[_-]?key|sign[_-]?key|master[_-]?key|account[_-]?key|storage[_-]?key|service[_-]?key|license[_-]?key|"
    r"subscription[_-]?key|crypt[_-]?key|hmac[_-]?key|jwt[_-]?key|session[_-]?key|cookie[_-]?key|app[_-]?key|application[_-]?key|"
    r"unseal[_-]?key|wifi[_ -]?key|wlan[_ -]?key|wpa2?[_ -]?key|network[_-]?key|recovery[_-]?key|preshared[_-]?key|pre[_-]shared[_-]?key|"
    r"credentials?(?<![a-z]credential)(?<![a-z]credentials)|community(?<![a-z]community)|psk(?<![a-z]psk)|bindpw|rootpw|"
    r"bind[_-]?pass|require-?pass|master-?auth|_auth(?<![a-z]_auth)|auth[_-]?pass|db[_-]?pass|ftp[_-]?pass|smtp[_-]?pass|"
    r"mysql[_-]?pass|mail[_-]?pass|ldap[_-]?pass|user[_-]?pass|admin[_-]?pass|root[_-]?pass|redis[_-]?pass|wifi[_-]?pass|"
    r"vpn[_-]?pass|proxy[_-]?pass(?![_a-z])|http[_-]?pass|login[_-]?pass|sudo[_-]?pass|become[_-]?pass|"
    r"shared[_-]?access[_-]?signature|phpsessid|jsessionid|connect\.sid|x-amz-(?:signature|credential|security-token)|key-?string|"
    r"authentication[_-]key|pre-shared-secret|md5[_-]key|tacacs[_-]key|radius[_-]key|webhook[_-]?url|totp[_-]?seed|otp[_-]?seed|"
    r"seed[_-]?phrase|mnemonic|ssh_pass|pgpassword|mysql_pwd|sshpass|redis(?:cli)?_auth|ldap_passwd|"
    r"secret_id(?=[ \t]?[=:][ \t]?['\"]?[0-9a-f]{8}))"
)
"""Last part of a name whose value is a secret: DB_PASSWORD, api-key, client_secret, community of SNMP."""

_AFTER_NAME = r"(?:[_-]?[0-9]{1,3})?(?:_(?:prod|production|dev|test|staging|old|new|value|plain|text|b64|base64))?"

_EQUALS_ONLY = r"(?:passwd|(?<![a-z])passcode|(?<![a-z])pass|(?<![a-z])pin|(?<![a-z])sig|(?<![a-z])otp|(?<![a-z])auth)"
"""Names that are too common in front of a colon: `passwd: files`, `pass: 12`."""

_DOUBLE = r'\\?"(?P<double>(?:[^"\\\n]|\\(?!").|\\"(?=[^\s,}\]:]))*)\\?"'
_SINGLE = r"'(?P<single>(?:[^'\\\n]|\\.|'')*)'"
_BARE = r"""(?P<bare>(?:[^\s"';|&,<>]|,(?!\s|$|[a-z_][\w.-]*[=:])|(?<=[^\s,])['"](?=[^\s,;}\])'"]))+)"""
_VALUE = rf"(?:{_DOUBLE}|{_SINGLE}|{_BARE})"
"""A value: in double quotes, also where they are escaped in a JSON string, in single ones, or bare."""


class _Rule(NamedTuple):
    """A way to write a name and its value.

    Attributes:
        pattern: with groups "double", "single", "bare" or "secret" around the value.
        hints: texts of which one must be in what it finds, in small letters.
        kind: the word in the placeholder.
        made: whether the value must look like a password, since the way is also one of ordinary sentences.
    """

    pattern: str
    hints: tuple[str, ...]
    kind: str = "password"
    made: bool = False


def _rule(pattern: str, *hints: str, kind: str = "password", made: bool = False) -> _Rule:
    return _Rule(pattern, hints, kind, made)


_HINTS = (
    "pass", "secret", "token", "key", "pwd", "psw", "kennwort", "contrase", "credential", "community", "psk", "pw", "auth",
    "senha", "wachtwoord", "adgangskode", "heslo", "has", "parola", "salasana", "senord", "пароль", "密码", "パスワード", "basic",
    "sess", "signature", "connect.sid", "webhook", "mnemonic", "seed",
)  # fmt: skip

RULES: tuple[_Rule, ...] = (
    _rule(rf"{_NAME}(?<!\d{{12}}:secret)(?<!existingsecret){_AFTER_NAME}\\?['\"\]]{{0,2}}[ \t]*(?::=|=>|===?|=|:(?![:/]))[ \t]*(?:@\(|\[|new-object )?{_VALUE}", *_HINTS),
    _rule(rf"{_EQUALS_ONLY}{_AFTER_NAME}['\"]?[ \t]*=>?[ \t]*(?![0-9]{{1,3}}\b){_VALUE}", "pass", "pin", "sig", "otp", "auth"),
    _rule(rf"(?<=[a-z0-9_.-])pass=(?:{_DOUBLE}|{_SINGLE}|{_BARE})", "pass=", made=True),
    _rule(rf"\bvariable[ \t]+\"[\w-]{{0,60}}?{_NAME}\"[ \t]*\{{[^}}]{{0,300}}?\bdefault[ \t]*=[ \t]*{_DOUBLE}", "variable"),
    _rule(rf"(?<![\w-])--?(?!no-)(?:[a-z0-9]{{1,30}}[-_]){{0,4}}(?:{_NAME}|passwd|pass)(?:[ \t]*[=:][ \t]*|[ \t]+)"
          rf"(?![-&|;<>#)])(?:(?<=:)|(?!/)){_VALUE}", *_HINTS),
    _rule(r"(?<![\w$])(?:pass|passwd)[\"']?[ \t]*:[ \t]*(?P<secret>(?!\d+\b)[^\s'\",]{6,80})", "pass", made=True),
    _rule(rf"<(?:[\w-]{{1,30}}:)?[\w.-]{{0,40}}?{_NAME}(?:[ \t][^>\n]{{0,200}})?>\s{{0,20}}(?:<!\[cdata\[)?"
          r"(?P<secret>[^<\]\n]{1,400}?)\s{0,20}(?:\]\]>)?</", "</"),
    _rule(rf"(?:key|name|id|field|param|parameter)[ \t]*[=:][ \t]*[\"']?[\w. -]{{0,60}}?{_NAME}{_AFTER_NAME}[\"']?[ \t]*,?\s{{1,40}}"
          rf"[\"']?(?:value|default|content|val)[\"']?[ \t]*[=:][ \t]*{_VALUE}", "value", "default", "content", "val="),
    _rule(rf"\"(?:key|name)\"[ \t]*:[ \t]*\"[\w.-]{{0,60}}?{_NAME}{_AFTER_NAME}\"[ \t]*,\s{{0,40}}\"value\"[ \t]*:[ \t]*{_VALUE}",
          "\"value\""),
    _rule(rf"{_NAME}{_AFTER_NAME}['\"][ \t]*,[ \t]*(?:{_DOUBLE}|{_SINGLE})", "',", "\",", "' ,", "\" ,"),
    _rule(rf"(?<![\w-])(?:setenv|env|export|setx?)[ \t]+[\w]{{0,60}}?{_NAME}{_AFTER_NAME}[ \t]+{_VALUE}", "env ", "set ", "setx ", "export "),
    _rule(rf"{_NAME}[ \t]*:[ \t]*[|>][+-]?[ \t]*\n[ \t]+(?P<secret>[^\n]{{1,400}})", "|", ">"),
    _rule(r"(?<![\w-])(?:requirepass|masterauth|rootpw|bindpw|olcrootpw|ppp (?:chap|pap) password|key-string|"
          r"(?:tacacs|radius)-server[ \t](?:host[ \t]\S{1,60}[ \t])?key|authentication-key|pre-shared-key|psksecret|"
          r"password-encrypted|plain-text-password-value|simple-password|md5-password)"
          rf"[ \t]+(?:(?:\d|enc|ascii-text|hexadecimal|address[ \t]\S{{1,60}}|cleartext)[ \t]+)?{_VALUE}",
          "requirepass", "masterauth", "pw", "password", "key", "psksecret"),
    _rule(rf"\b(?:username[ \t]\S{{1,64}}[ \t](?:privilege[ \t]\d{{1,2}}[ \t])?|enable[ \t](?:algorithm-type[ \t]\w{{1,10}}[ \t])?|"
          rf"neighbor[ \t]\S{{1,60}}[ \t]|set[ \t])(?:password|secret|passwd)[ \t](?:(?:level[ \t]\d{{1,2}}|\d|enc|sha512)[ \t]+)?"
          rf"(?![=:]){_VALUE}", "password", "secret", "passwd"),
    _rule(r"(?m)^[ \t]*password[ \t](?:[05789][ \t]+)(?P<secret>\S{1,120})", "password"),
    _rule(r"(?m)^[ \t]*(?:password|passphrase|secret)[ \t]+(?P<secret>\S{4,120})[ \t]*$", "password", "passphrase", "secret", made=True),
    _rule(rf"(?<![\w-])/(?:pass|passwd)[:=]{_VALUE}", "/pass"),
    _rule(r"(?m)^[ \t]*[\w.-]{0,40}passphrase[ \t]*=[ \t]*(?P<secret>[^\s'\"$]+(?: [^\s'\"]+){1,8})[ \t]*$", "passphrase"),
    _rule(rf"\bname=[\"'][\w.-]{{0,80}}?{_NAME}[\"'][^>\n]{{0,100}}>(?P<secret>[^<\n]{{1,400}})</", "name="),
    _rule(rf"(?:{_DOUBLE}|{_SINGLE})[ \t]*\|[ \t]*convertto-securestring", "securestring"),
    _rule(r"\b(?:isakmp[ \t]key|set-key[ \t](?:ascii|hex)|wpa-psk[ \t](?:ascii|hex))[ \t](?:\d[ \t])?(?P<secret>\S{1,80})",
          "isakmp key", "set-key", "wpa-psk"),
    _rule(r"\b(?:userpassword|unicodepwd|sambantpassword|sambalmpassword|ms-mcs-admpwd|krbprincipalkey)::?[ \t]+(?P<secret>\S{4,400})",
          "password:", "pwd:", "principalkey:"),
    _rule(rf"\b(?:set|put|setex|hset)[ \t]+[\w/:.-]{{0,80}}?{_NAME}[ \t]+{_VALUE}", "set", "put", made=True),
    _rule(r"\b(?:token|secret)[ \t]+(?P<secret>(?=[a-z_-]{0,60}\d)[a-z0-9_-]{20,200})(?![\w./-])", "token", "secret", made=True),
    _rule(r"\b(?:(?:with|using|and)[ \t](?:the[ \t])?(?:password|passphrase|pw)|psk)[ \t]+(?P<secret>[^\s'\",;]{6,80})", "pass", "pw", "psk", made=True),
    _rule(r"\bmessage-digest-key[ \t]\d{1,3}[ \t]md5[ \t](?:\d[ \t])?(?P<secret>\S{1,80})", "message-digest-key"),
    _rule(r"\bsnmp-server[ \t]community[ \t](?P<secret>\S{1,80})", "snmp-server", kind="community"),
    _rule(r"\bset[ \t]snmp[ \t]community[ \t](?P<secret>\S{1,80})", "snmp community", kind="community"),
    _rule(r"(?m)^[ \t]*(?:ro|rw)community6?[ \t]+(?P<secret>\S{1,80})", "community", kind="community"),
    _rule(r"\b(?:snmp-server[ \t]user|createuser)[ \t][^\n]{1,120}?(?:auth[ \t])?(?:md5|sha(?:-?\d{3})?)[ \t]+(?P<secret>\S{1,80})",
          "snmp-server", "createuser"),
    _rule(r"\b(?:snmp-server[ \t]user|createuser)[ \t][^\n]{1,200}?(?:aes(?:[ -]?\d{3})?|3?des)[ \t]+(?P<secret>\S{1,80})",
          "snmp-server", "createuser"),
    _rule(r"\b(?:login[ \t]+\S{1,80}|account)\s{1,10}password[ \t]+(?P<secret>\S{1,120})", "login", "account"),
    _rule(rf"\bidentified[ \t](?:with[ \t]\S{{1,60}}[ \t])?(?:by|as)[ \t](?:password[ \t])?(?:{_DOUBLE}|{_SINGLE}|(?P<bare>[^\s;]+))",
          "identified"),
    _rule(rf"\b(?:with[ \t])?(?:encrypted[ \t]|unencrypted[ \t])?password[ \t]=?[ \t]?{_SINGLE}", "password"),
    _rule(r"\bpassword\([ \t]*['\"](?P<secret>[^'\"\n]{1,200})['\"]", "password("),
    _rule(rf"\bconvertto-securestring[ \t]+(?:-(?:string|asplaintext|force)[ \t]+){{0,3}}(?!-){_VALUE}", "convertto-securestring"),
    _rule(r"\b(?:passwor[dt]|passphrase|passcode|pin|token|secret|api[ -]key|kennwort|pwd?|login)(?:[ \t](?:for|of)[ \t]\S{1,40})?[ \t]+(?:is|was|are|lautet|ist|to|of)"
          r"(?:[ \t]now|[ \t]still|[ \t]set[ \t]to)?[ \t]*:?[ \t]+['\"`]?(?P<secret>[^\s'\"`]{6,80}?)['\"`]?[.,;!?]?(?=\s|$)",
          "pass", "pin", "token", "secret", "key", "kennwort", "pw", "login", made=True),
    _rule(r"\b(?:user(?:name)?|login|creds?|credentials)(?:[ \t](?:with|as|for|is|are))?[ \t]*[:=]?[ \t]+[\w.@-]{2,40}[ \t]*/[ \t]*(?P<secret>[^\s'\",;]{6,60})",
          "user", "login", "cred", made=True),
)  # fmt: skip


_BY_HINT = HintedRules(RULES)


def find_named(text: str, small: HintedText) -> Iterator[SecretSpan]:
    """Yield the values of a text that a name calls secret.

    Args:
        text: as it is.
        small: the same with ASCII capitals made small.
    """
    for rule, match in _BY_HINT.found_in(small):
        start, end = _value_of(match)
        end = _without_closers(text, start, end)
        value = text[start:end]
        kind = (
            "community" if rule.kind == "password" and "community" in match[0][: start - match.start()] else rule.kind
        )
        if not is_plain(value) and (not rule.made or looks_made(value)):
            yield SecretSpan(start, end, kind)


def _value_of(match: re.Match[str]) -> tuple[int, int]:
    """Return the place of the value: of the one group that took part."""
    for name in ("double", "single", "bare", "secret"):
        if name in match.re.groupindex and match[name] is not None:
            return match.span(name)
    return match.end(), match.end()


def _without_closers(text: str, start: int, end: int) -> int:
    """Return the end of a bare value without the brackets and full stops around it: (password=x), {token: x}."""
    while end > start:
        last = text[end - 1]
        opener = {")": "(", "]": "[", "}": "{"}.get(last)
        if (
            (opener is not None and opener not in text[start:end])
            or last == "\\"
            or (last in "'\"," and text[start] != last)
        ):
            end -= 1
        else:
            break
    return end
