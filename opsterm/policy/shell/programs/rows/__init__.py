"""Programs as lines of text, by subject; how to read them is told in `programs/written.py`."""

from opsterm.policy.shell.programs.rows import (
    availability,
    batch,
    brokers,
    clusters,
    development,
    disks,
    hardware,
    identity,
    keys,
    machines,
    mail,
    monitoring,
    network,
    packages,
    storage,
    system,
)

TABLES = (
    availability,
    batch,
    brokers,
    clusters,
    development,
    disks,
    hardware,
    identity,
    keys,
    machines,
    mail,
    monitoring,
    network,
    packages,
    storage,
    system,
)
