"""What builds, feeds and watches clusters of containers."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
etcdctl
    takes: --endpoints --cacert --cert --key -w --write-out --user --password --dial-timeout --command-timeout --rev --limit --order --sort-by --lease --prefix-key
    read: get watch version completion member/list endpoint/health endpoint/status endpoint/hashkv alarm/list snapshot/status user/list user/get role/list role/get auth/status lease/list
    read: lease/timetolive check/datascale downgrade/validate help
    data_loss: del snapshot/restore make-mirror
    data_loss~: downgrade/enable lease/revoke user/delete role/delete role/revoke-permission user/revoke-role auth/disable
    service_stop: member/remove
    dark: lock elect txn
    else: infra
kubeadm
    takes: --config --kubeconfig --node-name --cri-socket
    trial: --dry-run
    read: version config/view config/print config/images/list config/validate token/list certs/check-expiration certs/certificate-key upgrade/plan upgrade/diff token/generate completion
    read_secret: token/create certs/generate-csr kubeconfig/user
    data_loss+service_stop: reset
    infra+package_upgrade: upgrade/apply upgrade/node
    infra+delete: token/delete
    else: infra
argocd
    takes: --server -o --output --project --grpc-web-root-path --auth-token --core --port-forward-namespace
    trial: --dry-run
    read: version context completion help app/list app/get app/diff app/history app/manifests app/logs app/resources app/get-resource app/wait cluster/list cluster/get repo/list repo/get proj/list proj/get
    read: account/list account/get account/get-user-info account/can-i appset/list appset/get cert/list gpg/list gpg/get repocreds/list proj/role/list proj/role/get proj/windows/list admin/settings/validate
    read: admin/app/get-reconcile-results admin/export admin/proj/generate-spec admin/cluster/stats admin/notifications/template/get admin/notifications/trigger/get admin/settings/rbac
    read_secret: account/generate-token admin/initial-password proj/role/create-token account/bcrypt
    infra+delete+data_loss~: /^(?:\S+ ){1,2}(?:delete|rm|remove|remove-\S+|delete-\S+|terminate-op|unset)\b/
    service_restart: app/rollback app/actions
    data_loss~: admin/import
    service_start: admin/dashboard
    user: account/update-password account/delete-token
    else: infra
flux
    takes: -n --namespace --context --kubeconfig --timeout -o --output --source --kind --name
    read: get check logs diff tree stats events version export trace completion envsubst list/artifacts
    service_stop: suspend
    infra+delete+data_loss~: delete uninstall
    write_file: build pull
    else: infra
istioctl
    takes: -n --namespace -o --output --revision -r --context -i --istioNamespace -f --filename
    trial: --dry-run
    read: proxy-status ps analyze version proxy-config pc describe verify-install validate precheck bug-report authz admin profile/list profile/dump profile/diff manifest/generate manifest/diff tag/list
    read: experimental/describe experimental/precheck experimental/authz x/describe x/precheck x/authz x/check-inject ztunnel-config waypoint/list waypoint/status dashboard/list remote-clusters kube-inject completion
    infra+delete+data_loss~: uninstall tag/remove waypoint/delete
    service_start: dashboard d
    else: infra
eksctl
    takes: --cluster --region --name -f --config-file --profile -o --output --nodegroup
    trial: --dry-run
    read: get version info utils/describe-stacks utils/describe-addon-versions utils/describe-addon-configuration utils/nodegroup-health completion help
    infra+delete+data_loss~: delete unset deregister
    service_stop: drain
    else: infra
calicoctl
    takes: -n --namespace -o --output -f --filename -c --config --context
    read: get version node/status node/checksystem node/diags ipam/show ipam/check cluster/diags datastore/migrate/export
    network+infra+delete: delete ipam/release
    network+lockout?: apply create replace patch label
    else: network
cilium cilium-cli
    takes: -n --namespace --context -o --output --endpoint
    read: status version endpoint/list endpoint/get endpoint/log endpoint/health service/list service/get connectivity bgp/peers bgp/routes policy/get policy/trace policy/selectors node/list identity/list identity/get
    read: map/list map/get metrics/list encrypt/status encryption/status hubble/status sysdump clustermesh/status config/view fqdn/cache/list lrp/list prefilter/list statedb/dump monitor ip/list debuginfo
    read: /^bpf .*\b(?:list|get|dump)\b/
    network+delete: uninstall endpoint/disconnect policy/delete service/delete bpf/flush clustermesh/disable clustermesh/disconnect hubble/disable fqdn/cache/clean cleanup
    else: network
minikube
    takes: -p --profile -n --node -o --output
    read: status ip profile/list addons/list logs version service ssh-key ssh-host docker-env podman-env kubectl/get kubectl/describe node/list image/ls image/list update-check config/view config/get cache/list completion
    service_stop: stop pause node/stop addons/disable
    infra+delete+data_loss~: delete node/delete cache/delete image/rm
    dark: ssh kubectl
    else: infra
kind
    takes: --name --config --image --kubeconfig
    read: get version completion
    infra+delete+data_loss~: delete
    write_file: export
    else: infra
skopeo
    takes: --authfile --creds --tls-verify --format --override-os --override-arch
    read: inspect list-tags manifest-digest standalone-verify
    infra+delete: delete
    write_config: login logout
    else: infra
buildah
    takes: -t --tag -f --file --format --name --authfile
    read: images containers inspect info version manifest/inspect
    infra+delete: rm rmi prune manifest/rm
    dark: run unshare
    else: infra
xl
    read: list info vcpu-list top dmesg uptime domid domname network-list block-list pci-list vtpm-list sched-credit sched-credit2 cpupool-list getenforce claims psr-hwinfo psr-cmt-show list-vm
    service_stop: shutdown destroy pause trigger reset
    service_restart: reboot
    infra+data_loss?: save restore migrate block-detach network-detach mem-set
    dark: console
    else: infra
""")
