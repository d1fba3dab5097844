"""Programs that Windows does not come with, and those by which others' code is run, as data: see `program_rows`.

Sources: the manuals of the tools; for programs that run, fetch or read out what they are handed, the LOLBAS project.
"""

from __future__ import annotations

ROWS = """
tshark|dumpcap|windump +-w* = write_file @-
tshark|dumpcap|windump = read @-
tar +-t*|-tf|--list|tf = read
tar = write_file
scp|sftp +*proxycommand*|*localcommand*|-s = remote_code:likely exfil:possible @-
scp|sftp|pscp|rclone|azcopy = exfil:possible write_file @-
ftp +-s* = exfil:likely write_file @-
ftp|tftp = exfil:possible write_file @-
telnet|nc|ncat|plink = remote_code:possible @-
explorer +*.exe*|*.lnk*|*.hta*|*.vbs*|*.js*|*.bat*|*.cmd*|*.url* = remote_code:likely
vmconnect|mstsc|notepad|calc|explorer|write|mspaint|taskmgr|perfmon|resmon|eventvwr|services.msc|winver = service_start
nvspbind = network lockout:likely @-
ssh-keygen|ssh-add = write_file
git status|log|show|diff|branch|remote|rev-parse|describe|blame|ls-files = read @-
git push +--force|-f|--force-with-lease|--delete|--mirror = data_loss:likely @-
git clean|reset|checkout|restore|rm = data_loss:likely delete @-
git = write_file @-
choco|winget|scoop list|search|info|show|outdated|source = read @-
winget +--manifest|-m = remote_code package_add
choco|winget|scoop uninstall|remove = package_remove
choco|winget|scoop upgrade|update = package_upgrade
choco|winget|scoop = package_add
npm|pip|pip3 uninstall = package_remove
npm|pip|pip3 list|show|freeze|ls|view|outdated = read
npm|pip|pip3 = package_add
excel|winword|powerpnt|outlook|msaccess|mspub|visio|winproj +http*|*\\\\*\\* = remote_code:likely write_file
excel|winword|powerpnt|outlook|msaccess|mspub|visio|winproj|psr = service_start
createdump|dump64|dumpminitool|rdrleakdiag|sqldumper|tttracer|ttdinject|adplus|cdb|ntsd|windbg = read_secret:likely write_file @-
certoc|cmdl32|configsecuritypolicy|datasvcutil|finger|gfxdownloadwrapper|imewdbld|appinstaller|squirrel|update = remote_code:likely @-
ieexec|onedrivestandaloneupdater|protocolhandler|rasautou|msohtmed|xsd|wsb = remote_code:likely @-
dotnet +--info|--version|--list-sdks|--list-runtimes = read @-
dotnet|csi|rcsi|fsi|fsianycpu|dnx|te|wfc|aspnet_compiler|addinutil|coregen|microsoft.workflow.compiler = remote_code:likely @-
ngen|register-cimprovider|mofcomp|extexport|verclsid|regini|installutil|unregmp2|xbootmgr|xbootmgrsleep = remote_code:likely @-
acccheckconsole|agentexecutor|appcert|applauncher|appvlp|atbroker|bginfo|code|computerdefaults|conhost = remote_code:likely @-
customshellhost|defaultpack|devinit|devtoolslauncher|devtunnel|dfsvc|dxcap|ecmangen|eudcedit|gpscript = remote_code:likely @-
ie4uinit|iediagcmd|intellitrace|iscsicpl|logger|mftrace|microsoft.nodejstools.pressanykey|mmc|mpiexec = remote_code:likely @-
mscopilot|mscopilot_proxy|msconfig|msdeploy|msedge|msedge_proxy|msedgewebview2|msoxmled|odbcad32|wt = remote_code:likely @-
offlinescannershell|openconsole|pcwrun|pixtool|provlaunch|remote|rpcping|runexehelper|runonce|wab = remote_code:likely @-
runscripthelper|scriptrunner|setres|settingsynchost|setupugc|sigverif|sqlps|sqltoolsps|stordiag|teams = remote_code:likely @-
testwindowremoteagent|tracker|visualuiaverifynative|vsdiagnostics|vshadow|vsiisexelauncher|winfile = remote_code:likely @-
vsjitdebugger|vslaunchbrowser|vsls-agent|vstest.console|wbemtest|wfmformat|wlrmdr|workfolders = remote_code:likely @-
mpcmdrun +-removedefinitions|-restore|-addexclusion* = security_weaken @-
mpcmdrun +-downloadfile = remote_code write_file @-
mpcmdrun +-listalldynamicsignatures|-getfilestrustcheck|-checkexclusion|-h|-? = read @-
mpcmdrun = write_config @-
bcp +out|queryout = exfil:likely write_file @-
bcp|dtutil|printbrm = db_write write_file @-
pktmon status|counters|list|help = read @-
pktmon|nmcap|replace|colorcpl|diantz = write_file @-
"""
