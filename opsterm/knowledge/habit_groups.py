"""Groups of like commands: TF-IDF of words and letters, then k-means. Loads scikit-learn: call it in a thread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sklearn.cluster import MiniBatchKMeans
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union

LEAST = 12
"""Different commands below which no groups are made."""

MOST = 20_000
"""Different commands above which the rest is left out."""

MOST_GROUPS = 200
_WORD = r"[^\s|;&]+"


def groups_of(commands: Sequence[str]) -> Mapping[str, int]:
    """Return command -> number of its group; the same for the same commands. {} when there are too few.

    Args:
        commands: different ones, sorted. Takes 2 s for 5,000.
    """
    taken = list(commands[:MOST])
    if len(taken) < LEAST:
        return {}
    words = TfidfVectorizer(token_pattern=_WORD, lowercase=False, sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=20_000, lowercase=False)
    features = make_union(words, letters).fit_transform(taken)
    count = min(MOST_GROUPS, max(2, round(math.sqrt(len(taken) / 2))))
    model = MiniBatchKMeans(n_clusters=count, random_state=0, n_init=3, batch_size=1024)
    return dict(zip(taken, map(int, model.fit_predict(features)), strict=True))
