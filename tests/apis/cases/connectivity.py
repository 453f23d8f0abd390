"""The cases of the connectivity API."""

import json
from typing import Any
from urllib.parse import urlencode

from .acting import ACTIONS, item_by_item
from .asking import (
    DOCS,
    REQUEST_ID,
    TOO_LARGE,
    Case,
    gateway,
    items,
    read,
    refused,
    session,
)

FAMILY, PREFIX = "connectivity", "/api/m2m/v1/callbacks"
LISTED, ENDED = f"{PREFIX}/0252012345-00001", f"{PREFIX}/1223334444-00001"
SIMULATED = f"{PREFIX}/TestAccount-2"
LIST = f"{FAMILY}/list.reply.json"
ONE = b'{"name": "CarrierService", "url": "%b"}'
LONG = b'{"name": "CarrierService", "url": "http://a", "username": "%b"}' % (b"x" * 41)

GIVEN = tuple(
    (
        LISTED,
        {
            "name": item["serviceName"],
            **{
                key: item[key] for key in ("url", "username", "password") if key in item
            },
        },
    )
    for item in items(LIST)
)
CARRIER = ((ENDED, {"name": "CarrierService", "url": "http://localhost:9001/"}),)
ALERT = ((ENDED, {"name": "AlertService", "url": "http://localhost:9001/"}),)

M2M = "/api/m2m/v1"
ACTIVATING = f"{M2M}/devices/actions/activate"
ACTIVATE = read(f"{FAMILY}/activate.request.json")
STATUS = f"{M2M}/accounts/0868924207-00001/requests/{REQUEST_ID}/status"
DEVICE = {"deviceIds": [{"id": "990013907835573", "kind": "imei"}]}
UNDONE = {
    "devices/actions/usagesegmentationlabels": {
        "accountName": "0868924207-00001",
        "LabelList[deviceIds]": [{"name": "fleet", "value": "blue"}],
    },
    "diagnostics/basic/devicereachability": {
        "stopreachabilitypayload[accountName]": "0868924207-00001",
        "stopreachabilitypayload[devices]": [DEVICE],
    },
}
DOCUMENTED = {  # written by hand; the others' bodies are made of their schemas
    "activate": ACTIVATING,
    "suspend": f"{M2M}/devices/actions/suspend",
    "send-sms": f"{M2M}/sms",
    "send-nidd": f"{M2M}/devices/nidd/message",
}


def activating(**changes: Any) -> bytes:
    """Return the body of an activation, with some of it changed."""
    return json.dumps(ACTIVATE | changes).encode()


UNNAMED = json.dumps(
    {key: value for key, value in ACTIVATE.items() if key != "accountName"}
).encode()

