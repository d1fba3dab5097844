"""What every child does: it takes frames from its parent, answers them, and ends when its parent is gone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

from opsterm.storage.vectors.frames import Head, pack, read

Answer = tuple[Head, bytes]
Verbs = dict[str, Callable[[Head, bytes], Answer]]

_SET_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG, prctl(2)."""


def serve(verbs: Verbs, *, niceness: int = 0) -> None:
    """Answer frames until there are no more; a fault is answered by its words, and ends nothing."""
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    os.nice(niceness)
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):  # whatever a library prints is not part of an answer
        os.dup2(nowhere, number)
    while (frame := read(source)) is not None:
        head, body = frame
        try:
            answer, data = verbs[str(head["verb"])](head, body)
        except Exception as error:  # noqa: BLE001 (strangers' errors; the parent decides what they mean)
            answer, data = {"fault": f"{type(error).__name__}: {error}"[:500]}, b""
        sink.write(pack(answer, data))
        sink.flush()
    sys.exit(0)
