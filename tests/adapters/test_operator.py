"""Who sits there is what the system says, not what a variable claims."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path

from opsterm.adapters.operator import find_operator


def test_the_name_is_the_accounts_whatever_user_says() -> None:
    operator = find_operator({"USER": "somebody-else", "LOGNAME": "somebody-else"})
    assert (operator.name, operator.uid) == (pwd.getpwuid(os.geteuid()).pw_name, os.geteuid())
    assert operator.host == socket.gethostname()


def test_the_home_folder_is_home_or_the_accounts() -> None:
    assert find_operator({"HOME": "/somewhere"}).home == Path("/somewhere")
    for useless in ({}, {"HOME": ""}, {"HOME": "relative"}):
        assert find_operator(useless).home == Path(pwd.getpwuid(os.geteuid()).pw_dir)


def test_the_origin_is_where_the_ssh_connection_came_from_cleaned() -> None:
    assert find_operator({"SSH_CONNECTION": "198.18.9.4 51234 198.18.9.1 22"}).origin == "198.18.9.4"
    assert find_operator({"SSH_CLIENT": "2001:db8::1 51234 22"}).origin == "2001:db8::1"
    assert find_operator({"SSH_CONNECTION": "\x1b]52;c;aa\x07 1 2 3"}).origin == "\\x1b]52;c;aa\\x07"
    assert find_operator({}).origin == ""
