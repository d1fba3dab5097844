"""Fits the classifier of intents to the sentences that ship. Run when they change; the numbers ship as well.

Beside the training of what is learned of risk the only module that knows scikit-learn.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import LinearSVC

from opsterm.assistant.intents.frames import Frames, framed
from opsterm.assistant.intents.model import SCALE, IntentModel, concepts_from, sentences_digest
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.intents.traits import SHARES, Concepts, concept_traits, word_traits

REGULARISATION = 0.15
"""C of the support vector machine: smaller is flatter."""

LEAST_SEEN = {"w": 2, "k": 6}
"""Letter of a kind -> in how many texts a trait must stand; four for the others. A sentence is two of them."""

CAUTION = 3.5
"""How much likelier than found a sentence is taken to be out of scope: to abstain costs less than to misread."""

FOLDS = 3

Names = NDArray[np.str_]
"""The intent of each text."""


def train(sentences: Mapping[str, Sequence[str]], concepts: Mapping[str, str], frames: Frames) -> IntentModel:
    """Return a model of these sentences, the same for the same ones. Blocking: two minutes.

    Args:
        sentences: by name of their intent.
        concepts: phrases by commas, by name of their concept.
        frames: what each is put into once more.
    """
    plain = [text for name in sorted(sentences) for text in sentences[name]]
    texts = [*plain, *(framed(text, frames) for text in plain)]
    names = np.array([name for name in sorted(sentences) for _ in sentences[name]] * 2)
    phrases = concepts_from(concepts)
    kinds = {kind: _vectors(kind, phrases) for kind in SHARES}
    values = _weighed(kinds, texts)
    fit = _fitted(values, names)
    traits = np.concatenate([one.get_feature_names_out() for one in kinds.values()])
    rarity = np.concatenate([one.idf_ for one in kinds.values()])
    alone = slice(len(plain))  # a sentence beside its own framed one would be known already
    temperature = _temperature(values[alone], names[alone])
    lift = {Intent.OUT_OF_SCOPE.value: temperature * math.log(CAUTION)}
    return IntentModel(
        digest=sentences_digest(sentences, concepts, frames),
        intents=tuple(Intent(str(name)) for name in fit.classes_),
        bias=tuple(float(at) + lift.get(name, 0.0) for name, at in zip(fit.classes_, fit.intercept_, strict=True)),
        rows={str(trait): at for at, trait in enumerate(traits)},
        table=array("h", np.round(np.column_stack([rarity, fit.coef_.T]) * SCALE).astype(np.int16).ravel().tolist()),
        concepts=phrases,
        temperature=temperature,
    )


def _vectors(kind: str, concepts: Concepts) -> TfidfVectorizer:
    def of_kind(text: str) -> list[str]:
        seen = concept_traits(text, concepts) if kind == "k" else word_traits(text)
        return [trait for trait in seen if trait[0] == kind]

    return TfidfVectorizer(analyzer=of_kind, sublinear_tf=True, min_df=LEAST_SEEN.get(kind, 4))


def _weighed(kinds: Mapping[str, TfidfVectorizer], texts: Sequence[str]) -> csr_matrix:
    return csr_matrix(hstack([one.fit_transform(texts) * SHARES[kind] for kind, one in kinds.items()]))


def _machine() -> LinearSVC:
    return LinearSVC(C=REGULARISATION, class_weight="balanced", random_state=1)


def _fitted(values: csr_matrix, names: Names) -> LinearSVC:
    return _machine().fit(values, names)


def _temperature(values: csr_matrix, names: Names) -> float:
    """Return what scores of sentences that were not seen have to be divided by to be probabilities."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=1)
    scores = cross_val_predict(_machine(), values, names, cv=folds, method="decision_function")
    at = np.searchsorted(np.unique(names), names)

    def surprise(temperature: float) -> float:
        scaled = scores / temperature
        logs = scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True)
        return float(-logs[np.arange(len(at)), at].mean())

    return float(minimize_scalar(surprise, bounds=(0.02, 5.0), method="bounded").x)
