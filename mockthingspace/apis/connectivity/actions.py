"""What connectivity does to devices: each action a row.

The bodies are those of the SDK's models, which say what is required; the service
is the one that the pages, or where they say nothing its name, gives the results of.
Where two of its models have one path, what only one of them has may be left out.

Disagreement: the pages have the members of the two DELETEs in a body, and monitors in
the place of devices; the SDK has them in the query, and labels without their devices.
Labels that are set are an array on the page, an object in the SDK. Followed: the SDK.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mockthingspace.apis.actions import act, body, cancelled, claim, ending, status
from mockthingspace.apis.handlers import Call
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.models import (
    OUTCOMES,
    Claim,
    Device,
    Provenance,
    assumed,
    documented,
)
from mockthingspace.core.sources import (
    ACTIVATE,
    AGGREGATE_USAGE,
    CALLBACKS,
    ENABLE,
    LABEL,
    PROMO_USAGE,
    REACHABILITY,
    REACHABILITY_STOP,
    RUST,
    SDK,
    SEND_NIDD,
    SEND_SMS,
    SUSPENSION,
    UNLABEL,
    UNSAID,
)
from mockthingspace.spec.actions import Capitalized, Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import (
    DeviceIds,
    Devices,
    DevicesOrIds,
    LabelledDevices,
    OneDevice,
    SingleDevice,
    identifiers,
)
from mockthingspace.spec.fields import SimulatorAccount as Account
from mockthingspace.spec.fields import Text
from mockthingspace.spec.schemas import ItemByItem, plain_object, schema

PLAN = {"servicePlan": "m2m4G", "mdnZipCode": "98801"}
EUICC = {"smsrOid": "1.3.6.1.4.1.31746.1.500.200.101.5"}
EUICC_OR_PLAN = (*EUICC, "servicePlan")
CODE = ("mdnZipCode", "servicePlan")
GLOBAL = (*CODE, "smrsOid")  # as the SDK spells it
UPLOAD = {
    "emailAddress": "jane@example.com",
    "deviceSku": "VZW123456",
    "uploadType": "IMEI",
}
FILTER = ("customFields", "groupName", "servicePlan")
BY_SDK = documented(SDK)
BY_PAGES = documented(CALLBACKS)
GUESSED = assumed(f"{UNSAID} which service it is; the name is nearest")
REQUEST_ID = schema(BY_SDK, request_id=Text(data_key="requestId"))


def _action(
    name: str,
    method: str,
    rule: str,
    event: str,
    *,
    required: Mapping[str, Any] = MappingProxyType({}),
    optional: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
    known: Provenance = GUESSED,
    devices: Devices | None = None,
    account: bool = True,
    account_key: str = "accountName",
    failure: str = "",
    path: Any = None,
    read: Provenance = BY_SDK,
) -> Operation:
    """Declare an action.

    Args:
        name: What it is called.
        method: ``POST`` or ``PUT``.
        rule: Its path.
        event: What is sent for each device; ``failure`` where it fails, by default
            the event of the same name and ``.failed``.
        required: Members that must be there, each with an example.
        optional: Members that may be there.
        groups: Further members that may be there, and choose the devices in the place
            of their array, such as a group's name.
        known: How we know which messages come.
        devices: Where the devices are; an array ``devices`` unless given.
        account: Whether it must name one.
        account_key: What that is called.
        failure: The event where it fails.
        path: The schema of its path, where something stands in it.
        read: How we know of its body.
    """
    action = ending((event,), (failure or f"{event}.failed",), groups)
    return Operation(
        name,
        method,
        rule,
        act,
        claim(action, known),
        path,
        body=body(
            read,
            plain_object,
            required,
            (*optional, *groups),
            account=Account(required=account, data_key=account_key),
            devices=devices or Devices(),
        ),
        reply=REQUEST_ID,
        action=action,
    )


def _ids() -> Devices:
    return DeviceIds(data_key="deviceIds")


def stop_watching(
    call: Call, account: str, devices: tuple[Device, ...]
) -> AcceptedAction:
    """Watch devices no longer: what is pending of that is cancelled."""
    named = {identity for device in devices for identity, _ in device}
    for action in call.state.actions.every():
        watched = {identity for device in action.devices for identity, _ in device}
        whose = (action.family, action.account, action.operation)
        if whose == (call.family.name, account, WATCH) and watched <= named:
            cancelled(call, action)
    return act(call, account, devices)


WATCH = "watch-reachability"
CARRIER, PROFILE = "CarrierService", "DeviceProfileService.enable"
WATCHING = "DiagnosticsService.register"
CHANGED = f"{CARRIER}.changed"
ADDRESS = {
    "addressLine1": "1 Main Street",
    "city": "Wenatchee",
    "state": "WA",
    "zip": "98801",
    "country": "USA",
}
PLACE = {
    "primaryPlaceOfUse": {
        "address": ADDRESS,
        "customerName": {"firstName": "Zaffod", "lastName": "Beeblebrox"},
    }
}
ACTIONS = (
    _action(
        "activate",
        "POST",
        "/devices/actions/activate",
        f"{CARRIER}.activate",
        required=PLAN,
        optional=(
            *("carrierIpPoolName", "carrierName", "costCenterCode", "customFields"),
            *("leadId", "primaryPlaceOfUse", "publicIpRestriction", "skuNumber"),
        ),
        groups=("groupName",),
        known=documented(ACTIVATE),
        account=False,
    ),
    _action(
        "deactivate",
        "POST",
        "/devices/actions/deactivate",
        f"{CARRIER}.deactivate",
        required={"reasonCode": "FF"},
        optional=("etfWaiver", "deleteAfterDeactivation"),
        groups=FILTER,
        known=BY_PAGES,
    ),
    _action(
        "suspend",
        "POST",
        "/devices/actions/suspend",
        f"{CARRIER}.suspend",
        optional=("withBilling",),
        groups=FILTER,
        known=BY_PAGES,
        account=False,
    ),
    _action(
        "restore",
        "POST",
        "/devices/actions/restore",
        f"{CARRIER}.restore",
        optional=("withBilling",),
        groups=FILTER,
        known=BY_PAGES,
        account=False,
    ),
    _action(
        "change-service-plan",
        "PUT",
        "/devices/actions/plan",
        f"{CARRIER}.changeServicePlan",
        required={"servicePlan": "m2m4G"},
        optional=("carrierIpPoolName", "takeEffect"),
        groups=("currentServicePlan", "customFields", "groupName"),
        known=BY_PAGES,
        account=False,
    ),
    _action(
        "change-contact-info",
        "PUT",
        "/devices/actions/contactInfo",
        CHANGED,
        required=PLACE,
        known=BY_SDK,
        account=False,
    ),
    _action(
        "change-custom-fields",
        "PUT",
        "/devices/actions/customFields",
        CHANGED,
        optional=("customFieldsToUpdate",),
        groups=FILTER,
        known=BY_SDK,
        account=False,
    ),
    _action(
        "change-cost-center",
        "PUT",
        "/devices/costCenter",
        CHANGED,
        optional=("costCenter", "primaryPlaceOfUse", "removeCostCenter"),
        groups=FILTER,
        account=False,
    ),
    _action(
        "move",
        "PUT",
        "/devices/actions/move",
        CHANGED,
        optional=("carrierIpPoolName", "servicePlan"),
        groups=("customFields", "filter", "groupName"),
    ),
    _action(
        "label",
        "POST",
        "/devices/actions/usagesegmentationlabels",
        CHANGED,
        known=documented(LABEL),
        devices=LabelledDevices(required=True, data_key="labels"),
    ),
    _action(
        "change-identifier",
        "PUT",
        "/devices/<service_type>/actions/deviceId",
        f"{CARRIER}.changeIdentifier",
        optional=(
            *("assignNonGeoMdn", "change4gOption", "deviceIdsTo", "npaNxx"),
            *("servicePlan", "zipCode", "smsrOid"),
        ),
        known=BY_PAGES,
        devices=OneDevice(required=True, data_key="deviceIds"),
        account=False,
        path=schema(
            BY_SDK, service_type=Text(required=True, metadata={"example": "4G"})
        ),
    ),
    _action(
        "go-to-state",
        "PUT",
        "/devices/actions/gotostate",
        "StateService.goToState",
        required={"serviceName": "Fleet", "stateName": "Active", **PLAN},
        optional=(
            *("carrierIpPoolName", "publicIpRestriction", "skuNumber"),
            *("customFields", "devicesWithServiceAddress", "ipAddress", "groupName"),
            "primaryPlaceOfUse",
        ),
        groups=("filter",),
        known=BY_PAGES,
        account=False,
    ),
    _action(
        "upload",
        "POST",
        "/devices/actions/upload",
        "DeviceService.upload",
        required=UPLOAD,
        known=BY_PAGES,
    ),
    _action(
        "upload-and-activate",
        "POST",
        "/devices/actions/uploadactivate",
        f"{CARRIER}.activate",
        required={**UPLOAD, **PLAN},
        optional=("carrierIpPoolName",),
    ),
    _action(
        "check-availability",
        "POST",
        "/devices/availability/actions/list",
        "DeviceService.availability",
        known=BY_PAGES,
    ),
    _action(
        "order-status",
        "POST",
        "/devices/requests/status",
        "DeviceService.orderStatus",
        optional=("orderRequestId",),
    ),
    _action(
        "list-prl",
        "POST",
        "/devices/prl/actions/list",
        "DevicePRLInformation.list",
        groups=FILTER,
        known=BY_PAGES,
        devices=_ids(),
        account=False,
    ),
    _action(
        "suspension-status",
        "POST",
        "/devices/suspension/status",
        "DeviceSuspensionStatus.status",
        groups=("filter",),
        known=documented(SUSPENSION),
        devices=_ids(),
        account=False,
    ),
    _action(
        "aggregate-usage",
        "POST",
        "/devices/usage/actions/list/aggregate",
        "DeviceUsage.aggregate",
        required={
            "startTime": "2024-01-01T00:00:00Z",
            "endTime": "2024-01-31T00:00:00Z",
        },
        groups=("groupName", "label"),
        known=documented(AGGREGATE_USAGE),
        devices=_ids(),
        account=False,
    ),
    _action(
        "billed-usage",
        "POST",
        "/devices/usage/actions/billedusage/list",
        "DeviceUsage.aggregate",
        optional=("billingCycle",),
        groups=("labels",),
        devices=Devices(data_key="deviceIds"),
    ),
    _action(
        "promo-usage",
        "POST",
        "/devices/usage/actions/promoaggregateusage",
        "DevicePromoUsage.aggregate",
        optional=("startTime", "endTime"),
        known=assumed(f"{PROMO_USAGE} has no word of it; the name is nearest"),
        devices=DeviceIds(required=True, data_key="deviceId"),
        account_key="accountId",
    ),
    _action(
        "reachability-status",
        "POST",
        "/diagnostics/basic/devicereachability/status",
        "DiagnosticsService.stateChanged",
        required={"requestType": "REACHABLE_FOR_DATA"},
        optional=("requestExpirationTime",),
        known=documented(REACHABILITY),
        devices=SingleDevice(required=True, data_key="device"),
        failure=f"{WATCHING}.failed",
    ),
    _action(
        WATCH,
        "POST",
        "/diagnostics/basic/devicereachability",
        WATCHING,
        required={
            "requestType": "REACHABLE_FOR_DATA",
            "monitorExpirationTime": "2024-01-31T00:00:00Z",
        },
        known=documented(REACHABILITY),
    ),
    _action(
        "list-monitors",
        "POST",
        "/diagnostics/basic/devicereachability/monitors",
        WATCHING,
        optional=("monitorType",),
    ),
    *(
        _action(
            name,
            "POST",
            f"/devices/profile/actions/{path}",
            PROFILE,
            required=required,
            optional=optional,
            known=documented(ENABLE) if name == "enable-profile" else GUESSED,
        )
        for name, path, required, optional in (
            ("enable-profile", "enable", {}, EUICC_OR_PLAN),
            ("disable-profile", "disable", EUICC, ()),
            ("delete-profile", "delete", {}, EUICC_OR_PLAN),
            ("download-and-enable-profile", "download_enable", {}, EUICC_OR_PLAN),
            ("download-profile", "download_disable", EUICC, ()),
            ("download-global-profile", "download", {}, ("servicePlan",)),
            ("suspend-profile", "profile_suspend", {}, GLOBAL),
            ("resume-profile", "profile_resume", {}, GLOBAL),
            ("suspend-all-profiles", "device_suspend", {}, GLOBAL),
            ("renew-activation-code", "renew_activation_code", {}, CODE),
        )
    ),
    _action(
        "activate-profile",
        "POST",
        "/devices/profile/actions/activate",
        PROFILE,
        optional=(
            *("carrierName", "servicePlan", "mdnZipCode", "primaryPlaceOfUse"),
            *("smsrOid", "smrsOid", "carrierIpPoolName"),
        ),
    ),
    _action(
        "activate-and-enable-profile",
        "POST",
        "/devices/profile/actions/activate_enable",
        PROFILE,
        optional=("servicePlan", "mdnZipCode"),
    ),
    _action(
        "deactivate-profile",
        "POST",
        "/devices/profile/actions/deactivate",
        PROFILE,
        required={"reasonCode": "FF"},
        optional=("carrierName", "etfWaiver", "checkFallbackProfile", "servicePlan"),
        devices=DevicesOrIds(),
    ),
    _action(
        "set-fallback-profile",
        "POST",
        "/devices/profile/actions/setfallbackattribute",
        PROFILE,
        optional=("carrierName",),
    ),
    _action(
        "send-sms",
        "POST",
        "/sms",
        "EnhancedConnectivityService.smsSent",
        required={"smsMessage": "hello"},
        optional=("dataEncoding", "timeToLive"),
        groups=FILTER,
        known=documented(SEND_SMS),
        devices=_ids(),
    ),
    _action(
        "send-nidd",
        "POST",
        "/devices/nidd/message",
        "NiddService.delivered",
        required={"message": "aGVsbG8="},
        optional=("maximumDeliveryTime",),
        groups=("groupName",),
        known=documented(SEND_NIDD),
        devices=_ids(),
        failure="NiddService.deliveryFailed",
        read=documented(f"{SEND_NIDD}, as read in {RUST}"),
    ),
)


class NotWatched(ItemByItem):
    """``{accountName, devices}``, in ``stopreachabilitypayload``."""

    known = BY_SDK

    account = Account(required=True, data_key="stopreachabilitypayload[accountName]")
    devices = Devices(required=True, data_key="stopreachabilitypayload[devices]")


class Unlabelled(ItemByItem):
    """``{accountName, LabelList: {deviceIds}}``; what is in it are labels."""

    known = BY_SDK

    account = Account(required=True, data_key="accountName")
    labels = Member(
        [{"name": "fleet", "value": "blue"}],
        required=True,
        data_key="LabelList[deviceIds]",
    )


NO_LONGER = ending((WATCHING,), (f"{WATCHING}.failed",))
LABELS_OFF = ending((CHANGED,), (f"{CHANGED}.failed",), ("LabelList[deviceIds]",))
UNDOING = (
    Operation(
        "stop-watching-reachability",
        "DELETE",
        "/diagnostics/basic/devicereachability",
        stop_watching,
        claim(
            NO_LONGER,
            documented(
                f"{REACHABILITY_STOP} (which message comes, and that a request is "
                "cancelled where all its devices are named, is assumed)"
            ),
        ),
        query=NotWatched(),
        reply=REQUEST_ID,
        action=NO_LONGER,
    ),
    Operation(
        "remove-labels",
        "DELETE",
        "/devices/actions/usagesegmentationlabels",
        act,
        claim(LABELS_OFF, documented(UNLABEL)),
        query=Unlabelled(),
        reply=REQUEST_ID,
        action=LABELS_OFF,
    ),
)
STATUS = Operation(
    "request-status",
    "GET",
    "/accounts/<account>/requests/<request_id>/status",
    status,
    Claim(
        "tells whether a request is pending, succeeded, failed or is cancelled", *BY_SDK
    ),
    schema(
        BY_SDK,
        account=Account(required=True),
        request_id=Text(required=True),
    ),
    reply=schema(
        BY_SDK,
        request_id=Text(data_key="requestId"),
        status=Capitalized(),
    ),
)


def status_of_each(call: Call, account: str, request_id: str) -> Mapping[str, Any]:
    """Say how an action stands, and how each of its devices does.

    Raises:
        UnknownRequest: None was accepted under this id.
    """
    action = status(call, account, request_id)
    ended = action.status in OUTCOMES
    stands = {
        device: action.outcome_of(device) if ended else action.status
        for device in action.devices
    }
    return {
        "request_id": request_id,
        "status": action.status,
        "devices": [
            {"ids": identifiers(device)[0], "status": standing.capitalize()}
            for device, standing in stands.items()
            if device
        ],
    }


EACH = {"ids": {"id": "990013907835573", "kind": "imei"}, "status": "Success"}
STATUS_OF_EACH = Operation(
    "request-status-of-each",
    "GET",
    STATUS.rule,
    status_of_each,
    Claim("tells the status of a request and of each of its devices", *BY_SDK),
    STATUS.path,
    reply=schema(
        BY_SDK,
        request_id=Text(data_key="requestId"),
        status=Capitalized(),
        devices=Member([EACH], data_key="subrequests"),
    ),
)
