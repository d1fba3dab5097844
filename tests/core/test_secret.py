"""A secret shows itself nowhere but where it is asked to."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass

import pytest

from opsterm.core.secret import Secret

TEXT = "correct horse battery"


@dataclass(frozen=True)
class Login:
    account: str
    password: Secret


WAYS: dict[str, Callable[[Secret], str]] = {
    "str": str,
    "repr": repr,
    "f-string": lambda s: f"{s} {s!r} {s!s} {s!a} {s:>40} {s:x}",
    "format": "{0} {0:s}".format,
    "percent": lambda s: "%s %r %a" % (s, s, s),  # noqa: UP031 (the old ways too)
    "inside a list": lambda s: str([s, {"a": s}, (s,)]),
    "inside a dataclass": lambda s: repr(Login("ana", s)),
    "json with default": lambda s: json.dumps([s], default=str),
    "dir": lambda s: str(dir(s)),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_it_does_not_print(way: Callable[[Secret], str]) -> None:
    assert TEXT not in way(Secret(TEXT))


@pytest.mark.parametrize(
    "way",
    [json.dumps, pickle.dumps, copy.copy, copy.deepcopy, vars, lambda s: asdict(Login("ana", s)), lambda s: s + "",
     lambda s: s.__getstate__(), iter, len, bytes, int, lambda s: "".join([s])],
)  # fmt: skip
def test_what_would_write_it_out_refuses(way: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as refused:
        way(Secret(TEXT))
    assert TEXT not in str(refused.value)


def test_it_is_in_no_traceback_and_no_log() -> None:
    secret = Secret(TEXT)
    said = io.StringIO()
    log = logging.getLogger("test secret")
    shown = logging.StreamHandler(said)
    log.addHandler(shown)
    try:
        raise RuntimeError(secret)
    except RuntimeError as error:
        log.exception("failed with %s", secret)
        whole = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    finally:
        log.removeHandler(shown)
    assert "hidden" in whole
    assert TEXT not in whole.replace(f"TEXT = {TEXT!r}", "")
    assert TEXT not in said.getvalue()


def test_it_is_compared_without_being_shown() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("\udcff") == Secret("\udcff"), "bytes that are no UTF-8 can be in a passphrase"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert bool(Secret("a"))
    assert not Secret("")
    assert Secret(TEXT).reveal() == TEXT
