"""Hyper-Precise Location callbacks: one service, statuses and errors of their own.

Disagreement: the page has a registration as an array of one object, the SDK as an
object; a deregistration is answered with a code and a message or with nothing, and
names the service ``name`` or ``service``; the list has ``aname`` on the page and in
SDK 1.x, ``accountName`` in 2.0.0. Followed: the SDK; a request may be either, and
the list has both spellings, so that every client parses it.
"""

from marshmallow.fields import Function

from mockthingspace.apis import common, documents
from mockthingspace.apis.handlers import deregister, listing, register
from mockthingspace.apis.hyper_precise.devices import OPERATIONS as OF_DEVICES
from mockthingspace.core.models import Claim, assumed, documented
from mockthingspace.core.sources import HYPER_PRECISE_DEREGISTER as ENDED
from mockthingspace.core.sources import HYPER_PRECISE_LIST as FOUND
from mockthingspace.core.sources import HYPER_PRECISE_REGISTER as PAGE
from mockthingspace.core.sources import SDK
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.fields import Account, ListenerUrl, ServiceName, Text
from mockthingspace.spec.registration_rules import PORT_RULE
from mockthingspace.spec.schemas import (
    Alias,
    ResponseCodeAndMessage,
    object_or_array,
    schema,
)

RULE = "/callbacks"
SERVICES = ("BullseyeReporting",)
ACCOUNT = Account(required=True, data_key="accountNumber")

WHERE = schema(documented(SDK), account=ACCOUNT)
SERVICE = ServiceName(SERVICES, required=True)
NAMED = {"name": Alias("service", documented(ENDED))}
WHICH = schema(documented(SDK), NAMED, account=ACCOUNT, service=SERVICE)
WANTED = schema(
    documented(SDK),
    {},
    object_or_array,
    service=ServiceName(SERVICES, required=True, data_key="name"),
    url=ListenerUrl(required=True),
)
NAME, URL = Text(data_key="name"), Text()
BOTH = {"known": assumed(f"{FOUND} has aname, {SDK} accountName; nobody has both")}
AGAIN = Function(lambda registration: registration.account, metadata=BOTH)
LONG, SHORT = Text(data_key="accountName"), Text(data_key="aname")
REPLY = schema(documented(SDK), account=LONG, service=NAME)
LISTED = schema(documented(SDK), account=LONG, aname=AGAIN, service=NAME, url=URL)
PAGED = schema(documented(PAGE), account=SHORT, service=NAME, url=URL)

REPLACES = assumed(f"{PAGE} says that it registers, and no more")
LIST = Claim("lists the account's registrations as an array", "documented", FOUND)
ADD = Claim("registers a callback URL, replacing an earlier one", *REPLACES)
POSTED = assumed(f"{PAGE} has REST messages, without method and format")
END = Claim("deregisters; the reply has no body", "documented", SDK)
ENDS = {"reply": ResponseCodeAndMessage()}
AS = {"reply": PAGED, "many": True}
OPERATIONS = (
    Operation(
        "list", "GET", RULE, listing, LIST, None, WHERE, None, LISTED, True, docs=AS
    ),
    Operation(
        "register", "POST", RULE, register, ADD, None, WHERE, WANTED, REPLY, docs=AS
    ),
    Operation("deregister", "DELETE", RULE, deregister, END, query=WHICH, docs=ENDS),
    *OF_DEVICES,
)
FAMILY = Api(
    name="hyper-precise",
    prefix="/api/hyper-precise/v1",
    services=SERVICES,
    operations=OPERATIONS,
    answers=documents.errors("hyper-precise", "/hyper-precise/v1"),
    events=documents.messages("hyper-precise"),
    registration_rules={PORT_RULE: common.RULES_OF_CONNECTIVITY},
    claims=common.callbacks(POSTED, common.replaces(REPLACES)),
)
