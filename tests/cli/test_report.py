"""A fault of opsterm leaves a report that may be sent to somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.__main__ import _report
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
