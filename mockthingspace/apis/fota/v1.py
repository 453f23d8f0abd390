"""Software Management callbacks, version 1: one service, ``Fota``.

The list spells an account ``aname`` and a service ``name``, the reply to a
registration ``accountName`` and ``serviceName``.

Disagreement: the page of the list shows ``aname``, ``name`` and ``url``, and a
body that is empty where there is none; the SDK's model adds ``username`` and
``password`` and parses an array. Followed: the SDK, since a real client parses it.
"""

from mockthingspace.apis import common, documents
from mockthingspace.apis.fota import devices, packages, upgrades
from mockthingspace.apis.handlers import deregister, listing, register
from mockthingspace.core.models import Claim, documented
from mockthingspace.core.sources import FOTA_DEREGISTER, FOTA_GET, FOTA_REGISTER, SDK
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.fields import Account, ListenerUrl, Secret, ServiceName, Text
from mockthingspace.spec.registration_rules import CREDENTIALS_RULE, PORT_RULE
from mockthingspace.spec.schemas import Success, schema

RULE, ONE = "/callbacks/<account>", "/callbacks/<account>/name/<service>"
SERVICES = ("Fota",)

WHERE = schema(documented(SDK), account=Account(required=True))
WHICH = schema(
    documented(FOTA_DEREGISTER),
    account=Account(required=True),
    service=ServiceName(SERVICES, required=True),
)
WANTED = schema(
    documented(FOTA_REGISTER),
    service=ServiceName(SERVICES, required=True, data_key="name"),
    url=ListenerUrl(required=True),
    username=Text(),
    password=Secret(),
)
NAMED = schema(
    documented(FOTA_REGISTER),
    account=Text(data_key="accountName"),
    service=Text(data_key="serviceName"),
)
AS = {"account": Text(data_key="aname"), "service": Text(data_key="name")}
LISTED = schema(documented(SDK), **AS, url=Text(), username=Text(), password=Text())
DOCS = {
    "reply": schema(documented(FOTA_GET), **AS, url=Text()),
    "silent": common.empty_list(FOTA_GET),
}

POSTED = documented(FOTA_REGISTER)
LIST = Claim("lists the account's registrations as an array", "documented", FOTA_GET)
ADD = Claim(
    "registers a callback URL, replacing an earlier one", "documented", FOTA_REGISTER
)
END = Claim("deregisters and answers success", "documented", FOTA_DEREGISTER)

OPERATIONS = (
    Operation(
        "list", "GET", RULE, listing, LIST, WHERE, reply=LISTED, many=True, docs=DOCS
    ),
    Operation("register", "POST", RULE, register, ADD, WHERE, body=WANTED, reply=NAMED),
    Operation("deregister", "DELETE", ONE, deregister, END, WHICH, reply=Success()),
    *packages.V1,
    *upgrades.OPERATIONS,
    *devices.V1,
)
FAMILY = Api(
    name="fota-v1",
    prefix="/api/fota/v1",
    services=SERVICES,
    operations=OPERATIONS,
    answers=documents.errors("fota", "/fota/v1", "fota-v1"),
    events=documents.messages("fota/v1"),
    registration_rules={
        PORT_RULE: common.RULES_OF_CONNECTIVITY,
        CREDENTIALS_RULE: common.RULES_OF_CONNECTIVITY,
    },
    claims=common.callbacks(POSTED, common.replaces(POSTED)),
)
