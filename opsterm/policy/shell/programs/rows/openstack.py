"""OpenStack: one client for all, the older ones for each service, and what sets it up."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
openstack
    takes: --os-cloud --os-auth-url --os-project-name --os-project-id --os-project-domain-name --os-project-domain-id --os-user-domain-name --os-user-domain-id --os-username
    takes: --os-user-id --os-password --os-auth-type --os-region-name --os-interface --os-identity-api-version --os-compute-api-version --os-volume-api-version
    takes: --os-image-api-version --os-network-api-version --os-token --os-cacert --os-cert --os-key --os-profile --os-system-scope --os-default-domain --os-endpoint
    takes: -f --format -c --column --sort-column --log-file --max-width --project --host --limit --marker --status --name --long-format --property
    read_secret: /^(?:token issue|(?:\S+ )?secret get|ec2 credentials (?:show|list)|access token create)\b/
    dark: /^(?:server ssh|server ssh-key|console-exec)\b/
    alone: dark
    infra+delete+data_loss~: /^(?:(?!(?:list|show|create|set)\b)[a-z0-9-]+ ){1,5}?(?:delete|purge|remove|rebuild|revert|restore|clean|abandon|undeploy|destroy)\b/
    infra+service_stop: /^(?:(?!(?:list|show|create|set)\b)[a-z0-9-]+ ){1,5}?(?:stop|pause|suspend|shelve|unset|disable|evacuate|failover|rescue|lock|offline)\b/
    infra+service_restart: /^(?:(?!(?:list|show|create|set)\b)[a-z0-9-]+ ){1,5}?(?:reboot|restart|reset)\b/
    infra+firewall_weaken?: /^security group rule create\b/
    read: complete help
    read: /^(?:(?!(?:create|set|add|delete|remove|update|start|stop|migrate|resize|save|import|upload)\b)[a-z0-9-]+ )+(?:list|show|validate|match|get|status|log show|query|search|stats|history|describe|available|find)\b/
    write_file: /^(?:object|image|container|software deployment output) save\b/
    else: infra
nova cinder neutron glance manila heat ironic magnum octavia designate keystone barbican trove senlin
    takes: --os-cloud --os-auth-url --os-username --os-password --os-project-name --os-region-name --tenant --all-tenants --fields --host
    infra+delete+data_loss~: /^(?:\S+-)?(?:delete|force-delete|reset-state|rebuild|revert\S*|purge|remove\S*|abandon|unmanage|restore|host-evacuate)(?:-\S+)?(?: |$)/
    infra+service_stop: /^(?:stop|pause|suspend|shelve|lock|rescue|evacuate|service-disable|failover-host|freeze-host)\b/
    infra+service_restart: /^(?:reboot|reset-network)\b/
    read: /^(?:\S*-)?(?:list|show|quota-show|diagnostics|console-log|get-\S+|help|limits|absolute-limits|usage|availability-zone-list|version-list|migration-get-progress|metadata-show|endpoints|catalog|discover|bash-completion|describe|query|status|summary|validate)(?:-\S+)?(?: |$)/
    else: infra
nova-manage cinder-manage keystone-manage glance-manage neutron-db-manage heat-manage placement-manage
    data_loss: /\b(?:purge\S*|delete\S*|archive_deleted_rows|reset-state|drop|truncate\S*)\b/
    read: /\b(?:list\S*|show|version|status|check\S*|get\S*|current|history|verify\S*|doctor)\b/
    else: infra
nova-status cinder-status keystone-status neutron-status placement-status: read
kolla-ansible
    takes: -i --inventory -p --passwords -e --extra -t --tags --limit --configdir
    data_loss: destroy
    service_stop: stop
    read: check prechecks validate-config --version
    else: infra+service_restart
kolla-genpwd kolla-mergepwd: write_file
kolla-build: write_file
osprofiler
    write: --out
    read: trace/list trace/show opts
    else: infra
disk-image-create: write_file
ceph-volume
    data_loss: lvm/zap lvm/create lvm/prepare lvm/batch raw/prepare lvm/new-db lvm/new-wal
    service_start: lvm/activate simple/activate raw/activate lvm/trigger simple/trigger
    write_file: simple/scan
    read: inventory lvm/list raw/list
    data_loss~: lvm/migrate
    else: infra
proxmox-boot-tool
    data_loss: format
    read: status kernel/list help
    else: boot
proxmox-backup-debug proxmox-file-restore proxmox-tape
    read: /\b(?:list|status|inspect|diff|show|content|catalog)\b/
    data_loss: /\b(?:format|erase|destroy|remove|label)\b/
    write_file: /\b(?:extract|restore|backup)\b/
    else: infra
""")
