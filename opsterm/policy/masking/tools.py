"""Where the secrets of command-line tools stand among their arguments, as data.

A line is `names: places`, both divided by blanks. A place is one of

    -p            an option; the secret is the next word, or what is behind `=` or `:` in the same one
    -p^           the secret is written onto it, and never the next word, as mysql has it
    -p~           written onto it, or the next word
    -u|:          the part of the value behind the first such sign, here of user:password; nothing without the sign
    !|/..@        the same, and it ends before the last such sign, here of user/password@database
    add_user,.,!  arguments that are no options, in this order: a word, any one, the secret. An order that begins
                  with `.` or `!` counts from the tool's name, another from wherever its first word stands
                  `//*` stands for any that begins so
    kv,put,.,=    the values of all further key=value arguments
    --name_       an option whose next word is none of the arguments that are counted
    [login]-p     a place that counts only when one of these words, divided by commas, stands before it

Names of tools are compared in small letters and without a path or `.exe`, options as they are written; options that
begin with `/` in small letters.
"""

TOOLS = r"""
mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlpump mysqlslap mysqlbinlog: -p^ --password
mariadb mariadb-dump mariadb-admin mariadb-check mariabackup mariadb-backup xtrabackup mysqlsh: -p^ --password
mydumper myloader mysqltuner mysqltuner.pl pt-table-checksum pt-query-digest: -p~ --password --pass
mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop mongofiles: -p~ --password
redis-cli valkey-cli keydb-cli redis-benchmark: -a~ --pass auth,! config,set,requirepass,! config,set,masterauth,!
psql pg_dump pg_restore pg_dumpall pg_basebackup pgbench: --password
sqlcmd osql bcp isql tsql: -P~
rman: target,!|/..@ catalog,!|/..@
sqlplus sqlplus64 expdp impdp rman sqlldr sqlcl exp imp: !|/..@
cqlsh dsetool: -p~ --password
nodetool: -pw --password
clickhouse-client clickhouse clickhouse-local: --password
influx influxd influx_inspect: -password --password --token -t
hdbsql beeline: -p
db2: using,!
sqoop neo4j-admin cypher-shell arangosh couchbase-cli cbq: -p --password
curl: -u|: --user|: -U|: --proxy-user|: --oauth2-bearer --pass --proxy-pass --tlspassword -b|= --cookie|= -E|: --cert|:
wget wget2 aria2c: --password --http-password --ftp-password --proxy-password --http-passwd --ftp-passwd --user-password
http https httpie xh: -a|: --auth|:
ab: -A|: -P|:
sshpass: -p~
ssh-keygen: -N~ -P~
putty plink pscp psftp kitty: -pw
lftp: -u|, --password
ncftp ncftpput ncftpget: -p~
docker podman buildah nerdctl: [login]-p~ [login]--password --creds|:
skopeo crane oras: [login]-p~ --password --creds|: --src-creds|: --dest-creds|: --registry-token
helm: [login]-p~ --password --kube-token
az: [login]-p --password --admin-password --client-secret --account-key --sas-token --connection-string [secret]--value
oc: [login]-p --password --token [secret]--from-literal|=
kubectl k kubecolor: [secret]--from-literal|= --token --password --docker-password
kubeadm k3s rke2: --token --certificate-key
cf ibmcloud: [login]-p --apikey [auth]-p
aws: configure,set,aws_secret_access_key,! configure,set,aws_session_token,! --master-user-password --auth-token
aws: --secret-string --user-password --temporary-password [SecureString,put-parameter]--value --master-password
gcloud: --password --root-password --access-token
doctl: [auth]-t --access-token
heroku: config:set,=
fly flyctl: secrets,set,= --access-token
gh: [secret]--body [secret]-b --with-token
glab: --token [variable]-v [variable]--value [auth]-t
npm yarn pnpm: --otp config,set,= set,=
twine: [upload]-p --password
cargo: login,! --token
vault bao: login,! operator,unseal,! kv,put,.,= kv,patch,.,= -token -password -secret-id write,.,secret_id=!
consul nomad: -token
etcdctl: --user|: --password
ansible-vault: encrypt_string,! --name_ -n_ --vault-id_ --vault-password-file_
knife: -P --ssh-password --winrm-password
ldapsearch ldapmodify ldapadd ldapdelete ldapwhoami ldapcompare ldapmodrdn ldapvi dsconf dsidm: -w~
ldappasswd: -w~ -a~ -s~
smbclient: //*,! -c_ -I_ -p_ -W_ -D_ -m_ -T_ -t_
smbclient rpcclient winexe smbget pth-winexe smbcacls wmic: -U|% --user|% --password /password
net net1: user,.,! rpc,! -U|% use,%*,! use,.,\\*,! use,\\*,! /user|%
samba-tool: user,create,.,! user,add,.,! --newpassword --adminpass --password -U|%
kadmin kadmin.local: -w~ -pw
htpasswd: [-b,-cb,-bc,-cbB,-bB,-Bb,-cBb,-bcB,-bs,-bm,-bd,-cbm,-bBc].,.,! [-nb,-bn,-nbB,-nBb,-bnB,-nbm,-Bnb,-bnm,-Bbn].,!
useradd usermod: -p~ --password
mkpasswd: !
openssl: -passin|pass: -passout|pass: -pass|pass: -k -K passwd,! -salt_
zip unzip zipcloak zipnote: -P~ --password
7z 7za 7zr 7zz rar unrar: -p^ -hp^
gpg gpg2: --passphrase
qpdf: --encrypt --password
pdftk: input_pw,! owner_pw,! user_pw,!
keytool jarsigner: -storepass -keypass -srcstorepass -deststorepass -destkeypass -srckeypass -new
signtool: /p
certutil: -p
ipmitool ipmipower ipmi-sensors ipmi-chassis bmc-info: -P~ password,.,! set,password,.,!
racadm: -p
snmpget snmpwalk snmpbulkwalk snmpbulkget snmpset snmpgetnext snmptable snmptrap snmpinform: -c~ -A~ -X~
snmpstatus snmpdf snmpdelta snmptest snmpnetstat snmptranslate snmpusm snmpcheck snmp-check: -c~ -A~ -X~
onesixtyone: .,!
rabbitmqctl: -n_ -p_ add_user,.,! change_password,.,! authenticate_user,.,!
rabbitmqadmin: -p --password
nmcli: password,! psk,! 802-11-wireless-security.psk,! wifi-sec.psk,! 802-1x.password,! vpn.secrets.password,!
wpa_passphrase: .,!
wpa_cli: psk,!
iwconfig: key,!
xfreerdp xfreerdp3 wlfreerdp mstsc sdl-freerdp: /p
rdesktop: -p~
mosquitto_pub mosquitto_sub mosquitto_rr: -P~ --pw
mosquitto_passwd: [-b].,.,!
transmission-remote: -n|: --auth|:
rclone: obscure,! pass,! password,! secret_access_key,! client_secret,!
mc mcli: alias,set,.,.,.,! host,add,.,.,.,!
s3cmd: --secret_key --access_token
psexec psexec64 paexec winrs: -p -p~ -password /p
schtasks: /rp /p
cmdkey: /pass
netdom: /passwordd /passwordo /pd /po
dsadd dsmod: -pwd
sc: password=,!
evil-winrm crackmapexec nxc netexec: -p
impacket-psexec impacket-wmiexec impacket-smbexec psexec.py wmiexec.py secretsdump.py smbexec.py: !|:..@
hydra medusa ncrack: -p
sendemail swaks: -xp -ap --auth-password
openvpn stunnel ike-scan: --psk
elasticsearch-users elasticsearch-reset-password: -p
grafana-cli grafana: reset-admin-password,!
jenkins-cli jenkins-cli.jar: -auth|:
dotnet nuget: [source]-p [source]--password -Password -ApiKey --api-key -k
neo4j-admin: set-initial-password,!
composer: config,http-basic*,.,! config,bearer*,!
govc: -u|:..@
govc esxcli vim-cmd: -password -p --password [account]-c
radtest: .,!
cryptcat: -k
stegsnow mupdf mutool olevba ffsend airdecap-ng steghide: -p~
lsar unar: -p
pdfinfo pdftotext pdfimages pdffonts pdfdetach pdftoppm pdftocairo pdftops pdfseparate pdfsig: -opw -upw
aircrack-ng airdecap-ng airtun-ng: -w
create_ap: .,.,.,! [-n].,.,!
networksetup: [-setairportnetwork].,.,!
steam steamcmd: [-login,+login].,!
security: [create-keychain,unlock-keychain,set-key-partition-list,import]-p [add-generic-password,add-internet-password]-w
security: [import,export]-P [set-keychain-password]-o [set-keychain-password]-p
ldapdomaindump: -p~
pkcs11-tool pkcs15-tool pkcs15-init pkcs15-crypt: -p
ykman: [piv]-P [piv]-m
idevicebackup2: encryption,.,!
oathtool: -b --base32 !
lwp-request: -C|:
miniserve gotty ttyd: -a|: -c|:
zpaq: -k^ -key
sic: -k
ss-local ss-server ss-redir ss-tunnel sslocal ssserver: -k
httping: -P
dexter: -s
croc: --pass [send]-c
doctl: -t
netsh: key=! keymaterial=!
manage-bde repair-bde: -rp -pw
virsh: --base64 [secret-set-value].,.,!
virt-customize virt-sysprep virt-builder: --root-password|:
check_snmp check_snmp_int.pl check_snmp_storage.pl check_snmp_load.pl: -C~
check_mysql check_pgsql check_ldap check_mssql: -p~
check_http: -a|:
braa: !|..@
wevtutil wmic schtasks tasklist taskkill systeminfo driverquery getmac eventcreate setx openfiles gpresult: /p
djoin: /machinepassword
bw: unlock,! login,.,!
nordvpn mullvad: login,! account,login,!
hsw-cli: unlock,!
travis: encrypt,!
ipa-server-install ipa-client-install ipa-replica-install: -p -a -w
dscl: [-passwd].,.,! [-passwd].,.,.,!
sysadminctl: -password -newPassword -oldPassword -adminPassword
uv: -t
transmission-daemon: -v
twurl: -s
flask-unsign: -S
openttd: -p
tgpt: --key
pw: -w_
pulumi: [--secret]config,set,.,!
"""
