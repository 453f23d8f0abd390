"""The messages of the families, as events, and how every one is delivered.

One file an API; what holds for all of them is here.
"""

from mockthingspace import sources
from mockthingspace.model import Fact

_CONNECTIVITY = f"documented for connectivity: {sources.CALLBACKS}"

DELIVERY = (
    Fact("a message is an HTTP POST of JSON", "documented", sources.FOTA_REGISTER),
    Fact(
        "a message has Content-Type: application/json, User-Agent: Verizon's callback "
        "service and no Authorization",
        "observed",
        sources.MEASURED,
    ),
    Fact("any 2xx acknowledges a message, nothing else does", "assumed", _CONNECTIVITY),
    Fact("a redirect is not followed", "assumed", sources.UNSAID),
    Fact(
        "profile=documented: 3 more attempts, 300 s apart",
        "assumed",
        _CONNECTIVITY,
    ),
    Fact(
        "profile=observed: one more attempt after 1.15 to 1.69 s; a second one that "
        "overlaps the first after 4 s without an answer",
        "observed",
        sources.MEASURED,
    ),
    Fact("a listener has 10 s to answer", "assumed", sources.UNSAID),
    Fact(
        "an answer that breaks off does not acknowledge, whatever its status",
        "assumed",
        sources.UNSAID,
    ),
    Fact(
        "a registration's messages go out one at a time, in order",
        "assumed",
        sources.UNSAID,
    ),
    Fact(
        "after the last attempt a message is kept and can be resent",
        "assumed",
        f"an archive of 30 days is {_CONNECTIVITY}",
    ),
    Fact("deregistering cancels what was not sent yet", "observed", sources.MEASURED),
    Fact(
        "a listener's certificate need not be good, unless strict=true",
        "assumed",
        "the double's own choice; ThingSpace refuses self-signed ones: "
        f"{sources.FOTA_MESSAGES}",
    ),
)
