"""Is one simple command a call that only reads: its words against the table, one sentence when it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from opsterm.core import lean_re as re
from opsterm.policy.reading_tests import refusal_of_test
from opsterm.policy.readonly import FIND_TESTS, READ_ONLY, STARTERS
from opsterm.policy.readonly_form import Reading, Words
from opsterm.policy.secret_paths import content_refusal, path_refusal
from opsterm.policy.words import Word

_FOLDERS = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/")
_LONGEST_COUNT = 60
_PLAIN = re.compile(r"[A-Za-z0-9_.:/@%+=,-]+")
_UNIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]*")


def refusal_of(words: Sequence[Word]) -> str:
    """Return why a simple command is not known to only read, "" when it is.

    Args:
        words: its words, the executable first; at least one.
    """
    first = words[0]
    name = first.text
    for folder in _FOLDERS:
        if name.startswith(folder):
            name = name.removeprefix(folder)
            break
    if (first.glob and name != "[") or first.home:
        return "The name of the command is a pattern."
    if "=" in name:
        return f"It sets a variable for the command ({name.partition('=')[0]})."
    reading = READ_ONLY.get(name)
    if reading is None:
        return STARTERS.get(name, "{0} is not on the list of commands that only read.").format(name or "An empty word")
    why = _match(name, reading, words[1:])
    return STARTERS[name].format(name) if why and name in STARTERS else why


@dataclass(slots=True)
class _Call:
    """A call as it is matched: options seen with their values, and the other words."""

    options: dict[str, str] = field(default_factory=dict)
    others: list[Word] = field(default_factory=list)


def _match(name: str, reading: Reading, words: Sequence[Word]) -> str:
    if reading.words is Words.TREES:
        return _find_refusal(words)
    if reading.words is Words.TESTS:
        return refusal_of_test(name, words)
    call = _Call()
    at = 0
    while at < len(words):
        word = words[at]
        text = word.text
        if reading.sub and not _is_option(text):
            below = reading.sub.get(text) if text else None
            if below is not None and not word.glob:
                return _match(f"{name} {text}", below, words[at + 1 :])
            return f"{name} {text} is not on the list of commands that only read."
        if not _is_option(text):
            call.others.append(word)
            at += 1
            continue
        if word.glob:
            return f"The option {text} is a pattern."
        used, refusal = _option(name, reading, words, at, call)
        if refusal:
            return refusal
        at += used
    if reading.sub:
        below = reading.sub.get("")
        return f"{name} without a word behind it is not on the list." if below is None else _limits(name, below, call)
    return _limits(name, reading, call)


def _is_option(text: str) -> bool:
    return len(text) > 1 and text.startswith("-")


def _option(name: str, reading: Reading, words: Sequence[Word], at: int, call: _Call) -> tuple[int, str]:
    """Take the option at `at`; return how many words it used, or why it may not be there."""
    text = words[at].text
    unknown = f"The option {text} of {name} is not on the list of options that only read."
    head, equals, value = text.partition("=")
    if head in reading.endless:
        return 1, f"{name} {text} does not end by itself."
    if text in reading.long:
        call.options[text] = ""
        return 1, ""
    if head in reading.long_takes:
        if equals:
            call.options[head] = value
            return 1, ""
        if _is_value(words, at + 1):
            call.options[head] = words[at + 1].text
            return 2, ""
        return 1, unknown
    if text.startswith("--"):
        return 1, unknown
    if reading.number_dash and text[1:].isdecimal():
        return 1, ""
    return _cluster(reading, words, at, call, unknown)


def _is_value(words: Sequence[Word], at: int) -> bool:
    """Return whether a word can be an option's value and nothing else, whether or not the option has to have one."""
    return at < len(words) and not words[at].glob and not _is_option(words[at].text)


def _cluster(reading: Reading, words: Sequence[Word], at: int, call: _Call, unknown: str) -> tuple[int, str]:
    """Take single-letter options that are written together, as in -lah or -bn1."""
    text = words[at].text
    for index, letter in enumerate(text[1:], 1):
        option = f"-{letter}"
        if option in reading.endless:
            return 1, f"The option {option} does not end by itself."
        if letter in reading.takes:
            rest = text[index + 1 :]
            if rest:
                call.options[option] = rest
                return 1, ""
            if not _is_value(words, at + 1):
                return 1, unknown
            call.options[option] = words[at + 1].text
            return 2, ""
        if letter not in reading.flags:
            return 1, unknown
        call.options[option] = ""
    return 1, ""


def _limits(name: str, reading: Reading, call: _Call) -> str:
    others = list(call.others)
    if reading.bsd and others and not set(others[0].text) - set(reading.bsd):
        others = others[1:]
    for need in reading.needs:
        if not any(option in call.options for option in need.split("|")):
            return f"{name} without {need.replace('|', ' or ')} is not on the list of commands that only read."
    for option, most in reading.up_to.items():
        given = call.options.get(option)
        if given is not None and not (given.isdecimal() and 0 < int(given) <= most):
            return f"{name} {option} {given} is more than {most}, or no number."
    for option, allowed in reading.one_of.items():
        given = call.options.get(option)
        if given is not None and given not in allowed:
            return f"{name} {option} {given} is not on the list of commands that only read."
    if reading.inside and (outside := _outside(reading.inside, call)):
        return f"{name} shows lines of {outside} when it finds a fault in it, and that may be no file of its own."
    if not reading.least <= len(others) <= (0 if reading.words is Words.NONE else reading.most):
        return f"{name} with {len(others)} words behind it is not on the list of commands that only read."
    for word in others:
        if word.text in reading.never:
            return reading.never[word.text]
    return _WORD_CHECKS[reading.words](name, others, call)


