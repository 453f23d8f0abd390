"""Device Diagnostics: the account in query and body, headers of one's own.

A registration is answered whole, with the instant it was made at.

Disagreement: the page says ``httpHeaders`` is text, the SDK an object. Followed:
both are read, text as one header a line; the object is answered.
"""

from mockthingspace.apis import common, documents
from mockthingspace.apis.diagnostics.observations import OPERATIONS as OBSERVING
from mockthingspace.apis.diagnostics.restarts import OPERATION as RESTARTING
from mockthingspace.apis.handlers import deregister, listing, register
from mockthingspace.core.models import Claim, assumed, documented
from mockthingspace.core.sources import DIAGNOSTICS_REGISTER, SDK
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.fields import (
    HttpHeaders,
    ListenerUrl,
    Millis,
    ServiceName,
    Text,
)
from mockthingspace.spec.fields import QaAccount as Account
from mockthingspace.spec.registration_rules import PORT_RULE
from mockthingspace.spec.schemas import schema

RULE = "/callbacks"
SERVICES = ("Diagnostics",)
ACCOUNT = Account(required=True, data_key="accountName")
SERVICE = ServiceName(SERVICES, required=True, data_key="serviceName")

WHERE = schema(documented(SDK), account=ACCOUNT)
WHICH = schema(documented(SDK), account=ACCOUNT, service=SERVICE)
WANTED = schema(
    documented(DIAGNOSTICS_REGISTER),
    account=ACCOUNT,
    service=SERVICE,
    url=ListenerUrl(required=True, data_key="endpoint"),
    headers=HttpHeaders(data_key="httpHeaders"),
)
WHOLE = schema(
    documented(SDK),
    account=Text(data_key="accountName"),
    service=Text(data_key="serviceName"),
    url=Text(data_key="endpoint"),
    headers=HttpHeaders(data_key="httpHeaders"),
    registered_at=Millis(data_key="createdOn"),
)

LIST = Claim("lists the account's registrations as an array", "documented", SDK)
ADD = Claim(
    "registers; a header of the reply holds a secret",
    "documented",
    DIAGNOSTICS_REGISTER,
)
END = Claim("deregisters and answers the registration", "documented", SDK)
POSTED = assumed(f"{DIAGNOSTICS_REGISTER} has messages POSTed, without their format")
SENT = Claim(
    "httpHeaders go with each message, in the place of our own",
    "documented",
    f"{DIAGNOSTICS_REGISTER} (that they take the place of others is assumed)",
)
OPERATIONS = (
    Operation("list", "GET", RULE, listing, LIST, query=WHERE, reply=WHOLE, many=True),
    Operation(
        "register", "POST", RULE, register, ADD, body=WANTED, reply=WHOLE, signs=True
    ),
    Operation("deregister", "DELETE", RULE, deregister, END, query=WHICH, reply=WHOLE),
    *OBSERVING,
    RESTARTING,
)
FAMILY = Api(
    name="diagnostics",
    prefix="/api/diagnostics/v1",
    services=SERVICES,
    signed=documented(DIAGNOSTICS_REGISTER),
    operations=OPERATIONS,
    answers=documents.errors("diagnostics", "/diagnostics/v1"),
    events=documents.messages("diagnostics"),
    registration_rules={PORT_RULE: common.RULES_OF_CONNECTIVITY},
    claims=common.callbacks(POSTED, SENT, common.REPLACES),
)
