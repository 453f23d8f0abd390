"""Software Management callbacks, versions 2 and 3: one URL an account, an object.

There is no service name and there are no credentials; ``PUT`` replaces as
``POST`` does, and creates where there is nothing to replace.

Disagreement: the page of version 2 calls the field of ``PUT`` ``callback`` in its
table, ``url`` in its example, and ``URL`` in its reply; the SDK says ``url``
everywhere. Followed: the SDK; ``callback`` is taken too.
Disagreement: the pages ask for HTTPS, an example of the SDK's has ``http``.
Followed: the example, since a local listener rarely has a certificate; the
pages under ``registration_rules=enforced``.
"""

from mockthingspace.apis import common, documents
from mockthingspace.apis.fota import campaigns, devices, packages
from mockthingspace.apis.handlers import deregister, register, show
from mockthingspace.core import sources
from mockthingspace.core.models import Claim, Provenance, assumed, documented
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.fields import Account, ListenerUrl, Text
from mockthingspace.spec.registration_rules import HTTPS_RULE, PORT_RULE
from mockthingspace.spec.schemas import Alias, Success, schema

RULE = "/callbacks/<account>"
WHERE = schema(documented(sources.SDK), account=Account(required=True))
URL, OK = schema(documented(sources.SDK), url=Text()), Success()
CREATES = Claim("PUT registers where nothing is", "assumed", sources.UNSAID)
SHOW = Claim("shows the account's registration as an object", "documented", sources.SDK)
END = Claim("deregisters and answers success", "documented", sources.SDK)


def _family(version: str, operations: tuple[Operation, ...], *known: Provenance) -> Api:
    """Build a version; known are POST, PUT, https, callback, and an empty GET."""
    post, put, https, callback, empty = known
    none = Claim("where nothing is registered the body is empty", *empty)
    alias = {"callback": Alias("url", callback)}
    url = schema(documented(sources.SDK), alias, url=ListenerUrl(required=True))
    add = Claim("registers a callback URL, replacing an earlier one", *post)
    change = Claim("replaces a registration", *put)
    return Api(
        name=f"fota-{version}",
        prefix=f"/api/fota/{version}",
        services=("Fota",),
        answers=documents.errors("fota", f"/fota/{version}", f"fota-{version}"),
        events=documents.messages(f"fota/{version}"),
        registration_rules={HTTPS_RULE: https, PORT_RULE: common.RULES_OF_CONNECTIVITY},
        claims=common.callbacks(
            documented(sources.FOTA_REGISTER), CREATES, common.replaces(post)
        ),
        operations=(
            Operation("show", "GET", RULE, show, SHOW, WHERE, reply=URL, silent=none),
            Operation("register", "POST", RULE, register, add, WHERE, None, url, URL),
            Operation("replace", "PUT", RULE, register, change, WHERE, None, url, URL),
            Operation("deregister", "DELETE", RULE, deregister, END, WHERE, reply=OK),
            *operations,
        ),
    )


OPERATIONS2 = (*campaigns.V2, *devices.V2, *packages.V2)
OPERATIONS3 = (*campaigns.V3, *devices.V3, *packages.V3)
POST2 = documented(sources.FOTA_V2_REGISTER)
PUT2 = documented(f"{sources.FOTA_V2_REPLACE} (callback: for PUT; for POST assumed)")
PUT3, GET3 = documented(sources.FOTA_V3_REPLACE), documented(sources.FOTA_V3_GET)
LIKE2 = assumed(f"as in version 2: {sources.FOTA_V2_REGISTER}")
LIKE3 = assumed(f"as in version 3: {sources.FOTA_V3_GET}")
V2 = _family("v2", OPERATIONS2, POST2, PUT2, POST2, PUT2, LIKE3)
POST3 = assumed(f"as in version 2; {sources.SDK} has it create a listener, and no more")
V3 = _family("v3", OPERATIONS3, POST3, PUT3, LIKE2, LIKE2, GET3)
