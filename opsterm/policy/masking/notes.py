"""Passwords as people write them down for one another: in tickets, wikis, chats and hand-over notes."""

from __future__ import annotations

from collections.abc import Iterator

from opsterm.policy.masking.hinted_text import HintedRules, HintedText
from opsterm.policy.masking.plain import looks_made, looks_strong
from opsterm.policy.masking.rules import find_by, rule
from opsterm.policy.masking.spans import SecretSpan

_USER = r"(?:user[ _]?(?:name|id)?|id|login|account|acct|benutzer|usuario|utilisateur|아이디|계정|用户|用户名|账号)"
_WORD = r"(?:passwords?|passwort|passwd|pass|pwd|pw|p/w|kennwort|schlüssel|mot de passe|contrase(?:n|ñ)a|senha|wachtwoord|adgangskode|heslo|has[lł]o|parola|salasana|passcode|paasword|passowrd|passwrod|pasword|비밀번호|비번|암호|패스워드|密码|密碼|口令|パスワード|пароль)(?![a-z])"
_NOTED = r"(?!//)(?!\w+=)(?P<secret>(?:[^\s'\"`,;()<>&]|&(?!\w+=)){5,80})"
_HINTS = (
    "pass",
    "schlüssel",
    "contrase",
    "senha",
    "wachtwoord",
    "adgangskode",
    "heslo",
    "has",
    "parola",
    "salasana",
    "pw",
    "p/w",
    "kennwort",
    "paasword",
    "비밀번호",
    "비번",
    "암호",
    "패스워드",
    "密码",
    "密碼",
    "口令",
    "パスワード",
    "пароль",
)

RULES = (
    # the words first, then both values: ID/PW: ana/…
    rule(rf"(?<![a-z])(?<!//){_USER}\)?[ \t]*[/|,:&( ][ \t]*{_WORD}(?:/port)?\)?[ \t]*(?:[:=(>-]|->|for[ \t]\S{{1,30}}[ \t]?\(?|is|are)?[ \t(]*[\w.@-]{{1,40}}[ \t]*[/,:|( ][ \t/]*{_NOTED}",
         *_HINTS, wants=looks_made),
    # a place, then both values in brackets: web-01 (ana/…)
    rule(r"(?:\d{1,3}(?:\.\d{1,3}){3}|[\w.-]{1,64}@[\w.-]{1,100})(?::\d{1,5})?[ \t]*(?:[a-z]{1,20}[ \t]+)?\([\w.-]{1,40}[ \t]*/{1,2}[ \t]*(?P<secret>(?!\d+\.\d)[^\s'\"`,;()<>/]{5,80})\)",
         "(", wants=looks_made),
    rule(r"(?<![\w.])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}[ \t]+/[ \t]+(?P<secret>[^\s'\"`\\/,;()<>]{5,80})", "@", wants=looks_made),
    # a word and its value with little between
    rule(rf"(?<![a-z0-9_-]){_WORD}\)?[ \t]*(?:[:=]|\([ \t]*(?:default[ \t]*[:=])?|,?[ \t]?default[ \t]*[:=])[ \t]*{_NOTED}", *_HINTS, wants=looks_strong),
    rule(rf"(?<![a-z0-9_/-]){_WORD}(?:[ \t]+-|-[ \t]*|[ \t])[ \t]*{_NOTED}", *_HINTS, wants=looks_strong),
    rule(rf"(?<![a-z0-9_-]){_WORD}[ \t](?:for|of|on|in|at|für|von|zu|de|du|des|di|del|do|da|para|pour|per|av|van|voor|dla|pro|till)(?:[ \t][^\s:=]{{1,40}}){{1,4}}?[ \t]?(?:[:=]|[ \t](?:is|was))[ \t]*{_NOTED}", *_HINTS, wants=looks_made),
    rule(rf"(?:비밀번호|비번|암호|패스워드|密码|密碼|口令|パスワード|пароль)(?:는|은|이|가|が|は)?[ \t]*[:=：]?[ \t]*{_NOTED}",
         "비밀번호", "비번", "암호", "패스워드", "密码", "密碼", "口令", "パスワード", "пароль", wants=looks_made),
    rule(r"(?<![a-z0-9_-])(?:pin|puk|tan)[ \t]*[:=][ \t]*(?P<secret>\d{4,10})(?!\d)", "pin", "puk", "tan"),
    rule(r"(?<![a-z])(?:token|secret|api[ -]?key|토큰|令牌|トークン)s?[ \t]*\([ \t]*(?P<secret>[\w.+/=-]{12,200})\)", "token", "secret", "key", "토큰", "令牌", "トークン", wants=looks_strong),
)  # fmt: skip


_BY_HINT = HintedRules(RULES)


def find_noted(text: str, small: HintedText) -> Iterator[SecretSpan]:
    """Yield the passwords of notes.

    Args:
        text: as it is.
        small: the same with ASCII capitals made small.
    """
    return find_by(_BY_HINT, text, small)
