"""Python on a command line: what is read whole is told, and what could do more than is told is not followed."""

from __future__ import annotations

import pytest

from opsterm.policy.level import RiskLevel
from opsterm.policy.risk import assess
from opsterm.policy.shell.argument import UNKNOWN
from opsterm.policy.shell.python.reader import NotFollowed, PythonDeed, read_python

READS = (
    "import shutil\nprint(shutil.disk_usage('/').free)",
    "import os\nfor a, b, c in os.walk('/var'):\n    print(len(c), os.path.join(a, 'x'))",
    "import subprocess\nr = subprocess.run(['df', '-P'], capture_output=True, text=True, timeout=9)\nprint(r.stdout)",
    "with open('/proc/mounts', encoding='utf-8') as f:\n    print(sorted(x.split()[1] for x in f))",
    "def main() -> int:\n    return 0\nimport sys\nsys.exit(main())",
    "import re\nprint(re.compile('a').findall('aa'))",
)
DEEDS = (
    ("import os\nos.remove('/tmp/x')", PythonDeed(kind="delete", words=("/tmp/x",))),
    ("from shutil import rmtree\nrmtree('/srv/x')", PythonDeed(kind="tree", words=("/srv/x",))),
    ("P = '/etc/x'\nopen(P, 'w').write('a')", PythonDeed(kind="write", words=("/etc/x",))),
    ("open('/x', mode='a')", PythonDeed(kind="add", words=("/x",))),
    ("import subprocess as s\nname = f()\ndef f(): return 'x'\ns.run(['systemctl', 'stop', name])",
     PythonDeed(kind="run", words=("systemctl", "stop", UNKNOWN))),
)  # fmt: skip
DARK = (
    "import os\nos.system('id')", "import os\nf = os.system\nf('id')", "eval('1')", "e = eval\ne('1')",
    "import os\ngetattr(os, 'sys' + 'tem')('id')", "__import__('os').system('id')", "import ctypes", "from os import *",
    "import os\nx = os\nx.system('id')", "import json\njson.codecs.open('x', 'w')",
    "import os\nprint = os.system\nprint('id')",
    "import subprocess\nsubprocess.run('id', shell=True)", "import subprocess\nsubprocess.run(words)",
    "import subprocess\nsubprocess.run(['a'], preexec_fn=f)", "import subprocess\nsubprocess.run([x, 'a'])",
    "open('/x', mode)", "list(map(open, ['/x'], ['w']))", "f = open\nf('/x', 'w')", "open('/x', **how)", "open(*a)",
    "def main(): pass\nmain.__globals__['os'].system('id')", "import os\nos.environ['PATH'] = '/tmp'",
    "from os import remove\nlist(map(remove, ['/x']))", "import os\nlist(map(os.remove, ['/x']))",
    "import os.path\np = os.path\np.os.replace('a', 'b')", "import importlib", "import pickle", "(lambda: 0)()()",
    "import tarfile\ntarfile.open('x').extractall('/')", "import os as json\njson.system('id')",
    "def print(x): return x\nprint(1)", "from os import system as len\nlen('id')", "import urllib.request", "x = (",
    "import socket\nsocket.create_connection(('h', 1)).sendall(b'x')", "import operator\noperator.methodcaller('x')",
    "import typing\ntyping.get_type_hints(x)", "type('x', (), {})",
    "class A:\n    def run(self): return self.__class__",
    "match 1:\n    case print:\n        print('x')",
)  # fmt: skip


@pytest.mark.parametrize("text", READS)
def test_what_only_reads_is_read_whole(text: str) -> None:
    assert all(deed.kind in ("read", "run") for deed in read_python(text))
    assert assess(f"python3 - <<'E'\n{text}\nE", "sh", [], []).level is RiskLevel.READ


@pytest.mark.parametrize(("text", "deed"), DEEDS)
def test_what_it_does_is_told(text: str, deed: PythonDeed) -> None:
    assert deed in read_python(text)
    assert assess(f"python3 - <<'E'\n{text}\nE", "sh", [], []).level is not RiskLevel.READ


@pytest.mark.parametrize("text", DARK)
def test_what_could_do_more_is_not_followed(text: str) -> None:
    with pytest.raises(NotFollowed):
        read_python(text)
