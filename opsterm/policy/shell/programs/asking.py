"""Programs that ask a server over HTTP or gRPC, beside curl and wget."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, asks_for_help, note
from opsterm.policy.shell.programs.transfer import HARSH
from opsterm.policy.word_set import word_set

_METHODS = word_set("GET HEAD OPTIONS POST PUT PATCH DELETE PURGE")
_FIELD = re.compile(r"[\w.\[\]-]+(?::=@?|=@?|@)(?!=)")


def _httpie(call: ProgramCall) -> None:
    """Follow http, https and xh: a method, a URL, and fields that make it a POST."""
    call.take(
        word_set(
            "-a -A -o --auth --auth-type --output --timeout --proxy --session --verify --cert -p --print --pretty --style -s"
        ),
        long=("--offline", "--download"),
    )
    texts = [word.text for word in call.words]
    method = (
        texts[0].upper() if texts and (texts[0].isupper() or (texts[0].upper() in _METHODS and len(texts) > 1)) else ""
    )
    url = call.words[1 if method and len(texts) > 1 else 0] if texts else ""
    fields = [text for text in texts[2 if method else 1 :] if _FIELD.match(text) and "==" not in text]
    output = call.value("-o", "--output")
    if output is not None:
        deeds.write(output, call.notes, call.frame, call.span, replaces=True)
    if call.has("-d", "--download") and output is None:
        call.add(EffectKind.WRITE_FILE)
    if asks_for_help(call) or call.has("--offline"):
        call.add(EffectKind.READ)
    elif method in ("DELETE", "PURGE"):
        note(call, "infra+delete", url)
    elif method not in ("", "GET", "HEAD", "OPTIONS") or (fields and method == ""):
        note(call, "infra?", url)
        if not isinstance(url, str) and HARSH.search(url.text):
            note(call, "delete+data_loss~", url)
        if any("@" in text for text in fields):
            call.add(EffectKind.EXFIL, url, Certainty.POSSIBLE)
    else:
        call.add(EffectKind.READ, url)


def _grpcurl(call: ProgramCall) -> None:
    """Follow grpcurl: list and describe ask, anything else calls a method."""
    call.take(word_set("-d -H -proto -import-path -authority -cacert -cert -key -max-time"), dash_long=True)
    texts = [word.text for word in call.words]
    note(
        call,
        "read" if "list" in texts or "describe" in texts or asks_for_help(call) else "infra?",
        " ".join(texts)[:80],
    )


PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(("http", "https", "xh", "xhs"), _httpie), "grpcurl": _grpcurl,
}  # fmt: skip
