"""Connectivity Management callbacks: twenty-three services, each with one listener.

Disagreement: the page of the list shows empty credentials where there are none
and an empty body where nothing is registered; the SDK's example leaves them out
and its model is an array. Followed: the SDK. One page spells ``AlertService``
``AlertsService``: both are taken, the first is answered.

Of version 2 there is the status of requests, which are those of version 1.
"""

from mockthingspace.apis import common, documents
from mockthingspace.apis.connectivity.actions import (
    ACTIONS,
    STATUS,
    STATUS_OF_EACH,
    UNDOING,
)
from mockthingspace.apis.connectivity.services import CONNECTIVITY, SPELLINGS
from mockthingspace.apis.connectivity.sms import OPERATIONS as SMS
from mockthingspace.apis.handlers import deregister, listing, register
from mockthingspace.core.models import Claim, Provenance, assumed, documented
from mockthingspace.core.sources import (
    BEST_PRACTICES,
    CALLBACKS,
    MEASURED,
    SDK,
)
from mockthingspace.core.sources import CONNECTIVITY_DEREGISTER as ENDING
from mockthingspace.core.sources import CONNECTIVITY_LIST as LISTING
from mockthingspace.core.sources import CONNECTIVITY_REGISTER as REGISTERING
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.fields import ListenerUrl, OrEmpty, Secret, ServiceName, Text
from mockthingspace.spec.fields import SimulatorAccount as Account
from mockthingspace.spec.registration_rules import CREDENTIALS_RULE, PORT_RULE
from mockthingspace.spec.schemas import plain_object, schema

RULE, ONE = "/callbacks/<account>", "/callbacks/<account>/name/<service>"
SERVICES = tuple(CONNECTIVITY)
WHERE = schema(documented(SDK), account=Account(required=True))
WHICH = schema(
    documented(ENDING),
    account=Account(required=True),
    service=ServiceName(SERVICES, SPELLINGS, required=True),
)
WANTED = schema(
    documented(REGISTERING),
    {},
    plain_object,
    service=ServiceName(SERVICES, SPELLINGS, required=True, data_key="name"),
    url=ListenerUrl(required=True),
    username=Text(),
    password=Secret(),
)
AS = {"account": Text(data_key="accountName"), "service": Text(data_key="serviceName")}
NAMED = schema(documented(SDK), **AS)
LISTED = schema(documented(SDK), **AS, url=Text(), username=Text(), password=Text())
FULL = {"url": Text(), "username": OrEmpty(), "password": OrEmpty()}
EMPTY = common.empty_list(LISTING)
DOCS = {"reply": schema(documented(LISTING), **AS, **FULL), "silent": EMPTY}

ABOUT = documented(CALLBACKS)
REPLACES = assumed(f"one endpoint a service, says {BEST_PRACTICES}; not how")
LIST = Claim("lists the account's registrations as an array", "documented", LISTING)
ADD = Claim("registers a callback URL, replacing an earlier one", *REPLACES)
END = Claim("deregisters and answers which service", "documented", ENDING)
OPERATIONS = (
    Operation(
        "list", "GET", RULE, listing, LIST, WHERE, reply=LISTED, many=True, docs=DOCS
    ),
    Operation("register", "POST", RULE, register, ADD, WHERE, body=WANTED, reply=NAMED),
    Operation("deregister", "DELETE", ONE, deregister, END, WHICH, reply=NAMED),
    *ACTIONS,
    *UNDOING,
    STATUS,
    *SMS,
)
FAMILY = Api(
    name="connectivity",
    prefix="/api/m2m/v1",
    services=SERVICES,
    spellings=SPELLINGS,
    operations=OPERATIONS,
    answers=documents.errors("connectivity", "/m2m/v1", "connectivity"),
    events=documents.messages("connectivity"),
    registration_rules=dict.fromkeys(
        (PORT_RULE, CREDENTIALS_RULE), documented(REGISTERING)
    ),
    claims=common.callbacks(
        ABOUT,
        *documents.claims("connectivity/claims.json"),
        common.replaces(REPLACES),
        acknowledged=ABOUT,
        measured=Provenance("observed", MEASURED),
    ),
)
V2 = Api(
    name="connectivity",
    prefix="/api/m2m/v2",
    operations=(STATUS_OF_EACH,),
    answers=documents.errors("connectivity", "/m2m/v2", "connectivity-v2"),
)
