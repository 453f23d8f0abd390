"""Device Location callbacks: two services, and messages that are signed.

Disagreement: the page of the list has ``accountName``, ``serviceName`` and
credentials, the SDK's model ``name`` and ``url``; a deregistration is answered
with success or with the two names; a page wants ``Location`` as the only service
to deregister, the SDK takes both. Followed: the SDK.
"""

from mockthingspace.apis import common, documents
from mockthingspace.apis.handlers import deregister, listing, register
from mockthingspace.apis.location.actions import ACTIONS
from mockthingspace.apis.location.consents import OPERATIONS as CONSENTING
from mockthingspace.apis.location.exclusions import OPERATIONS as EXCLUDING
from mockthingspace.apis.location.reports import OPERATIONS as REPORTS
from mockthingspace.core.models import Claim, assumed, documented
from mockthingspace.core.sources import (
    LOCATION_CONSENT,
    LOCATION_DEREGISTER,
    LOCATION_EXCLUDE,
    LOCATION_LIST,
    LOCATION_REGISTER,
    SDK,
)
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.fields import Account, ListenerUrl, OrEmpty, ServiceName, Text
from mockthingspace.spec.registration_rules import PORT_RULE
from mockthingspace.spec.schemas import Success, schema

RULE, ONE = "/callbacks/<account>", "/callbacks/<account>/name/<service>"
SERVICES = ("Location", "DeviceLocation")

WHERE = schema(documented(SDK), account=Account(required=True))
WHICH = schema(
    documented(SDK),
    account=Account(required=True),
    service=ServiceName(SERVICES, required=True),
)
WANTED = schema(
    documented(LOCATION_REGISTER),
    service=ServiceName(SERVICES, required=True, data_key="name"),
    url=ListenerUrl(required=True),
)
REPLY = schema(documented(SDK), account=Text(), service=Text(data_key="name"))
LISTED = schema(documented(SDK), service=Text(data_key="name"), url=Text())
AS = {"account": Text(data_key="accountName"), "service": Text(data_key="serviceName")}
FULL = {"url": Text(), "username": OrEmpty(), "password": OrEmpty()}
DOCS = {
    "reply": schema(documented(LOCATION_LIST), **AS, **FULL),
    "silent": common.empty_list(LOCATION_LIST),
}
ENDS = {"reply": schema(documented(LOCATION_DEREGISTER), **AS)}

LIST = Claim(
    "lists the account's registrations as an array", "documented", LOCATION_LIST
)
ADD = Claim(
    "registers; a header of the reply holds a secret", "documented", LOCATION_REGISTER
)
END = Claim("deregisters and answers success", "documented", SDK)
OPERATIONS = (
    Operation(
        "list", "GET", RULE, listing, LIST, WHERE, reply=LISTED, many=True, docs=DOCS
    ),
    Operation(
        "register", "POST", RULE, register, ADD, WHERE, None, WANTED, REPLY, signs=True
    ),
    Operation(
        "deregister", "DELETE", ONE, deregister, END, WHICH, reply=Success(), docs=ENDS
    ),
    *ACTIONS,
    *REPORTS,
    *EXCLUDING,
    *CONSENTING,
)
FAMILY = Api(
    name="location",
    prefix="/api/loc/v1",
    services=SERVICES,
    signed=documented(LOCATION_REGISTER),
    operations=OPERATIONS,
    answers=documents.errors("location", "/loc/v1"),
    events=documents.messages("location"),
    registration_rules={PORT_RULE: common.RULES_OF_CONNECTIVITY},
    claims=common.callbacks(
        documented(LOCATION_REGISTER),
        Claim(
            "an excluded device has the error of DeviceLocation.consentDenied in the "
            "place of its position",
            *assumed(f"{LOCATION_EXCLUDE} has an error; not which"),
        ),
        Claim(
            "after allDeviceConsent 0 only devices that have given their own consent "
            "are located; without a word an account consents (1)",
            *assumed(f"{LOCATION_CONSENT} says what a consent is for, not its numbers"),
        ),
        common.REPLACES,
    ),
)
