"""What names of Python do: builtins, functions of modules, methods. What is in no table is not followed."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.policy.word_set import word_set

BUILTINS = word_set(
    "print len range enumerate sorted reversed sum min max abs round int float str bool bytes list dict set frozenset "
    "tuple zip any all isinstance repr ord chr hex divmod iter next filter map format slice OSError ValueError "
    "KeyError IndexError TypeError RuntimeError EOFError PermissionError FileNotFoundError TimeoutError "
    "ConnectionError UnicodeDecodeError NotImplementedError StopIteration Exception ArithmeticError ZeroDivisionError "
    "LookupError AttributeError __name__"
)
COMPUTES = word_set(
    "json re math datetime time collections itertools functools statistics csv hashlib string textwrap ipaddress "
    "calendar decimal fractions fnmatch stat pwd grp platform bisect heapq enum unicodedata copy zlib binascii html "
    "shlex contextlib __future__ ssl random uuid struct glob pprint"
)
"""Modules of which every function that is called by its own name reads or computes."""
OTHERS = word_set("os sys shutil subprocess socket threading tarfile gzip zipfile")
"""Modules of which only what is named below is followed."""
READS = word_set(
    "os.walk os.scandir os.listdir os.stat os.lstat os.statvfs os.getloadavg os.cpu_count os.uname os.getenv "
    "os.readlink os.environ.get os.getpid os.getuid os.geteuid os.getcwd os.access os.sysconf os._exit os.path.join "
    "os.path.exists os.path.isdir os.path.isfile os.path.islink os.path.ismount os.path.getsize os.path.getmtime "
    "os.path.getctime os.path.basename os.path.dirname os.path.splitext os.path.realpath os.path.abspath "
    "os.path.expanduser os.path.normpath os.path.lexists os.sep os.linesep os.name shutil.disk_usage shutil.which "
    "sys.exit sys.argv sys.stderr sys.stdout sys.stdin sys.platform sys.version_info sys.version threading.Timer "
    "socket.create_connection socket.getaddrinfo socket.gethostbyname socket.gethostname socket.getfqdn "
    "datetime.datetime.now datetime.datetime.fromtimestamp datetime.datetime.strptime datetime.timezone.utc "
    "datetime.date.today tarfile.TarError tarfile.ReadError subprocess.PIPE subprocess.DEVNULL subprocess.STDOUT "
    "subprocess.TimeoutExpired subprocess.CalledProcessError collections.abc.Iterator"
)
METHODS = word_set(
    "append add extend update setdefault get items keys values pop popitem clear copy count index insert split rsplit "
    "splitlines strip lstrip rstrip partition rpartition replace join startswith endswith upper lower title "
    "capitalize isdigit isalpha isalnum isspace isidentifier encode decode format ljust rjust center zfill find rfind "
    "removeprefix removesuffix casefold translate read readline readlines readable seek tell close write writelines "
    "flush fullmatch match search findall finditer sub group groups groupdict span start end cancel is_dir is_file "
    "is_symlink most_common elements total total_seconds timestamp isoformat strftime date hexdigest digest sort "
    "reverse union difference intersection issubset discard getpeercert wrap_socket settimeout getnames getmembers "
    "bit_length hex fromhex as_posix weekday"
)
"""Methods that do nothing beyond their object; what opened it was noted where it was opened."""
DELETES = word_set("os.remove os.unlink os.rmdir os.removedirs")
TREES = word_set("shutil.rmtree")
WRITES: Mapping[str, int] = {
    "os.rename": 1, "os.replace": 1, "os.mkdir": 0, "os.makedirs": 0, "os.truncate": 0, "os.symlink": 1, "os.link": 1,
    "shutil.copy": 1, "shutil.copy2": 1, "shutil.copyfile": 1, "shutil.copytree": 1, "shutil.move": 1, "os.utime": 0,
}  # fmt: skip
"""Function -> which of its words names what is written."""
OPENS: Mapping[str, int] = {"open": 1, "gzip.open": 1, "tarfile.open": 1, "zipfile.ZipFile": 1}
"""Function -> which of its words says whether it writes."""
RUNS = word_set("subprocess.run subprocess.check_output subprocess.check_call subprocess.call subprocess.Popen")
RUN_WORDS = word_set("capture_output text timeout check stdout stderr universal_newlines encoding errors cwd")
"""What may be said of a program that is started without changing what it does."""
