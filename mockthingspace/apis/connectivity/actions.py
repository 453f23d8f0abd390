"""What connectivity does to devices: each action a row.

The bodies are those of the SDK's models, which say what is required; the service
is the one that the pages, or where they say nothing its name, gives the results of.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mockthingspace.apis.actions import act, body, claim, status
from mockthingspace.core.models import Claim, Provenance, assumed, documented
from mockthingspace.core.sources import (
    ACTIVATE,
    AGGREGATE_USAGE,
    CALLBACKS,
    ENABLE,
    REACHABILITY,
    RUST,
    SDK,
    SEND_NIDD,
    SEND_SMS,
    SUSPENSION,
    UNSAID,
)
from mockthingspace.spec.actions import Action, Capitalized
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import DeviceIds, Devices, OneDevice
from mockthingspace.spec.fields import SimulatorAccount as Account
from mockthingspace.spec.fields import Text
from mockthingspace.spec.schemas import plain_object, schema

PLAN = {"servicePlan": "m2m4G", "mdnZipCode": "98801"}
EUICC = {"smsrOid": "1.3.6.1.4.1.31746.1.500.200.101.5"}
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
        failure: The event where it fails.
        path: The schema of its path, where something stands in it.
        read: How we know of its body.
    """
    action = Action((event,), (failure or f"{event}.failed",), groups)
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
            account=Account(required=account, data_key="accountName"),
            devices=devices or Devices(),
        ),
        reply=REQUEST_ID,
        action=action,
    )


def _ids() -> Devices:
    return DeviceIds(data_key="deviceIds")


CARRIER, PROFILE = "CarrierService", "DeviceProfileService.enable"
CHANGED = f"{CARRIER}.changed"
PLACE: dict[str, Any] = {"primaryPlaceOfUse": {"address": {"city": "Wenatchee"}}}
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
        required={"labels": {"name": "blue"}},
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
        "reachability-status",
        "POST",
        "/diagnostics/basic/devicereachability/status",
        "DiagnosticsService.stateChanged",
        required={"requestType": "REACHABLE_FOR_DATA"},
        optional=("requestExpirationTime", "device"),
        known=documented(REACHABILITY),
        failure="DiagnosticsService.register.failed",
    ),
    _action(
        "watch-reachability",
        "POST",
        "/diagnostics/basic/devicereachability",
        "DiagnosticsService.register",
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
        "DiagnosticsService.register",
        optional=("monitorType",),
    ),
    *(
        _action(
            name,
            "POST",
            f"/devices/profile/actions/{path}",
            PROFILE,
            required=EUICC,
            known=documented(ENABLE) if name == "enable-profile" else GUESSED,
        )
        for name, path in (
            ("enable-profile", "enable"),
            ("disable-profile", "disable"),
            ("delete-profile", "delete"),
            ("download-and-enable-profile", "download_enable"),
            ("download-profile", "download_disable"),
        )
    ),
    _action(
        "activate-profile",
        "POST",
        "/devices/profile/actions/activate",
        PROFILE,
        optional=(
            *("carrierName", "servicePlan", "mdnZipCode", "primaryPlaceOfUse"),
            *("smsrOid", "carrierIpPoolName"),
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
        optional=("carrierName", "etfWaiver", "checkFallbackProfile"),
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
STATUS = Operation(
    "request-status",
    "GET",
    "/accounts/<account>/requests/<request_id>/status",
    status,
    Claim("whether a request is pending, has succeeded or failed", *BY_SDK),
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
