"""The door: picks a face, and turns any error into a sentence and an exit code.

Nothing heavy is imported here: `opsterm --help` answers before a library of ours is loaded.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opsterm.cli.invocation import Invocation
from opsterm.core.clock import SystemClock
from opsterm.core.errors import BadSetting, ExitCode, OpstermError
from opsterm.core.paths import Paths, find_paths, make_private, refuse_shared_file
from opsterm.core.quiet_gc import collect_seldom
from opsterm.core.settings import Loaded
from opsterm.core.settings_reading import load_settings
from opsterm.core.text import clean_block

if TYPE_CHECKING:
    from opsterm.runtime.runtime import Runtime


NEEDS_NO_FOLDERS = frozenset({"settings", "keys", "where", "doctor"})
"""Verbs that say how things are; they do so too when the folders cannot be used."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run opsterm and return its exit code; never raises."""
    return _leave(_run(argv))


def _run(argv: Sequence[str] | None) -> int:
    collect_as_usual = collect_seldom()
    environment = dict(os.environ)
    try:
        paths = find_paths(environment, Path(environment.get("HOME") or "/"))
    except OSError as error:  # OPSTERM_HOME is relative to a folder that is gone
        _say(f"opsterm: The current folder cannot be used: {error.strerror}.")
        return ExitCode.BAD_INPUT
    try:
        invocation = _understand(sys.argv[1:] if argv is None else argv)
        if invocation.exit_code is not None:
            return invocation.exit_code
        if invocation.verb == "serve":  # which runs for months, and stays small
            collect_as_usual()
        loaded = read_settings(invocation, paths, environment)
        return _enter(invocation, loaded, paths, environment)
    except OpstermError as error:
        _say(f"opsterm: {error}")
        return error.exit_code
    except BrokenPipeError:  # whoever read our output has gone: that is their right
        return ExitCode.DONE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:
        return _report(error, paths)


def _leave(code: int) -> int:
    """Send what is still to be sent; what cannot be sent must not be tried once more when the interpreter ends."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if code == ExitCode.DONE and not isinstance(error, BrokenPipeError):
            _say(f"opsterm: The output could not be written.\n{error.strerror}")
            return ExitCode.STORAGE
    return code


def _understand(argv: Sequence[str]) -> Invocation:
    if not argv:
        return Invocation()
    from opsterm.cli.arguments import parse_arguments

    return parse_arguments(argv)


def read_settings(invocation: Invocation, paths: Paths, environment: dict[str, str]) -> Loaded:
    """Read config.toml, the variables and the flags. Raises BadSetting."""
    file = Path(invocation.config or environment.get("OPSTERM_CONFIG") or paths.config_file)
    text = ""
    try:
        with file.open(encoding="utf-8") as opened:
            refuse_shared_file(opened.fileno(), file)
            text = opened.read()
    except FileNotFoundError:
        if invocation.config or environment.get("OPSTERM_CONFIG"):
            raise BadSetting(f"There is no settings file {file}.", next_step="Check the path given.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            f"The settings file {file} cannot be read.",
            why=str(error),
            next_step="Mend the file, or name another one with --config.",
        ) from error
    return load_settings(file_text=text, file_name=str(file), environment=environment, flags=dict(invocation.flags))


def _enter(invocation: Invocation, loaded: Loaded, paths: Paths, environment: dict[str, str]) -> int:
    if invocation.verb not in NEEDS_NO_FOLDERS:
        for folder in (paths.data, paths.state):
            make_private(folder)
    _tell_what_is_logged(paths)
    if invocation.verb == "":
        from opsterm.tui.start import run_screen

        return run_screen(loaded=loaded, paths=paths, clock=SystemClock(), environment=environment, build=_build)
    from opsterm.cli.run import run_verb

    return run_verb(invocation, loaded=loaded, paths=paths, environment=environment, build=_build)


def _build(loaded: Loaded, paths: Paths, environment: dict[str, str], face: str) -> Runtime:
    from opsterm.composition import build_runtime

    return build_runtime(loaded=loaded, paths=paths, clock=SystemClock(), environment=environment, face=face)


def _say(text: str) -> None:
    try:
        if sys.stderr is not None:
            sys.stderr.write(clean_block(text) + "\n")
            sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody is there to hear it; the exit code says it as well


def _tell_what_is_logged(paths: Paths) -> None:
    """Make a sentence and a report of what is logged as wrong: unasked, Python would print a traceback."""
    import logging

    class Told(logging.Handler):
        """Takes what no other handler takes."""

        def emit(self, record: logging.LogRecord) -> None:
            """Say it, masked; an exception goes into the report."""
            from opsterm.policy.mask import mask  # a start has nothing to mask

            error = record.exc_info[1] if record.exc_info else None
            if isinstance(error, Exception):
                _report(error, paths)
            else:
                _say(f"opsterm: {mask(record.getMessage())[0]}")

    logging.lastResort = Told(logging.WARNING)


def _report(error: Exception, paths: Paths) -> int:
    """Write a report about a broken invariant where the operator can send it from; say where."""
    import traceback

    from opsterm.policy.mask import mask

    file = paths.state / "report.txt"
    try:
        paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(mask("".join(traceback.format_exception(error)))[0], encoding="utf-8", errors="replace")
        file.chmod(0o600)
        where = f"A report is in {file}; please send it with what you did."
    except OSError as failure:
        where = f"No report could be written: {failure}."
    said = mask(f"{type(error).__name__}: {error}")[0]
    _say(f"opsterm: this is a fault of opsterm: {said}\n{where}")
    return ExitCode.BUG


if __name__ == "__main__":
    sys.exit(main())