CASES = (
    Case("GET", LISTED, f"{FAMILY}/list.empty.reply.json"),
    Case("GET", LISTED, None, settings=DOCS),
    Case("GET", LISTED, LIST, given=GIVEN),
    Case("GET", LISTED, f"{FAMILY}/list.docs.reply.json", given=GIVEN, settings=DOCS),
    *(
        Case(
            "POST",
            SIMULATED,
            f"{FAMILY}/{reply}",
            sends=f"{FAMILY}/{name}",
            settings=settings,
        )
        for name, reply in (
            ("register.request.json", "register.reply.json"),
            ("register.credentials.request.json", "register.credentials.reply.json"),
            ("register.spelled.request.json", "register.spelled.reply.json"),
        )
        for settings in ({}, DOCS)
    ),
    *(
        Case(
            "DELETE",
            f"{ENDED}/name/{service}",
            f"{FAMILY}/{reply}",
            given=given,
            settings=settings,
        )
        for service, reply, given in (
            ("CarrierService", "deregister.reply.json", CARRIER),
            ("AlertService", "deregister.spelled.reply.json", ALERT),
            ("AlertsService", "deregister.spelled.reply.json", ALERT),
        )
        for settings in ({}, DOCS)
    ),
    Case(
        "DELETE",
        f"{ENDED}/name/CarrierService",
        f"{FAMILY}/deregister.reply.json",
        settings={"deregister_missing": "ok"},
    ),
    refused("GET", f"{PREFIX}/", f"{FAMILY}/missing-account"),
    refused("GET", f"{PREFIX}/Account_1", f"{FAMILY}/invalid-account"),
    refused("GET", f"{PREFIX}/TestQAAccount", f"{FAMILY}/invalid-account"),
    refused("GET", LISTED, f"{FAMILY}/inactive-account", settings={"accounts": []}),
    refused("POST", LISTED, f"{FAMILY}/invalid-request"),
    refused("POST", LISTED, f"{FAMILY}/too-large", 413, content=TOO_LARGE),
    *(
        refused("POST", LISTED, f"{FAMILY}/missing-field", content=content)
        for content in (b'{"name": "CarrierService"}', ONE.replace(b'"%b"', b"1"))
    ),
    *(
        refused("POST", LISTED, f"{FAMILY}/invalid-character", content=ONE % url)
        for url in (b"http://a/'", b"http://a/<", rb"http://a/\\")
    ),
    refused("DELETE", f"{LISTED}/name/Fota", f"{FAMILY}/unknown-service"),
    refused("POST", LISTED, f"{FAMILY}/invalid-url", content=ONE % b"10.120.102.147"),
    refused(
        "POST",
        LISTED,
        f"{FAMILY}/invalid-url",
        sends=f"{FAMILY}/register.credentials.request.json",
        settings={"registration_rules": "enforced"},
    ),
    refused(
        "POST",
        LISTED,
        f"{FAMILY}/invalid-credential",
        content=LONG,
        settings={"registration_rules": "enforced"},
    ),
    refused("DELETE", f"{LISTED}/name/CarrierService", f"{FAMILY}/not-registered"),
    *(
        Case(
            "POST",
            path,
            f"{FAMILY}/{name}.reply.json",
            sends=f"{FAMILY}/{name}.request.json",
        )
        for name, path in DOCUMENTED.items()
    ),
    *(
        Case(
            acting.operation.method,
            acting.path,
            f"{FAMILY}/activate.reply.json",
            content=json.dumps(acting.body).encode(),
        )
        for acting in ACTIONS
        if acting.api.name == FAMILY and acting.operation.name not in DOCUMENTED
    ),
    *(
        Case(
            "DELETE",
            f"{M2M}/{path}?{urlencode(item_by_item(query))}",
            f"{FAMILY}/activate.reply.json",
        )
        for path, query in UNDONE.items()
    ),
    Case(
        "GET",
        STATUS,
        f"{FAMILY}/request-status.reply.json",
        given=((ACTIVATING, ACTIVATE),),
    ),
    Case(
        "GET",
        STATUS.replace(M2M, "/api/m2m/v2"),
        f"{FAMILY}/request-status-of-each.reply.json",
        given=((ACTIVATING, ACTIVATE),),
    ),
    refused("GET", STATUS.replace(REQUEST_ID, "none"), f"{FAMILY}/unknown-request"),
    *(
        refused("POST", ACTIVATING, f"{FAMILY}/{refusal}", content=content)
        for refusal, content in (
            ("missing-devices", activating(devices=[], groupName="")),
            ("invalid-device", activating(devices=[{"deviceIds": [{"id": "1"}]}])),
            (
                "invalid-device-kind",
                activating(devices=[{"deviceIds": [{"id": "1", "kind": "IMSI"}]}]),
            ),
            ("too-many-devices", activating(devices=[DEVICE] * 10_001)),
            ("no-account", UNNAMED),
        )
    ),
    refused(
        "POST",
        ACTIVATING,
        f"{FAMILY}/several-accounts",
        content=UNNAMED,
        given=(*CARRIER, (LISTED, CARRIER[0][1])),
    ),
    *gateway(FAMILY, LISTED, "PATCH"),
    *session(FAMILY, "GET", LISTED),
)
