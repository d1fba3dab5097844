"""Keys, certificates and stores of secrets."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
mkcert: write_file+security_weaken?
update-ca-certificates update-ca-trust: write_config
age: write_file
op
    read: item/list vault/list group/list user/list account/list account/get whoami document/list connect/list events-api/list user/get group/get vault/get
    infra+delete: item/delete vault/delete group/delete user/delete document/delete
    infra: item/create item/edit item/move vault/create vault/edit user/provision user/invite user/suspend group/create document/create
    else: read_secret
bw: read_secret
tpm2_clear: data_loss
kubeseal: read
keytool
    takes: -keystore -storepass -alias -file -storetype -keypass
    dash: long
    read: -list -printcert -printcrl -exportcert -certreq
    delete+security_weaken: -delete
    security_weaken: -importcert -import -importkeystore
    else: write_file
certutil
    takes: -d -n -t -i -f
    delete+security_weaken: -D -F
    security_weaken: -A -M
    write_file: -N -S -R -C -G
    read: -L -K -V -O
    else: read
pk12util
    read: -l
    else: write_file
modutil
    dash: long
    read: -list
    else: write_config
p11-kit
    read: list-modules list-profiles print-config list-objects list-tokens export-object list-mechanisms
    read: -l
    delete: delete-object delete-profile
    else: write_config
p11tool
    delete: --delete --initialize
    write_file: --write --generate-rsa
    else: read
pkcs11-tool
    takes: --module -m --slot --pin -p -i -o
    delete+data_loss~: --init-token --delete-object -b
    user: --change-pin --init-pin
    write_file: --write-object -w --keypairgen -k
    else: read
cfssl
    read: certinfo scan info version print-defaults
    security_weaken: revoke
    else: write_file
certtool
    takes: --infile --outfile
    read: -i --certificate-info --verify --crl-info
    else: write_file
trust
    read: list dump
    security_weaken: anchor
    else: write_config
sops
    read_secret: -d --decrypt
    read: --version
    else: write_file
pass
    read: ls list find
    read_secret: show
    delete: rm
    write_file: insert generate edit cp mv init git
    else: read_secret
clevis
    read: luks/list luks/report
    security_weaken: luks/unbind
    write_config: luks/bind luks/edit luks/regen
    else: write_file
oathtool: read_secret
pwgen: read
argon2 jwt: read
gpg-tui: dark
gpg-card
    read: list help checkcmds
    data_loss: factory-reset
    else: write_config
fscrypt
    read: status
    security_weaken: purge lock unlock
    delete+data_loss~: metadata/destroy
    else: write_config
gocryptfs cryfs encfs
    read: -info -version
    dash: long
    else: write_config
gpg-zip: write_file
aws-google-auth
    else: read_secret
grub-mkpasswd-pbkdf2: read
acme.sh dehydrated getssl
    takes: -d --domain -w --webroot --server --keylength --cert-file --key-file
    delete+security_weaken: --revoke --remove --deactivate --deactivate-account -r --cleanup -gc --uninstall --uninstall-cronjob
    read: --list --info --version -v --help -h --list-domains --show-csr --env -e --showcsr
    else: write_config
""")