def _outside(folder: str, call: _Call) -> str:
    """Return a file of a call that is not in the folder it has to be in, "" when all are."""
    given = [*(word.text for word in call.others), *call.options.values()]
    return next((text for text in given if "/" in text and (not text.startswith(folder) or ".." in text)), "")


def _no_words(name: str, others: Sequence[Word], call: _Call) -> str:
    return ""


def _names(name: str, others: Sequence[Word], call: _Call) -> str:
    for word in others:
        if word.glob:
            return f"{word.text} is a pattern that the shell replaces by file names."
        if word.text == "-" and name != "echo":
            return f"{name} - takes what it does from its input."
        if name == "sysctl" and "=" in word.text:
            return f"sysctl {word.text} sets a value."
    if any("environ" in value.lower() for value in call.options.values()):
        return f"{name} would show the environment of processes, which may hold secrets."
    if name == "ps" and not all(word.text.isdecimal() for word in others):
        return "ps with these letters can show the environment of processes, which may hold secrets."
    return ""


def _paths(name: str, others: Sequence[Word], call: _Call) -> str:
    refusals = (path_refusal(word.text, glob=word.glob) for word in others)
    return next((refusal for refusal in refusals if refusal), "")


def _content(name: str, others: Sequence[Word], call: _Call) -> str:
    for word in others:
        if word.text == "-":
            continue
        refusal = content_refusal(word.text, glob=word.glob, home=word.home)
        if refusal:
            return refusal
    return ""


def _pattern_content(name: str, others: Sequence[Word], call: _Call) -> str:
    given = "-e" in call.options or "--regexp" in call.options
    if not given and others and others[0].glob:
        return f"The pattern {others[0].text} must be quoted: the shell may replace it by file names."
    paths = others if given else others[1:]
    if any(option in call.options for option in ("-r", "-R")):
        for word in paths:
            if not (word.text.rstrip("/") + "/").startswith("/var/log/"):
                return f"{name} -r reads a whole tree, which may hold secrets: {word.text}."
        if not paths:
            return f"{name} -r without a path reads the folder it runs in."
    return _content(name, [word for word in paths if word.text.rstrip("/") != "/var/log"], call)


def _count(name: str, others: Sequence[Word], call: _Call) -> str:
    if not all(word.text.isdecimal() for word in others):
        return f"{name} takes an interval and a count here."
    if len(others) == 1:
        return f"{name} {others[0].text} does not end by itself; write how often."
    if len(others) == 2 and int(others[0].text) * int(others[1].text) > _LONGEST_COUNT:
        return f"{name} would run longer than {_LONGEST_COUNT} s."
    return ""


def _time_format(name: str, others: Sequence[Word], call: _Call) -> str:
    if all(word.text.startswith("+") and not word.glob for word in others):
        return ""
    return f"{name} with a word that does not begin with + sets the clock."


def _plain(name: str, others: Sequence[Word], call: _Call) -> str:
    odd = next((word.text for word in others if word.glob or not _PLAIN.fullmatch(word.text)), None)
    return "" if odd is None else f"{name} may take {odd} for more than a name."


def _status(name: str, others: Sequence[Word], call: _Call) -> str:
    words = [word.text for word in others]
    if "--status-all" in call.options and not words:
        return ""
    if len(words) == 2 and words[1] == "status" and not others[0].glob and _UNIT.fullmatch(words[0]):
        return ""
    return f"{name} {' '.join(words)} is not on the list of commands that only read."


def _find_refusal(words: Sequence[Word]) -> str:
    """Check find: paths, then only tests that change nothing."""
    at = 0
    while at < len(words) and not words[at].text.startswith("-") and words[at].text != "!":
        if refusal := path_refusal(words[at].text, glob=words[at].glob):
            return refusal
        at += 1
    while at < len(words):
        word = words[at]
        takes = FIND_TESTS.get(word.text)
        if takes is None or word.glob:
            return f"find {word.text} is not on the list of tests that only read."
        if any(value.glob for value in words[at + 1 : at + 1 + takes]):
            return f"The pattern behind find {word.text} must be quoted."
        if at + takes >= len(words):
            return f"find {word.text} needs a word behind it."
        at += 1 + takes
    return ""


_WORD_CHECKS = {
    Words.NONE: _no_words,
    Words.NAMES: _names,
    Words.PATHS: _paths,
    Words.CONTENT: _content,
    Words.PATTERN_CONTENT: _pattern_content,
    Words.COUNT: _count,
    Words.TIME_FORMAT: _time_format,
    Words.PLAIN: _plain,
    Words.STATUS: _status,
}
