"""Tools of single clouds and of hosts that are made for containers."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
bq
    takes: --project_id --project --location --format --dataset_id --dataset --job_id -n --max_results --destination_table --schema --display_name --schedule -p --filter
    infra+data_loss?: --replace --destination_table --append_table --schedule
    infra+delete+data_loss: rm remove
    infra+delete: cancel
    read: ls head version help info wait get-iam-policy
    read: show
    read: /(?i)^query\s+(?:select|with)\b(?!.*\b(?:insert|delete|drop|truncate|merge|update|create|alter|export)\b)/
    data_loss?: /^query\b/
    else: infra
apiclient
    read: get report update/check
    reboot: reboot update/apply
    dark: exec raw
    else: write_config
signpost
    read: status
    else: boot
tuftool
    read: inspect
    else: write_file
tanzu
    takes: -n --namespace -f --file -o --output --package-name --version --context
    infra+delete+data_loss~: /^(?:\S+ ){1,3}(?:delete|remove|uninstall|reset)\b/
    read: /^(?:\S+ ){0,3}(?:list|get|show|describe|version|info|status|available list|tree)\b(?<!kubeconfig get)/
    else: infra
enter-admin-container sheltie: dark
""")
