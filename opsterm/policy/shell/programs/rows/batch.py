"""Clusters that work through queues of jobs."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
bkill bstop condor_rm: process_kill
bsub qsub condor_submit salloc sattach: dark
qalter qmgr strigger: infra
qhold condor_hold condor_off: service_stop
ml: read
pbsnodes
    service_stop: -o
    service_start: -r -c
    else: read
badmin
    read: showstatus ckconfig mbdhist
    service_stop: hclose hshutdown qinact
    else: service_restart
module
    read: avail list show spider help keyword whatis
    else: read
spack
    read: find info list spec graph versions
    package_remove: uninstall gc
    else: package_add
slurmctld slurmd slurmdbd slurmrestd slurmstepd
    data_loss~: -c
    read: -V -h -C
    else: service_start
sbcast: write_file
sreport: read
""")
