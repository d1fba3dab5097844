"""CIM instances as WS-Management carries them: DMTF DSP0227 and DSP0230."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
ALL_WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/"
WMI = f"{ALL_WMI}cimv2/"


@dataclass(frozen=True)
class Reference:
    """A property that names another instance: an endpoint reference inside the property's element (DSP0227)."""

    name: str
    keys: Mapping[str, str]

    @property
    def xml(self) -> str:
        """What stands inside the element."""
        keys = "".join(f"<w:Selector Name={quoteattr(k)}>{escape(v)}</w:Selector>" for k, v in self.keys.items())
        return (
            f"<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{WMI}{self.name}"
            '</w:ResourceURI><w:SelectorSet><w:Selector Name="__cimnamespace">root/cimv2</w:Selector>'
            f"{keys}</w:SelectorSet></a:ReferenceParameters>"
        )


class Datetime(str):
    """A CIM datetime: an element inside the property's element (DSP0230)."""


def instance_xml(name: str, row: Mapping[str, object]) -> str:
    """Return an instance of a class as WS-Management carries it."""
    parts = []
    for key, value in row.items():
        if value is None:
            parts.append(f'<p:{key} xsi:nil="true"/>')
        elif isinstance(value, Datetime):
            parts.append(f"<p:{key}><cim:Datetime>{escape(value)}</cim:Datetime></p:{key}>")
        elif isinstance(value, Reference):
            parts.append(f"<p:{key}>{value.xml}</p:{key}>")
        elif isinstance(value, (list, tuple)):
            parts += [f"<p:{key}>{escape(str(one))}</p:{key}>" for one in value]
        else:
            said = str(value).lower() if isinstance(value, bool) else str(value)
            parts.append(f"<p:{key}>{escape(said)}</p:{key}>")
    return (
        f'<p:{name} xmlns:p="{WMI}{name}" xmlns:cim="{CIM}" xsi:type="p:{name}_Type" xml:lang="en-US">'
        f"{''.join(parts)}</p:{name}>"
    )
