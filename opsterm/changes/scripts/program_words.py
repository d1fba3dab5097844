"""What programs, cmdlets and functions are for, in a few words each."""

from __future__ import annotations

from collections.abc import Mapping


def _table(text: str) -> Mapping[str, str]:
    """Return a table that is written as lines of `name, name: words`."""
    found = {}
    for line in text.strip().splitlines():
        names, _, words = line.strip().partition(": ")
        found.update(dict.fromkeys(names.split(", "), words))
    return found


BASH_WORDS = _table("""
    [, test, [[: compares, or looks at a file
    set: says how the shell goes on
    shift: goes on to the next argument
    export, local, declare, readonly: names variables
    printf, echo: prints
    exit: ends the script
    return: leaves a function
    read: takes a line apart into variables
    mapfile: takes lines into a list
    command: looks whether a program is there
    trap: says what is done at the end, or at an error
    cd: goes to a folder
    true, :: does nothing, and well
    false: does nothing, and fails
    sleep: waits
    wait: waits for what was started beside it
    timeout: ends what it starts when the time is up
    df: says how full file systems are
    du: says how much space folders take
    find: looks for files
    stat: says what is known of a file
    ls: lists files
    cat: prints a file
    head: keeps the first lines
    tail: keeps the last lines
    sort: puts lines in order
    uniq: keeps equal lines that follow one another once
    wc: counts lines or characters
    cut: keeps some columns
    tr: replaces characters
    sed: changes text as it goes by
    awk: picks and calculates columns
    grep: keeps the lines that fit
    xargs: starts a command for what comes in
    tee: prints and keeps at once
    date: says or calculates a time
    hostname: says the name of this host
    uname: says which system this is
    uptime: says how long the system runs and how busy it is
    who, w, last, lastlog, lastb: says who is or was logged in
    id, getent, groups: looks up accounts
    ps, pgrep: lists processes
    kill, pkill: ends processes
    free: says how much memory is used
    vmstat, iostat, mpstat, sar: measures load
    nproc: counts processors
    ss, netstat: lists connections and open ports
    ip: shows or sets addresses, links and routes
    ping: asks whether a host answers
    getent: asks the system's name services
    dig, host, nslookup: asks name servers
    curl, wget: asks a web server
    openssl: looks at certificates
    nc: opens a connection
    systemctl: asks or tells the service manager
    journalctl: reads the journal
    loginctl: lists sessions
    timedatectl, chronyc: asks how the clock stands
    dmesg: reads what the kernel says
    mount, findmnt, lsblk, blkid: lists file systems and disks
    mountpoint: looks whether something is mounted there
    smartctl: asks a disk how it is
    mdadm: asks or tells RAID arrays
    lsof, fuser: lists open files
    apt-get, apt, dpkg, dpkg-query, apt-mark: asks or tells the packages of Debian
    dnf, yum, rpm: asks or tells the packages of Red Hat
    zypper, apk, pacman: asks or tells packages
    useradd, usermod, userdel, passwd, chage, gpasswd: asks or changes accounts
    crontab: lists or sets what runs by schedule
    tar, gzip, gunzip, zip, unzip, xz, zstd: packs or unpacks
    cp: copies
    mv: moves or renames
    rm: deletes
    mkdir: makes folders
    rmdir: removes empty folders
    touch: makes a file, or sets its time
    ln: makes a link
    chmod: sets who may do what with a file
    chown, chgrp: sets whose a file is
    truncate: sets the length of a file
    rsync, scp: copies to or from another place
    ssh: runs something elsewhere
    sudo: does it as another account
    docker, podman: asks or tells containers
    kubectl: asks or tells a cluster
    nginx, apachectl, sshd, named-checkconf: tests or tells a server
    mysql, psql, sqlite3: asks a database
    pg_dump, mysqldump: writes out a database
    sha256sum, md5sum, cksum: calculates a checksum
    diff, cmp: compares files
    basename, dirname, readlink, realpath: takes a path apart
    mktemp: makes a file that is there only for a while
    flock: lets only one at a time
    logger: writes a line into the log
    ethtool, nmcli, resolvectl: asks the network
    nft, iptables, ufw, firewall-cmd: asks or tells the firewall
    getfacl, getcap: says special rights
    sysctl: asks or sets the kernel
    lsmod, modinfo: lists modules of the kernel
    logrotate: turns log files over
    bc, expr, seq, numfmt: calculates
    env, printenv: lists variables
    jq: takes JSON apart
    join, paste, comm, column: puts columns together
    lscpu, lspci, lsusb, dmidecode: says which hardware is there
    nice, ionice, renice: lets others go first
    swapon, swapoff: asks or tells swap
    aa-status, getenforce: says how access is guarded
    bash, sh: runs commands
""")
POWERSHELL_WORDS = _table("""
    assert-time: ends with 124 when the time is up
    write-output, write-host: prints
    write-error, write-warning, write-verbose: prints as talk
    get-command: looks whether a command is there
    get-ciminstance, get-wmiobject: asks Windows for figures
    get-psdrive, get-volume, get-disk, get-partition, get-physicaldisk: says how disks are
    get-childitem: lists what is in a folder
    get-item, get-itemproperty: looks at one thing
    get-content: reads a file
    test-path: looks whether something is there
    test-connection, test-netconnection: asks whether a host answers
    resolve-dnsname: asks name servers
    get-service: lists services
    start-service: starts a service
    stop-service: stops a service
    restart-service: restarts a service
    set-service: sets how a service starts
    get-process: lists processes
    stop-process: ends processes
    get-winevent, get-eventlog: reads the event log
    get-scheduledtask, get-scheduledtaskinfo: lists what runs by schedule
    enable-scheduledtask, disable-scheduledtask: sets whether a task runs
    get-localuser, get-localgroup, get-localgroupmember: lists accounts of this host
    disable-localuser, enable-localuser: sets whether an account may log in
    get-aduser, search-adaccount, get-addomain: asks the directory
    get-hotfix, get-package: lists what is installed
    get-nettcpconnection, get-netipaddress, get-netadapter, get-netroute: asks the network
    get-netfirewallprofile, get-netfirewallrule: asks the firewall
    get-smbshare, get-smbopenfile, get-smbsession: lists shares
    get-counter: measures
    get-date, new-timespan: says or calculates a time
    where-object: keeps what fits
    foreach-object: does it for each
    select-object: keeps some columns or rows
    sort-object: puts in order
    group-object: puts equal ones together
    measure-object: counts or sums up
    format-table, format-list, out-string: lays out what is printed
    convertto-json, convertto-csv, export-csv: writes it for other programs
    compare-object: compares
    new-object: makes an object
    new-item: makes a file or folder
    copy-item: copies
    move-item: moves
    remove-item: deletes
    set-content, add-content, out-file: writes a file
    compress-archive, expand-archive: packs or unpacks
    get-filehash: calculates a checksum
    invoke-webrequest, invoke-restmethod: asks a web server
    start-sleep: waits
    get-acl: says who may do what
    get-tpm, get-bitlockervolume, get-mpcomputerstatus: says how the host is guarded
    get-psdrive: lists drives
    w32tm, quser, query, ipconfig, netsh, sc.exe: asks Windows
    join-path, split-path: handles paths
    get-authenticodesignature: looks who signed a file
    get-dnsclientserveraddress, get-dnsclientcache: asks how names are looked up
    clear-dnsclientcache: forgets names that were looked up
    get-printer, get-printjob: lists printers
    get-computerinfo: says what this host is
    get-timezone: says the time zone
    get-executionpolicy: says which scripts may run
""")
PYTHON_WORDS = _table("""
    print: prints
    open: opens a file
    main: does the work
    sys.exit: ends the script
    os._exit: ends at once
    len, sum, min, max, sorted, round, abs, any, all: counts, sums or puts in order
    int, float, str, set, list, dict, tuple: makes a value of another kind
    range, enumerate, zip: counts through
    threading.Timer: does something later
    shutil.disk_usage: says how full a file system is
    shutil.which: looks whether a program is there
    shutil.copy2, shutil.copytree, shutil.move: copies or moves
    shutil.rmtree: deletes a folder with all that is in it
    os.walk, os.scandir, os.listdir, glob.glob: lists what is in folders
    os.stat, os.lstat, os.path.getsize, os.path.getmtime: says what is known of a file
    os.statvfs: says what is known of a file system
    os.path.isdir, os.path.isfile, os.path.exists, os.path.islink: looks whether something is there
    os.path.join, os.path.basename, os.path.dirname, os.path.splitext, os.path.realpath: handles paths
    os.remove, os.unlink: deletes a file
    os.rename, os.replace: renames
    os.makedirs, os.mkdir: makes folders
    os.rmdir: removes an empty folder
    os.getloadavg, os.cpu_count: says how busy the system is
    os.uname, platform.platform, platform.node: says which system this is
    os.environ.get, os.getenv: asks for a variable
    os.sysconf: asks the system for a figure
    subprocess.run: starts a program
    socket.create_connection, socket.socket: opens a connection
    socket.getaddrinfo, socket.gethostbyname: asks for addresses
    ssl.create_default_context: gets ready to check certificates
    ssl.cert_time_to_seconds: reads a date of a certificate
    urllib.request.urlopen, urllib.request.Request, http.client.HTTPSConnection: asks a web server
    json.load, json.loads, json.dump, json.dumps: reads or writes JSON
    csv.reader, csv.DictReader, csv.writer: reads or writes columns
    re.compile, re.match, re.search, re.findall, re.fullmatch, re.sub: looks for a pattern
    time.time, time.monotonic, time.strftime, time.localtime: says a time
    time.sleep: waits
    datetime.datetime.now, datetime.datetime.fromtimestamp, datetime.timedelta: handles times
    collections.Counter, collections.defaultdict: counts by name
    hashlib.sha256, hashlib.md5: calculates a checksum
    tarfile.open, zipfile.ZipFile, gzip.open: packs or unpacks
    pwd.getpwall, pwd.getpwnam, pwd.getpwuid, grp.getgrall, grp.getgrnam: looks up accounts
    stat.S_ISREG, stat.filemode, stat.S_IMODE: says what kind of file it is
    .append, .add, .update, .extend, .setdefault: keeps it as well
    .split, .strip, .partition, .rpartition, .splitlines, .replace, .removesuffix, .removeprefix: takes text apart
    .join, .format, .ljust, .rjust, .upper, .lower: puts text together
    .startswith, .endswith, .isdigit, .get, .find, .fullmatch, .match: compares or looks up
    .items, .values, .keys, .most_common: goes through what is kept
    .read, .readline, .readlines: reads
    .write, .flush: writes
    .start, .cancel: starts or stops the watch
    .total_seconds, .timestamp, .isoformat, .strftime: handles times
    .connect, .settimeout, .getpeercert, .wrap_socket, .close: handles a connection
    .sort, .pop, .count, .index: handles a list
    .seek, .tell: goes to a place in a file
    .group, .groups, .finditer: takes what a pattern found
""")
