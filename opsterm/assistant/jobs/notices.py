"""When somebody is told, by the words of a sentence: "email ops@example.com if any drive is over 85% full"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from opsterm.assistant.vocabulary import words
from opsterm.changes.job_notice import FREE, USED, JobCause, JobNotice

_WHEN = r"(?:only\s+)?(?:if|when|whenever|in case|as soon as|once)"
_COMPARE: Mapping[str, str] = {
    "over": ">", "above": ">", "more than": ">", "greater than": ">", "bigger than": ">", "higher than": ">",
    "exceeds": ">", "exceeding": ">", "exceed": ">", ">": ">", "beyond": ">", "at least": ">=", "reaches": ">=",
    "reach": ">=", "hits": ">=", ">=": ">=", "under": "<", "below": "<", "less than": "<", "lower than": "<",
    "fewer than": "<", "smaller than": "<", "<": "<", "at most": "<=", "<=": "<=",
}  # fmt: skip
_NO_WHEN = r"(?:(?!\b(?:if|when|whenever|in case|as soon as|once|unless|until)\b)[^,;])*?"
"""What a condition is of holds no second one."""

_SIGNS = "|".join(re.escape(word) for word in sorted(_COMPARE, key=len, reverse=True))
_FIGURES = re.compile(
    rf"\b{_WHEN}\s+(?P<what>{_NO_WHEN})\s*(?P<sign>{_SIGNS})\s*(?P<value>\d+(?:\.\d+)?)"
    r"(?:\s*(?P<unit>%|percent\b|pct\b)|(?!\w|[.,]\d))"
    r"(?P<behind>(?:\s+(?:is |are |of it )?(?:full|used|usage|free|available|left|utili[sz]ation|or more|or less"
    r"|of (?:the |its )?(?:space|disk|memory|ram|swap)))*)",
    re.IGNORECASE,
)
_FULL = re.compile(
    rf"\b{_WHEN}\s+(?P<what>{_NO_WHEN})(?:is|are|gets?|becomes?)\s+(?P<value>\d+(?:\.\d+)?)\s*(?:%|percent\b)"
    r"(?P<behind>\s+(?:full|used|free|available|left))?(?:\s+or\s+(?P<more>more|less))?",
    re.IGNORECASE,
)
_FAILS = re.compile(
    rf"\b{_WHEN}\s+(?:it|this|that|one|any(?:thing| of them)?|something|the \w+|there (?:is|are))\s+"
    r"(?:(?:is |are |has |have )?(?:an? |any )?(?:fails?|failed|failing|fail(?:ed|s)? to run|breaks?|broken|errors?"
    r"|failures?|goes wrong|does not (?:work|run|finish)|ends? badly|could not run|cannot run))(?:\s+out)?"
    r"|\bon (?:a |an |any )?(?:failure|error)s?\b|\bif (?:the )?exit code is (?:not|non-?)\s*(?:0|zero)\b",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    rf"\b{_WHEN}\s+(?:it|this|that|anything|something|the \w+|they|there (?:is|are))\s+"
    r"(?:a |any |has |have )?(?:changes?|changed|(?:is |are )?different|differs?)\b|\b(?:only )?on (?:a )?changes?\b",
    re.IGNORECASE,
)
_MORE_THAN_A_LEVEL = re.compile(
    r"n['’]t\b|\b(?:not|no|none|nobody|never|neither|nor|and|or|but|both|either|without|except|hardly|rarely|barely"
    r"|isnt|arent|doesnt|dont|wont|cannot|cant)\b|&|\|",
    re.IGNORECASE,
)
"""A negation, or a second condition beside the level."""
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_TELL = re.compile(
    r"(?:\s*,)?\s*\b(?:and |then |but |please |only |also )*(?P<verb>e-?mails?|mails?|send|notify|alerts?|tell|warn"
    r"|inform|report|(?:raise|trigger)(?=\s+(?:an?\s+|the\s+)?(?:alert|warning)))\b(?:\s+(?:me|us|an?|the|alerts?|e-?mails?|mails?|notifications?|results?|outputs?|it|them|by|via|to"
    r"|message|messages|copy|out|and|of|everyone|somebody|ops|team|admins?|list|with|that|know|warning|warnings)\b)*",
    re.IGNORECASE,
)
_GENERIC = words(
    "any a an the one some it its their that there is are drive drives disk disks volume volumes file filesystem "
    "filesystems system partition partitions of on usage use space gets goes rises falls drops value percent has have "
    "free used full available left mount point points with which be becomes to size"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldWords:
    """What a sentence says of telling somebody, and what is left of it.

    Attributes:
        notice: when; who is in `to`. None when nothing is said of it.
        wants_mail: whether mail is spoken of.
        about: the words that say of what figure, "" for none.
        is_percent: whether the figure is said in percent.
        unread: a condition that is more than one level, or the opposite of one; "" for none.
        is_condition: whether the notice is of when to act at all: nobody is to be told.
        rest: the sentence without those words.
    """

    notice: JobNotice | None
    wants_mail: bool
    rest: str
    about: str = ""
    is_percent: bool = False
    unread: str = ""
    is_condition: bool = False


def told_words(text: str) -> ToldWords:
    """Read when and whom a job tells.

    Args:
        text: a sentence; what is in backticks is left alone.
    """
    ticked = re.findall(r"`[^`]*`", text)
    plain = re.sub(r"`[^`]*`", "\x00", text)
    addresses = tuple(dict.fromkeys(_ADDRESS.findall(plain)))
    plain = re.sub(rf"(?:,\s*|\band\s+|\bto\s+)*{_ADDRESS.pattern}", " ADDRESSED ", plain)
    figures = _FIGURES.search(plain) or _FULL.search(plain)
    about = f"{figures['what']} {figures['behind'] or ''}".strip() if figures else ""
    percent = figures is not None and bool(figures.groupdict().get("unit", "%"))
    unread = figures[0].strip() if figures and _MORE_THAN_A_LEVEL.search(figures["what"]) else ""
    notice, plain = _condition(plain)
    tell = _TELL.search(plain)
    wants_mail = bool(addresses) or bool(tell and "mail" in tell[0].lower())
    told = tell is not None or bool(addresses)
    if tell is not None and (notice is not None or addresses or _is_bare(plain, tell)):
        plain = f"{plain[: tell.start()]} {plain[tell.end() :]}"
    plain = plain.replace("ADDRESSED", " ")
    for one in ticked:
        plain = plain.replace("\x00", one, 1)
    rest = " ".join(plain.split()).strip(" ,;.")
    if notice is None or notice.occasion is not JobCause.FIGURES:
        about, percent, unread = "", False, ""
    elif not told:
        return ToldWords(
            notice=notice, wants_mail=False, rest=rest, about=about, is_percent=percent, unread=unread,
            is_condition=True,
        )  # fmt: skip
    if notice is None and not told:
        return ToldWords(notice=None, wants_mail=False, rest=rest)
    notice = notice or JobNotice(occasion=JobCause.ALWAYS)
    found = JobNotice(
        occasion=notice.occasion, field=notice.field, compare=notice.compare, value=notice.value, to=addresses
    )
    return ToldWords(
        notice=found, wants_mail=wants_mail, rest=rest, about=about, is_percent=percent, unread=unread
    )  # fmt: skip


def _is_bare(plain: str, tell: re.Match[str]) -> bool:
    """Return whether nothing stands behind the words that tell: "… and mail me", not "mail me the open alerts"."""
    return tell.start() > 0 and not plain[tell.end() :].strip(" .,;")


def _condition(plain: str) -> tuple[JobNotice | None, str]:
    """Return what has to be the case, and the text without it."""
    if match := _FAILS.search(plain):
        return JobNotice(occasion=JobCause.FAILURE), _without(plain, match)
    if match := _CHANGES.search(plain):
        return JobNotice(occasion=JobCause.DIFFERENCE), _without(plain, match)
    if match := _FIGURES.search(plain):
        more = match["behind"].lower()
        compare = _COMPARE[" ".join(match["sign"].lower().split())]
        return _figures(match["what"], more, compare, match["value"], percent=bool(match["unit"])), _without(
            plain, match
        )
    if match := _FULL.search(plain):
        compare = "<=" if (match["more"] or "").lower() == "less" else ">="
        return _figures(match["what"], match["behind"] or "", compare, match["value"], percent=True), _without(
            plain, match
        )
    return None, plain


def _figures(what: str, behind: str, compare: str, value: str, *, percent: bool) -> JobNotice:
    said = set(re.findall(r"[A-Za-z_][\w.]*", f"{what} {behind}".lower()))
    free = bool({"free", "available", "left"} & said)
    named = [word for word in re.findall(r"[A-Za-z_][\w.]*", what.lower()) if word not in _GENERIC]
    field = named[-1] if named else "value"
    if percent or {"full", "used"} & said:
        field = FREE if free else USED
    return JobNotice(occasion=JobCause.FIGURES, field=field, compare=compare, value=float(value))


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"
