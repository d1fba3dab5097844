"""Fits the classifier of intents to the sentences that ship. Run when they change; the numbers ship as well.

Beside the training of what is learned of risk the only module that knows scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from opsterm.assistant.intents.model import IntentModel, concepts_from, sentences_digest
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.intents.traits import concept_traits, word_traits

REGULARISATION = 20.0
"""C of the regression: smaller is flatter."""

SHARE = 0.8
"""How much concepts count beside words."""

TRAITS_KEPT = 8000
"""Traits of words with the largest weights; the others change nothing that could be measured."""

FOLDS = 3

Analyzer = Callable[[str], Iterable[str]]
"""Text to traits."""

Names = NDArray[np.str_]
"""The intent of each text."""


def train(sentences: Mapping[str, Sequence[str]], concepts: Mapping[str, str]) -> IntentModel:
    """Return a model of these sentences, the same for the same ones. Blocking: half a minute.

    Args:
        sentences: by name of their intent.
        concepts: phrases by commas, by name of their concept.
    """
    texts = [text for name in sorted(sentences) for text in sentences[name]]
    names = np.array([name for name in sorted(sentences) for _ in sentences[name]])
    phrases = concepts_from(concepts)
    words = _vectors(word_traits, least=2)
    meant = _vectors(lambda text: concept_traits(text, phrases), least=3)
    first, second = words.fit_transform(texts), meant.fit_transform(texts) * SHARE
    kept = _largest(_fitted(csr_matrix(hstack([first, second])), names).coef_[:, : first.shape[1]])
    words = _vectors(word_traits, least=1, among=[str(words.get_feature_names_out()[at]) for at in kept])
    values = csr_matrix(hstack([words.fit_transform(texts), second]))
    fit = _fitted(values, names)
    traits = [*words.get_feature_names_out(), *meant.get_feature_names_out()]
    rarity = [*words.idf_, *meant.idf_]
    return IntentModel(
        digest=sentences_digest(sentences, concepts),
        intents=tuple(Intent(str(name)) for name in fit.classes_),
        bias=tuple(float(value) for value in fit.intercept_),
        rarity={str(trait): float(value) for trait, value in zip(traits, rarity, strict=True)},
        weights={str(t): tuple(map(float, row)) for t, row in zip(traits, fit.coef_.T, strict=True)},
        concepts=phrases,
        share=SHARE,
        temperature=_temperature(values, names),
    )


def _vectors(analyzer: Analyzer, *, least: int, among: Sequence[str] | None = None) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=lambda text: list(analyzer(text)), sublinear_tf=True, min_df=least, vocabulary=among
    )


def _fitted(values: csr_matrix, names: Names) -> LogisticRegression:
    return LogisticRegression(C=REGULARISATION, max_iter=400, tol=1e-3, class_weight="balanced").fit(values, names)


def _largest(weights: NDArray[np.float64]) -> list[int]:
    return sorted(np.argsort(-np.abs(weights).max(axis=0))[:TRAITS_KEPT].tolist())


def _temperature(values: csr_matrix, names: Names) -> float:
    """Return what scores of sentences that were not seen have to be divided by to be probabilities."""
    model = LogisticRegression(C=REGULARISATION, max_iter=400, tol=1e-3, class_weight="balanced")
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=1)
    scores = cross_val_predict(model, values, names, cv=folds, method="decision_function")
    at = np.searchsorted(np.unique(names), names)

    def surprise(temperature: float) -> float:
        scaled = scores / temperature
        logs = scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True)
        return float(-logs[np.arange(len(at)), at].mean())

    return float(minimize_scalar(surprise, bounds=(0.2, 5.0), method="bounded").x)
