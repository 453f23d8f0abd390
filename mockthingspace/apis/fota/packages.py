"""What there is to install, of every version: the same for every account."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from mockthingspace.apis.handlers import Call
from mockthingspace.core.models import Claim, documented
from mockthingspace.core.sources import FOTA_V2_SOFTWARE, SDK
from mockthingspace.spec.actions import Member
from mockthingspace.spec.api import Handler, Operation
from mockthingspace.spec.fields import Account, Text
from mockthingspace.spec.schemas import BaseSchema, schema

BY_SDK = documented(SDK)
Package = Mapping[str, str]
V1_FIRMWARE = {
    "firmwareName": "FOTA_Verizon_Model-A_01To02_HF",
    "participantName": "0242078689-00001",
    "launchDate": "2018-04-01T16:03:00.000Z",
    "releaseNote": "",
    "model": "Model-A",
    "make": "Verizon",
    "fromVersion": "VerizonFirmwareVersion-01",
    "toVersion": "VerizonFirmwareVersion-02",
}
V2_SOFTWARE = {
    "softwareName": "FOTA_Verizon_Model-A_02To03_HF",
    "launchDate": "2020-08-31",
    "releaseNote": "",
    "model": "Model-A",
    "make": "Verizon",
    "distributionType": "HTTP",
    "devicePlatformId": "IoT",
}
V2_FILE = {
    "fileName": "configfile-Verizon_VZW1_hello-world.txt",
    "fileVersion": "1.0",
    "releaseNote": "",
    "make": "Verizon",
    "model": "VZW1",
    "localTargetPath": "/VZWFOTA/hello-world.txt",
    "distributionType": "HTTP",
    "devicePlatformId": "IoT",
}
V3_FIRMWARE = {
    "firmwareName": "SEQUANSCommunications_GM01Q_SR1.2.0.0-10512_SR1.2.0.0-10657",
    "firmwareFrom": "SR1.2.0.0-10512",
    "firmwareTo": "SR1.2.0.0-10657",
    "launchDate": "2012-04-23T18:25:43.511Z",
    "releaseNote": "",
    "model": "GM01Q",
    "make": "SEQUANS Communications",
    "protocol": "LWM2M",
}


def announced(call: Call, account: str) -> tuple[Package, ...]:
    """Return the firmware that the message of new firmware announces."""
    message = call.family.events_by_name["Fota.firmwareList"].template()
    return tuple(
        {**item, "participantName": account} for item in message["firmwareList"]
    )


def offered(
    package: Package,
    key: str,
    call: Call,  # noqa: ARG001 (all are offered the same)
    account: str,  # noqa: ARG001
    kind: str | None = None,
) -> tuple[Package, ...]:
    """Return what is offered of a kind."""
    return (package,) if kind in (None, "all", package[key]) else ()


def files(call: Call, account: str, kind: str) -> Mapping[str, Any]:
    """Return the files that are offered of a kind."""
    return {"files": offered(V2_FILE, "distributionType", call, account, kind)}


def _list(
    name: str,
    place: str,
    handler: Handler,
    claim: Claim,
    package: Package,
    **how: Any,
) -> Operation:
    """Return an operation that lists what there is, an array."""
    texts = {key: Text(metadata={"example": text}) for key, text in package.items()}
    return Operation(
        name,
        "GET",
        place,
        handler,
        claim,
        schema(BY_SDK, account=Account(required=True)),
        **{"reply": schema(BY_SDK, **texts), "many": True, **how},
    )


def _of_kind(key: str, example: str, *, required: bool = False) -> BaseSchema:
    kind = Text(required=required, data_key=key, metadata={"example": example})
    return schema(BY_SDK, kind=kind)


V1 = (
    _list(
        "list-firmware",
        "/firmware/<account>",
        announced,
        Claim("lists available firmware as an array: the page's example", *BY_SDK),
        V1_FIRMWARE,
    ),
)
V2 = (
    _list(
        "list-software",
        "/software/<account>",
        partial(offered, V2_SOFTWARE, "distributionType"),
        Claim(
            "lists available software as an array: the page's example",
            *documented(FOTA_V2_SOFTWARE),
        ),
        V2_SOFTWARE,
        query=_of_kind("distributionType", "HTTP"),
    ),
    _list(
        "list-files",
        "/files/<account>",
        files,
        Claim("lists available files: the page's example", *BY_SDK),
        V2_FILE,
        query=_of_kind("distributionType", "HTTP", required=True),
        reply=schema(
            BY_SDK, files=Member([V2_FILE], data_key="AvailableFilesResponse")
        ),
        many=False,
    ),
)
V3 = (
    _list(
        "list-firmware",
        "/firmware/<account>",
        partial(offered, V3_FIRMWARE, "protocol"),
        Claim("lists available firmware as an array: the page's example", *BY_SDK),
        V3_FIRMWARE,
        query=_of_kind("protocol", "LWM2M", required=True),
    ),
)
