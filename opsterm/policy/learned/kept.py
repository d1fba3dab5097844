"""A model as the text that is kept of it: JSON with a digest. Nothing in it can be run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from opsterm.core.errors import StorageError
from opsterm.policy.learned.figures import CalibrationBin, Figures, Marks
from opsterm.policy.learned.model import LearnedModel

FORMAT = 1


def model_to_text(model: LearnedModel) -> str:
    """Return the text that is kept."""
    told = asdict(model)
    return json.dumps({"format": FORMAT, "sha256": _digest(told), "model": told}, sort_keys=True) + "\n"


def model_from_text(text: str) -> LearnedModel:
    """Return the model that was kept.

    Raises:
        StorageError: the text is not as it was written.
    """
    try:
        kept = json.loads(text)
        told = kept["model"]
        if kept["format"] != FORMAT or kept["sha256"] != _digest(told):
            raise ValueError
        model = _model(told)
        if model_to_text(model) != text:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StorageError(
            "What was learned of risk is not used: its file is not as it was written.",
            why="It is cut off, was changed, or another version wrote it.",
            next_step="`opsterm risk train` makes it anew.",
        ) from None
    return model


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _model(told: Mapping[str, Any]) -> LearnedModel:
    weights = {str(name): float(weight) for name, weight in told["weights"].items()}
    numbers = (told["intercept"], told["threshold"], told["trained_at"], *weights.values())
    if not all(isfinite(number) for number in numbers):
        raise ValueError
    past = {
        str(shape): {str(end): int(count) for end, count in ends.items()} for shape, ends in told["past"].items()
    }  # fmt: skip
    return LearnedModel(**{**told, "weights": weights, "past": past, "figures": _figures(told["figures"])})


def _figures(told: Mapping[str, Any]) -> Figures:
    marks = {name: Marks(**told[name]) if told[name] else None for name in ("model", "base_rate", "level")}
    bins = tuple(CalibrationBin(**one) for one in told["calibration"])
    return Figures(**{**told, **marks, "calibration": bins})
