"""A fault of opsterm leaves a report that may be sent to somebody else."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from opsterm.__main__ import _report, _tell_what_is_logged
from opsterm.core.errors import ExitCode
from opsterm.core.paths import find_paths


def test_a_report_and_what_is_said_of_it_hold_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = find_paths({"OPSTERM_HOME": str(tmp_path)}, tmp_path)
    with pytest.raises(ValueError, match="login") as caught:
        raise ValueError("login failed: password=hunter2secret \ud800")
    assert _report(caught.value, paths) is ExitCode.BUG
    file = paths.state / "report.txt"
    written = file.read_text(encoding="utf-8")
    assert "Traceback" in written
    assert "password=[masked:password]" in written
    assert "hunter2secret" not in written + capsys.readouterr().err
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_logged_reaches_nobody_as_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = find_paths({"OPSTERM_HOME": str(tmp_path)}, tmp_path)
    monkeypatch.setattr(logging, "lastResort", None)
    monkeypatch.setattr(logging.getLogger("opsterm"), "propagate", False)  # as where nobody has set up logging
    _tell_what_is_logged(paths)
    log = logging.getLogger("opsterm.executor")
    log.error("c1 on web-01 failed", exc_info=RuntimeError("password=hunter2secret"))
    log.warning("token=hunter2secret was sent")
    said = capsys.readouterr().err
    assert said.startswith("opsterm: this is a fault of opsterm: RuntimeError: password=[masked:password]")
    assert "token=[masked:password] was sent" in said
    assert "Traceback" not in said
    assert "hunter2secret" not in said + (paths.state / "report.txt").read_text(encoding="utf-8")
