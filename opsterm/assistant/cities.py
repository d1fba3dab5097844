"""Names of cities and the short codes that sites are called by: "frankfurt" is the site fra, where there is one."""

from __future__ import annotations

from collections.abc import Mapping

_CODES = """amsterdam ams|frankfurt fra ffm|london lon ldn lhr|paris par cdg|berlin ber bln|munich muc|münchen muc|
hamburg ham|vienna vie|wien vie|zurich zrh zur|zürich zrh zur|geneva gva|basel bsl|madrid mad|barcelona bcn bar|
lisbon lis|porto opo|milan mil mxp|rome rom fco|turin trn|brussels bru|antwerp anr|rotterdam rot rtm|eindhoven ein|
dublin dub|manchester man|birmingham bhx bir|edinburgh edi|glasgow gla|bristol brs|leeds lds lba|cardiff cwl|
copenhagen cph|stockholm sto arn|oslo osl|helsinki hel|gothenburg got|reykjavik rkv kef|tallinn tll|riga rix|
vilnius vno|warsaw waw|krakow krk|prague prg|brno brq|bratislava bts|budapest bud|bucharest buh otp|sofia sof|
athens ath|istanbul ist|ankara ank|belgrade beg|zagreb zag|ljubljana lju|kyiv kbp iev|luxembourg lux|lyon lys|
marseille mrs|toulouse tls|nice nce|stuttgart str|cologne cgn|köln cgn|düsseldorf dus|dusseldorf dus|leipzig lej|
nuremberg nue|hannover haj|dresden drs|tokyo tyo nrt hnd tok|osaka osa kix|seoul sel icn|singapore sin sgp|
mumbai bom mum|delhi del|bangalore blr|bengaluru blr|chennai maa|hyderabad hyd|pune pnq|sydney syd|melbourne mel|
brisbane bne|perth per|auckland akl|wellington wlg|jakarta jkt cgk|bangkok bkk|manila mnl|taipei tpe|shanghai sha pvg|
beijing bjs pek|shenzhen szx|dubai dxb dub|doha doh|riyadh ruh|johannesburg jnb|nairobi nbo|lagos los|cairo cai|
chicago chi ord|dallas dfw dal|houston hou iah|austin aus|atlanta atl|miami mia|boston bos|seattle sea|denver den|
phoenix phx|portland pdx|ashburn iad ash|washington was iad dca|philadelphia phl|detroit dtw|minneapolis msp|
toronto tor yyz|montreal mtl yul|vancouver yvr van|mexico mex|bogota bog|lima lim|santiago scl|oakland oak"""

CITIES: Mapping[str, tuple[str, ...]] = {
    name: tuple(codes) for name, *codes in (entry.split() for entry in _CODES.replace("\n", "").split("|"))
}


def city_site(said: str, sites: Mapping[str, str]) -> str:
    """Return the one site, in lower case, that a city may be called by; "" for none and for several."""
    found = [code for code in CITIES.get(said, ()) if code in sites]
    return found[0] if len(found) == 1 and said not in sites else ""
