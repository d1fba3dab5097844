"""Tools that run clusters, and the fleets behind them."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
salt-ssh ansible-pull: dark
kustomize
    takes: -o --output --load-restrictor
    read: build version cfg
    write_file: create edit localize
    write: -o --output
salt-key
    read: -L --list -l -F -f -p --list-all --finger --finger-all --print --print-all
    infra+delete: -d -D --delete --delete-all -r -R --reject --reject-all
    privilege: -a -A --accept --accept-all --gen-keys
    else: read
ansible-vault
    read_secret: view
    read: encrypt_string
    write_file: encrypt decrypt create edit rekey
kubens kubectx
    alone: read
    read: -c --current
    delete: -d
    else: write_config
pyinfra: dark
prowler
    read: --list-checks --list-services --list-compliance --list-categories -l
    else: read
rabbitmq-upgrade
    read: check_if_node_is_mirror_sync_critical check_if_node_is_quorum_critical
    else: infra+service_stop
gcrane
    read: ls manifest digest config catalog validate version
    write_file: pull export
    infra+delete: delete gc
    else: infra
travis
    read: status show logs history branches whoami report lint env/list
    service_stop: cancel disable
    delete: env/clear
    else: infra
in-toto-run: dark
salt-run
    read: /^(?:manage\.(?:status|up|down|alived|not_alived|versions|present|reaped|joined|list_state)|jobs\.(?:active|list_jobs|lookup_jid|print_job|last_run|list_job|exit_success)|fileserver\.(?:envs|file_list|dir_list)|cache\.(?:grains|mine)|doc\.\w+|network\.\w+list)\b/
    dark: /./
cephadm
    read: ls version list-networks check-host gather-facts logs inspect-image
    data_loss: rm-cluster zap-osds
    service_stop: rm-daemon
    dark: shell enter
    else: infra
velero ark
    takes: -n --namespace -o --output -l --selector --kubeconfig --kubecontext --from-backup --from-schedule --include-namespaces
    data_loss: /^(?:\S+ )?(?:delete|uninstall|purge)\b/
    infra+data_loss?: restore/create create/restore
    read: version
    read: /^(?:\S+ )?(?:get|describe|logs|list|show)\b/
    write_file: backup/download restore/download debug
    dark: bug
    else: infra
slsa-verifier: read
pdns-keyroller-ctl
    read: /^(?:\S+ )?(?:show|list|status)\b/
    infra+delete: /\b(?:delete|remove)\b/
    else: infra
""")
