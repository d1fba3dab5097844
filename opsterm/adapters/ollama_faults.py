"""What can go wrong on the way to a model server, in words, and what to do about it."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx

from opsterm.adapters.certificate import why_untrusted
from opsterm.adapters.http_faults import STRANGE, causes
from opsterm.adapters.lookup import why_not
from opsterm.adapters.model_place import NEXT_STEP, server_name
from opsterm.core.errors import ModelUnavailable
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask

BROKE_OFF = "The model's answer broke off."
_SAID_LIMIT = 300

_SENTENCES: Sequence[tuple[str, str, str]] = (
    (r"not found", "The model server has no model {model}.", "opsterm model pull {model}"),
    (r"file does not exist", "There is no model {model} to fetch.", "See its name in the library of models."),
    (r"does not support (\w+)", "The model {model} cannot do this.", "`opsterm model list` says what each can do."),
    (r"server busy|maximum pending", "The model server has too much to do.", "Try again when others are done."),
    (
        r"out of memory|requires more system memory|cudamalloc|insufficient memory|unable to allocate",
        "The model server has not enough memory for {model}.",
        "Set a smaller model.context, or choose a smaller model: `opsterm model list`.",
    ),
    (
        r"exceeds? the context|context length|context window",
        "The question is longer than the model {model} can hold.",
        "Ask with less, or set a larger model.context.",
    ),
    (r"no space left", "The model server's disk is full.", "Make room there: `opsterm model list` says what takes it."),
    (r"unauthorized|signin", "The model server wants a log-in.", "Keep its token: opsterm vault set opsterm:model URL"),
)
"""What a server says, what that means, what to do. {model} is the model's name."""

_STATUSES = {
    401: ("The model server wants a token.", "Keep it: opsterm vault set opsterm:model {url}"),
    403: (
        "The model server refuses to talk to us.",
        (
            "A server bound to loopback takes only its own names: call it 127.0.0.1 or localhost in model.url, or set "
            "OLLAMA_HOST where it runs. Where a proxy wants a token: opsterm vault set opsterm:model {url}"
        ),
    ),
    404: ("What answers at {url} is no Ollama server.", "See model.url; it has no /v1 or /api behind it."),
    502: ("The model server's proxy cannot reach it.", "See whether Ollama runs behind {url}."),
    503: ("The model server has too much to do.", "Try again when others are done."),
    504: ("The model server's proxy waited too long for it.", "See whether Ollama runs behind {url}."),
}


def said_fault(text: str, *, status: int, url: str, model: str) -> ModelUnavailable:
    """Return the error for what a server said, by its words and then by its status.

    Args:
        text: the body of an answer, or the error of a line in a stream.
        status: of the answer; 200 for a line in a stream.
        url: as the settings have it.
        model: that was asked for, "" for none.
    """
    said = _said(text)
    model_name = clean_line(model, limit=100) or "?"
    for pattern, what, step in _SENTENCES:
        if re.search(pattern, said, re.IGNORECASE) and (model or "{model}" not in what):
            return ModelUnavailable(what.format(model=model_name), why=said, next_step=step.format(model=model_name))
    if status in _STATUSES:
        what, step = _STATUSES[status]
        return ModelUnavailable(what.format(url=url), why=said or _phrase(status), next_step=step.format(url=url))
    if 300 <= status < 400:
        return ModelUnavailable(
            f"What answers at {url} leads to another place.", why=_phrase(status),
            next_step="Set model.url to where the server is; nobody is followed.",
        )  # fmt: skip
    what = BROKE_OFF if status == httpx.codes.OK else "The model server failed."
    return ModelUnavailable(what, why=said or _phrase(status), next_step="Its log says more: journalctl -u ollama")


def _said(text: str) -> str:
    """Return what a server means, cleaned and masked: the error of its JSON, "" for a page of HTML."""
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        found = value.get("error")
        text = str(found.get("message", "")) if isinstance(found, dict) else str(found or "")
    elif text.lstrip().startswith("<"):
        text = ""
    return mask(clean_line(" ".join(text.split()), limit=_SAID_LIMIT))[0]


def _phrase(status: int) -> str:
    return f"It answered {status} {httpx.codes.get_reason_phrase(status)}".rstrip() + "."


def line_fault(error: BaseException, url: str, host: str) -> ModelUnavailable:
    """Return the error for a line that failed.

    Args:
        error: what a library raised.
        url: of the server, as the settings have it.
        host: that its certificate must be for.
    """
    step, name = NEXT_STEP, server_name(url)
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = why_untrusted(cause, host, None)
            return ModelUnavailable(f"{name} is not trusted.", why=why, next_step="Name its authority: model.ca_file")
        if isinstance(cause, ssl.SSLError):
            said = clean_line(cause.reason or str(cause), limit=200)
            return ModelUnavailable(f"{name} does not speak TLS as this machine does.", why=f"{said}.")
        if isinstance(cause, httpx.ConnectTimeout | httpx.PoolTimeout):
            return ModelUnavailable(f"{name} did not answer.", why="It took no connection in time.", next_step=step)
        if isinstance(cause, httpx.TimeoutException | TimeoutError):
            return ModelUnavailable(f"{name} did not answer in time.", next_step=step)
        if isinstance(cause, httpx.ProxyError):
            said = clean_line(str(cause), limit=200)
            return ModelUnavailable("The proxy of model.proxy let nothing through.", why=said, next_step="See both.")
        cut = isinstance(cause, httpx.RemoteProtocolError) and re.search("disconnected|peer closed", str(cause))
        if cut or isinstance(cause, httpx.ReadError):
            return ModelUnavailable(BROKE_OFF, why="The line to the model server was cut.", next_step=step)
        known = _with_number(cause)
        if known is not None:
            return ModelUnavailable(why_not(known, name), next_step=step)
    said = clean_line(str(error), limit=200) or type(error).__name__
    return ModelUnavailable(f"{name} does not speak as it should.", why=said, next_step=step)


def _with_number(error: BaseException) -> OSError | None:
    """Return the system's own error; of several addresses that were tried, that of the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, OSError) and error.errno else None


@contextmanager
def told(url: str, host: str) -> Iterator[None]:
    """Turn whatever the libraries raise about a line into one of our errors; see `line_fault`."""
    try:
        yield
    except (*STRANGE, OSError, RuntimeError) as error:
        raise line_fault(error, url, host) from error
