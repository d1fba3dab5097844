"""Finds the section that answers, and says where it stands.

Ranking is BM25 (Robertson and Zaragoza, 2009) over sections, with title, heading and `about` counted several
times. A word that no document has stands for the known words most like it (Dice coefficient over letter trigrams),
so that a typo still finds; a question that only shares small change with every document finds nothing.
"""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opsterm.core.text import clean_line
from opsterm.inventory.patterns import compile_glob, is_wild
from opsterm.knowledge.document import Document, DocumentKind, Section
from opsterm.knowledge.terms import terms_of, trigrams_of

K1, B = 1.4, 0.6
TITLE_WEIGHT, ABOUT_WEIGHT, HEADING_WEIGHT = 3, 3, 2
LEAST_COVERAGE = 0.34
"""Share of a question's weight (rare words weigh more) that a section must have to be an answer."""

LEAST_LIKENESS = 0.5
"""Dice coefficient from which a known word may stand for an unknown one."""

QUERY_LIMIT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A section that answers.

    Attributes:
        document: it stands in.
        section: the best of that document.
        line: 1-based line of `document.source` that answers best.
        excerpt: that line.
        score: greater is better; only comparable within one search.
    """

    document: Document
    section: Section
    line: int
    excerpt: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    document: Document
    section: Section
    counts: Counter[str]  # of text and heading
    of_document: Counter[str]  # of title and about, equal for all sections of a document
    length: int


class KnowledgeBase:
    """Documents with an index over them. Building costs about 1 ms a document.

    Attributes:
        documents: by id, in the order given; a later one of an id replaces an earlier one.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = {document.id: document for document in documents}
        self._entries = [_entry(doc, section) for doc in self.documents.values() for section in doc.sections]
        self._mean_length = sum(entry.length for entry in self._entries) / max(1, len(self._entries))
        self._holders: dict[str, list[int]] = {}
        for number, entry in enumerate(self._entries):
            for word in entry.counts.keys() | entry.of_document.keys():
                self._holders.setdefault(word, []).append(number)
        self._trigrams = {word: trigrams_of(word) for word in self._holders if len(word) > 2}

    def get(self, document_id: str) -> Document | None:
        """Return a document by its id."""
        return self.documents.get(document_id)

    def search(self, words: str, limit: int = 5) -> Sequence[Hit]:
        """Return the documents that answer best, each once with its best section; none when none answers.

        Args:
            words: a question or some words; only the first 2,000 characters count.
            limit: most hits to return.
        """
        wanted = self._wanted(words)
        total = sum(weight for _, weight in wanted)
        if not total:
            return ()
        scores: dict[int, float] = {}
        covered: dict[int, float] = {}
        for alternatives, weight in wanted:
            best: dict[int, float] = {}
            for word, likeness in alternatives:
                for number in self._holders[word]:
                    score = likeness * self._term_score(word, number)
                    best[number] = max(best.get(number, 0.0), score)
            for number, score in best.items():
                scores[number] = scores.get(number, 0.0) + score
                covered[number] = covered.get(number, 0.0) + weight
        found: dict[str, Hit] = {}
        for number, score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
            entry = self._entries[number]
            share = covered[number] / total
            if share >= LEAST_COVERAGE and entry.document.id not in found:
                named = self._named(entry.document, wanted, total)
                found[entry.document.id] = self._hit(entry, wanted, score * share * (1 + named))
        return tuple(sorted(found.values(), key=lambda hit: -hit.score)[:limit])

    def _wanted(self, words: str) -> list[tuple[list[tuple[str, float]], float]]:
        """Return, for each word of a question, known words with their likeness, and its weight."""
        made = []
        for word in dict.fromkeys(terms_of(words[:QUERY_LIMIT])):
            if word not in self._holders and not word.isalnum():
                continue  # its parts are there as well
            alternatives = [(word, 1.0)] if word in self._holders else self._alike(word)
            rarest = max((self._rarity(known) for known, _ in alternatives), default=self._rarity(word))
            made.append((alternatives, rarest))
        return made

    def _alike(self, word: str) -> list[tuple[str, float]]:
        if len(word) < 4:
            return []
        mine = trigrams_of(word)
        near = []
        for known, theirs in self._trigrams.items():
            likeness = 2 * len(mine & theirs) / (len(mine) + len(theirs))
            if likeness >= LEAST_LIKENESS:
                near.append((known, likeness))
        return sorted(near, key=lambda item: -item[1])[:3]

    def _named(self, document: Document, wanted: list[tuple[list[tuple[str, float]], float]], total: float) -> float:
        """Return the largest share of a question that stands in one phrase: the title, or one of `about`.

        "disk full" names a document about "disk full" more than one about "disk busy" and "tasks full".
        """
        shares = []
        for phrase in (document.title, *document.about):
            terms = set(terms_of(phrase))
            shares.append(sum(weight for known, weight in wanted if any(word in terms for word, _ in known)))
        return max(shares, default=0.0) / total

    def _rarity(self, word: str) -> float:
        holders = len(self._holders.get(word, ()))
        return math.log(1 + (len(self._entries) - holders + 0.5) / (holders + 0.5))

    def _term_score(self, word: str, number: int) -> float:
        entry = self._entries[number]
        here, above = entry.counts[word], entry.of_document[word]
        long = 1 - B + B * entry.length / self._mean_length
        return self._rarity(word) * (K1 + 1) * (here / (here + K1 * long) + above / (above + K1))

    def _hit(self, entry: _Entry, wanted: list[tuple[list[tuple[str, float]], float]], score: float) -> Hit:
        best_line, best, best_score = entry.section.text_line, "", -1.0
        for offset, text in enumerate(entry.section.text.split("\n")):
            if not text.strip() or text.lstrip().startswith("```"):
                continue
            terms = set(terms_of(text))
            here = sum(weight for alternatives, weight in wanted if any(w in terms for w, _ in alternatives))
            if here > best_score:
                best_line, best, best_score = entry.section.text_line + offset, text.strip(), here
        return Hit(document=entry.document, section=entry.section, line=best_line, excerpt=best, score=score)

    def document_for(self, metric: str) -> Document | None:
        """Return the advice for a metric: the one that names it, else the one with the longest pattern for it."""
        found: tuple[tuple[bool, int], Document] | None = None
        for document in self.documents.values():
            if document.kind is not DocumentKind.ADVICE:
                continue
            for pattern in document.about:
                rank = (not is_wild(pattern), len(pattern))
                if compile_glob(pattern)(metric) and (found is None or rank > found[0]):
                    found = rank, document
        return found[1] if found else None

    def advice_for(self, metric: str, item: str = "") -> str:
        """Return one sentence for an alert, "" when nothing is known.

        Args:
            metric: dotted name.
            item: mount, device or interface; it is quoted for a shell where the sentence has a command.
        """
        document = self.document_for(metric)
        return document.advice.replace("{item}", shlex.quote(clean_line(item))) if document else ""


def _entry(document: Document, section: Section) -> _Entry:
    counts: Counter[str] = Counter(terms_of(section.text))
    length = sum(counts.values())
    for word in terms_of(section.heading):
        counts[word] += HEADING_WEIGHT
    of_document: Counter[str] = Counter()
    for text, weight in ((document.title, TITLE_WEIGHT), (" ".join(document.about), ABOUT_WEIGHT)):
        for word in terms_of(text):
            of_document[word] += weight
    return _Entry(document=document, section=section, counts=counts, of_document=of_document, length=length)
