"""Whether what a model says stands in what it cites: every number, every name with a digit, every quoted command.

A sentence that cites nothing, or cites what does not have its figures, is shown as unsupported. That a sentence draws
the right conclusion is not looked at: this finds what was made up, and no wrong reasoning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from opsterm.assistant.answer import CitedSentence

NO_SOURCE = "it names no source"
MOST_STATEMENTS = 400

_CITE = r"[a-z]\d{1,3}(?::\d{1,6}(?:-\d{1,6})?)?"
_CITES = re.compile(rf"\[({_CITE}(?:\s*[,;]\s*{_CITE})*)\]")
_ONE = re.compile(r"([a-z]\d{1,3})(?::(\d{1,6})(?:-(\d{1,6}))?)?")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_LEAD = re.compile(r"^\s*(?:[-*+•]\s+|\d{1,3}[.)]\s+|#{1,6}\s+|>\s*)+")
_ENDS = re.compile(r"(?<=[.!?:;])\s+(?=[^a-z\s\d\[(])|(?<=\])\s+(?=[A-Z`*\"/])")
_TICKS = re.compile(r"`+([^`\n]+)`+")
_FIGURE = re.compile(r"[\w./:%-]*\d[\w./:%-]*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_PLAIN = re.compile(r"(\d+(?:[.,]\d+)*)\s*(?:%|[A-Za-z/]{1,4})?")
_WORDS = re.compile(r"[A-Za-z]{4,}")
_SAID = re.compile(r"[^\s|:=_*~-]")


def statements(text: str, artefacts: Mapping[str, str]) -> tuple[CitedSentence, ...]:
    """Return a model's words sentence by sentence, each with what it cites and why that does not support it.

    Args:
        text: Markdown, cleaned.
        artefacts: tag -> what was looked at.
    """
    made: list[CitedSentence] = []
    code: list[str] | None = None
    for line in text.split("\n"):
        if _FENCE.match(line):
            if code is not None and any(one.strip() for one in code):
                made.append(_code("\n".join(code), made[-1].cites if made else (), artefacts))
            code = [] if code is None else None
        elif code is not None:
            code.append(line)
        elif line.strip():
            made += [_sentence(line[start:end], artefacts) for start, end in sentence_spans(line)]
        if len(made) >= MOST_STATEMENTS:
            break
    if code and any(one.strip() for one in code):
        made.append(_code("\n".join(code), made[-1].cites if made else (), artefacts))
    return tuple(made[:MOST_STATEMENTS])


def sentence_spans(line: str) -> list[tuple[int, int]]:
    """Return where the sentences of a line begin and end; what only cites belongs to the one before it.

    What leads a line in (a bullet, a number, `#`, `>`) is no part of a sentence, and the line of dashes below the
    titles of a table is none.
    """
    if not _SAID.search(line):
        return []
    lead = _LEAD.match(line)
    start, found = lead.end() if lead else 0, list[tuple[int, int]]()
    for stop, after in [*((one.start(), one.end()) for one in _ENDS.finditer(line, start)), (len(line), len(line))]:
        cites = _CITES.match(line, start, stop) if found else None
        if cites:
            found[-1] = found[-1][0], cites.end()
            start = cites.end()
        blank = " ." if cites else None
        part = line[start:stop]
        if words := part.strip(blank):
            at = start + len(part) - len(part.lstrip(blank))
            found.append((at, at + len(words)))
        start = after
    return found


def _cites(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one[0] for group in _CITES.findall(text) for one in _ONE.finditer(group)))


def _code(text: str, cites: tuple[str, ...], artefacts: Mapping[str, str]) -> CitedSentence:
    """Look at a block of code by what the sentence before it cites."""
    fault = _of_cites(cites, artefacts)
    if not fault:
        there = _squeezed(_cited(cites, artefacts))
        lines = [_squeezed(line) for line in text.split("\n") if line.strip()]
        missing = next((line for line in lines if line not in there), "")
        fault = f"`{missing[:60]}` is not in {_named(cites)}" if missing else ""
    return CitedSentence(text=text, cites=cites, fault=fault, code=True)


def _sentence(text: str, artefacts: Mapping[str, str]) -> CitedSentence:
    cites = _cites(text)
    fault = _of_cites(cites, artefacts) or _unfounded(_CITES.sub(" ", text), cites, _cited(cites, artefacts))
    return CitedSentence(text=text, cites=cites, fault=fault)


def _of_cites(cites: Sequence[str], artefacts: Mapping[str, str]) -> str:
    if not cites:
        return NO_SOURCE
    for cite in cites:
        tag, lines = cite.partition(":")[::2]
        if tag not in artefacts:
            return f"there is no {tag}"
        if lines and not _slice(artefacts[tag], lines):
            return f"{tag} has no lines {lines}"
    return ""


def _cited(cites: Sequence[str], artefacts: Mapping[str, str]) -> str:
    found = []
    for cite in cites:
        tag, lines = cite.partition(":")[::2]
        whole = artefacts.get(tag, "")
        found.append(_slice(whole, lines) if lines else whole)
    return "\n".join(found)


def _slice(text: str, lines: str) -> str:
    first, _, last = lines.partition("-")
    return "\n".join(text.split("\n")[max(0, int(first) - 1) : int(last or first)])


def _unfounded(text: str, cites: Sequence[str], there: str) -> str:
    """Return what of a sentence is not in what it cites, "" when all is."""
    squeezed, low = _squeezed(there), there.lower()
    for quoted in _TICKS.findall(text):
        if _squeezed(quoted) not in squeezed:
            return f"`{quoted[:60]}` is not in {_named(cites)}"
    numbers = {_number(found) for found in _NUMBER.findall(there)}
    figures = _FIGURE.findall(_TICKS.sub(" ", text))
    for word in figures:
        figure = word.strip(".:/-")
        plain = _PLAIN.fullmatch(figure)
        if _number(plain[1]) not in numbers if plain else figure.lower() not in low:
            return f"{figure[:60]} is not in {_named(cites)}"
    words = {word.lower() for word in _WORDS.findall(text)}
    if words and not figures and "`" not in text and not any(word in low for word in words):
        return f"nothing of it is in {_named(cites)}"
    return ""


def _number(text: str) -> str:
    """Return a number in one form: 1,024 and 1024, 97.0 and 97 are the same."""
    bare = re.sub(r",(?=\d{3}\b)", "", text).replace(",", ".")
    return bare.rstrip("0").rstrip(".") if bare.count(".") == 1 else bare


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _named(cites: Sequence[str]) -> str:
    return ", ".join(cites)
