"""Classes and methods of .NET and of management objects as data."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

LOOKING_TYPES = re.compile(
    r"(?:system\.)?(?:math|convert|datetime(?:offset)?|timespan|guid|string|text\..*|char|u?int\d*|long|double|decimal|bool(?:ean)?"
    r"|byte|array|bitconverter|version|uri|net\.(?:ipaddress|dns|networkinformation\..*|webutility|httpwebrequest|webrequest"
    r"|mail\.mailaddress)|globalization\..*|console|enum|io\.(?:path|driveinfo|stringreader|memorystream|streamreader|searchoption"
    r"|compression\..*)|security\.(?:principal\..*|cryptography\..*)|timezone(?:info)?|runtime\.interopservices\.runtimeinformation"
    r"|diagnostics\.(?:stopwatch|fileversioninfo|eventlog|performancecounter.*)|environment|collections\..*|linq\..*|xml\..*|regex"
    r"|serviceprocess\..*|appdomain|web\.httputility|random|gc|threading\..*|management\.automation\."
    r"(?:language\.parser|psparser|wildcardpattern|semanticversion|psserializer|errorrecord|psobject|pscredential)|management\.managementdatetimeconverter"
    r"|directoryservices\.activedirectory\..*|xmlconvert|bigint|numerics\..*|hashtable|pscustomobject|datatable|tuple)",
    re.IGNORECASE,
)
"""Classes whose static members only look, or only make values."""

WRITING_TYPES = re.compile(r"(?:stream|binary|xml|xmltext)writer|filestream", re.IGNORECASE)
"""Classes that open a file for writing when an object of them is made."""

STATIC_WRITES: Mapping[str, tuple[EffectKind, Certainty]] = {
    r"diagnostics\.eventlog::delete.*": (_K.LOG_LOSS, _C.CERTAIN),
    r"diagnostics\.eventlog::(?:create|write).*": (_K.WRITE_FILE, _C.CERTAIN),
    r"io\.compression\.zipfile(?:extensions)?::(?!openread).*": (_K.WRITE_FILE, _C.CERTAIN),
    r"xml\..*writer::create": (_K.WRITE_FILE, _C.CERTAIN),
    r"environment::failfast": (_K.PROCESS_KILL, _C.CERTAIN),
}
"""Static methods that write, of classes that else only look."""

MEMORY_MEMBERS = word_set(
    "add addrange clear remove removeat removeall removerange insert sort reverse push pop enqueue dequeue peek "
    "fill split trim trimstart trimend replace substring toupper tolower contains containskey startswith endswith "
    "indexof lastindexof padleft padright equals compareto tostring gettype format join where foreach match "
    "matches ismatch count any first last select close dispose refresh subtract addseconds compare concat append "
    "appendline appendformat clone copy toarray normalize newguid parse tryparse waitforexit waitforstatus "
    "begininvoke endinvoke flush write writeline next nextdouble nextbytes reset tofiletime tolocaltime "
    "touniversaltime toshortdatestring tolongdatestring exists load loadxml selectnodes selectsinglenode findall "
    "findone find item items keys values setaccessrule addaccessrule removeaccessrule setaccessruleprotection "
    "setowner addauditrule setauditrule purgeaccessrules group max min round floor ceiling sqrt pow abs "
    "computehash transformfinalblock createdecryptor createencryptor frombase64string tobase64string union except "
    "intersect fromfiletime ticks new empty namespace invokeget setcredential credentials setpoint headers "
    "createnavigator evaluate compute hasflag elapsed beginread measure waitone release writebyte seek setlength "
    "buildpath networkcredential addparameter addargument addstatement exit isnullorempty isnullorwhitespace"
)
"""Methods that work in memory."""

READING_MEMBER = re.compile(
    r"(?:get|to|is|has|as|read|add(?:days|hours|minutes|months|years|milliseconds|ticks)|from|try|enum|query|test|contains|open)"
)
"""How the names of methods begin that only look."""

METHODS: Mapping[str, tuple[EffectKind, Certainty]] = {
    "delete": (_K.DELETE, _C.CERTAIN), "deleteobject": (_K.DELETE, _C.CERTAIN), "deletetree": (_K.DATA_LOSS, _C.CERTAIN),
    "terminate": (_K.PROCESS_KILL, _C.CERTAIN), "kill": (_K.PROCESS_KILL, _C.CERTAIN),
    "closemainwindow": (_K.PROCESS_KILL, _C.CERTAIN), "stop": (_K.SERVICE_STOP, _C.LIKELY),
    "stopservice": (_K.SERVICE_STOP, _C.CERTAIN), "startservice": (_K.SERVICE_START, _C.CERTAIN),
    "pause": (_K.SERVICE_STOP, _C.LIKELY), "continue": (_K.SERVICE_START, _C.LIKELY),
    "start": (_K.SERVICE_START, _C.POSSIBLE), "reboot": (_K.REBOOT, _C.CERTAIN), "shutdown": (_K.REBOOT, _C.CERTAIN),
    "win32shutdown": (_K.REBOOT, _C.CERTAIN), "win32shutdowntracker": (_K.REBOOT, _C.CERTAIN),
    "format": (_K.DATA_LOSS, _C.POSSIBLE), "disable": (_K.NETWORK, _C.LIKELY), "enable": (_K.NETWORK, _C.LIKELY),
    "releasedhcplease": (_K.LOCKOUT, _C.CERTAIN), "renewdhcplease": (_K.LOCKOUT, _C.LIKELY),
    "enablestatic": (_K.LOCKOUT, _C.LIKELY), "enabledhcp": (_K.LOCKOUT, _C.LIKELY), "setgateways": (_K.LOCKOUT, _C.LIKELY),
    "setdnsserversearchorder": (_K.NETWORK, _C.CERTAIN), "changestartmode": (_K.SERVICE_ENABLE, _C.CERTAIN),
    "change": (_K.SERVICE_ENABLE, _C.LIKELY), "uninstall": (_K.PACKAGE_REMOVE, _C.CERTAIN),
    "install": (_K.PACKAGE_ADD, _C.CERTAIN), "cleareventlog": (_K.LOG_LOSS, _C.CERTAIN),
    "clearlog": (_K.LOG_LOSS, _C.CERTAIN), "deletekey": (_K.DATA_LOSS, _C.LIKELY), "deletesubkey": (_K.DELETE, _C.CERTAIN),
    "deletesubkeytree": (_K.DATA_LOSS, _C.LIKELY), "deletevalue": (_K.WRITE_CONFIG, _C.CERTAIN),
    "setvalue": (_K.WRITE_CONFIG, _C.CERTAIN), "createsubkey": (_K.WRITE_CONFIG, _C.CERTAIN),
    "setdwordvalue": (_K.WRITE_CONFIG, _C.CERTAIN), "setstringvalue": (_K.WRITE_CONFIG, _C.CERTAIN),
    "setpassword": (_K.USER, _C.CERTAIN), "setinfo": (_K.USER, _C.LIKELY), "commitchanges": (_K.WRITE_CONFIG, _C.LIKELY),
    "put": (_K.WRITE_CONFIG, _C.LIKELY), "putex": (_K.USER, _C.LIKELY), "invokeset": (_K.USER, _C.LIKELY),
    "setaccesscontrol": (_K.PERM, _C.CERTAIN), "setallowtsconnections": (_K.LOCKOUT, _C.LIKELY),
    "setsecuritydescriptor": (_K.PERM, _C.CERTAIN), "takeownership": (_K.OWNER, _C.CERTAIN),
    "downloadfile": (_K.REMOTE_CODE, _C.POSSIBLE), "downloadfileasync": (_K.REMOTE_CODE, _C.POSSIBLE),
    "uploadfile": (_K.EXFIL, _C.CERTAIN), "uploadstring": (_K.EXFIL, _C.CERTAIN), "uploaddata": (_K.EXFIL, _C.CERTAIN),
    "uploadvalues": (_K.EXFIL, _C.CERTAIN), "send": (_K.EXFIL, _C.POSSIBLE), "copyto": (_K.WRITE_FILE, _C.CERTAIN),
    "moveto": (_K.WRITE_FILE, _C.CERTAIN), "rename": (_K.WRITE_FILE, _C.LIKELY), "save": (_K.WRITE_FILE, _C.CERTAIN),
    "saveas": (_K.WRITE_FILE, _C.CERTAIN), "savetofile": (_K.WRITE_FILE, _C.CERTAIN), "encrypt": (_K.WRITE_FILE, _C.LIKELY),
    "copyhere": (_K.WRITE_FILE, _C.CERTAIN), "deletefile": (_K.DELETE, _C.CERTAIN), "deletefolder": (_K.DATA_LOSS, _C.LIKELY),
    "createtextfile": (_K.WRITE_FILE, _C.CERTAIN), "acceptchanges": (_K.READ, _C.CERTAIN),
    "setattributes": (_K.PERM, _C.CERTAIN), "revert": (_K.DATA_LOSS, _C.LIKELY), "killspid": (_K.PROCESS_KILL, _C.CERTAIN),
    "drop": (_K.DATA_LOSS, _C.CERTAIN), "killdatabase": (_K.DATA_LOSS, _C.CERTAIN), "truncatedata": (_K.DATA_LOSS, _C.CERTAIN),
    "recycle": (_K.SERVICE_RESTART, _C.CERTAIN), "executenonquery": (_K.DB_WRITE, _C.LIKELY),
    "adduser": (_K.USER, _C.CERTAIN), "deleteuser": (_K.USER, _C.CERTAIN), "movehere": (_K.WRITE_FILE, _C.CERTAIN),
}  # fmt: skip
"""Method -> effect on its object."""

RUNNING = word_set(
    "invoke invokescript addscript newscriptblock expandstring run exec shellexecute invokeasync invokereturnasis "
    "createthread invokemember execute createinstance invokecommand navigate virtualalloc"
)
"""Methods that run what they are given."""
