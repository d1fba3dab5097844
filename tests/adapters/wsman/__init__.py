"""A WS-Management server for tests: what a Windows host answers on 5985 and 5986, as far as clients of shells see it.

Written from MS-WSMV, DMTF DSP0226 (WS-Management), DSP0227 (its CIM binding) and RFC 4559. `host` is the scripted
machine behind it, `soap` the operations, `http` the transport with its log-ins and sealed messages.
"""
