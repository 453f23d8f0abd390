"""The cases of what takes time: upgrades, campaigns, locating, observing."""

from typing import Any
from urllib.parse import urlencode

from .asking import REQUEST_ID, SEEDING, Case, Posted, read, refused

V1, LOCATION, M2M = "/api/fota/v1", "/api/loc/v1", "/api/m2m/v1"
DIAGNOSTICS = "/api/diagnostics/v1/devices"
ACCOUNT, LOCATED, QA = "0402196254-00001", "0212398765-00001", "TestQAAccount"
IMEI = "990013907835573"
MANUAL = {"actions": "manual"}
UNKNOWN = "595f5c44-c31c-4552-8670-020a1545a84d"
UPGRADING = (
    b'{"accountName": "0402196254-00001", "firmwareName": "name", '
    b'"firmwareTo": "to", "endDate": "2099-04-02", %b}'
)


def _after(path: str, sends: str) -> tuple[Posted, ...]:
    """Return the request that must have been made before."""
    return ((path, read(sends)),)


UPGRADE = f"{V1}/upgrades/{ACCOUNT}/upgrade/{REQUEST_ID}"
SCHEDULED = _after(f"{V1}/upgrades", "fota-v1/schedule-upgrade.request.json")
UPGRADES = (
    Case("GET", f"{V1}/firmware/{ACCOUNT}", "fota-v1/list-firmware.reply.json"),
    Case(
        "POST",
        f"{V1}/upgrades",
        "fota-v1/schedule-upgrade.reply.json",
        sends="fota-v1/schedule-upgrade.request.json",
    ),
    Case("GET", UPGRADE, "fota-v1/show-upgrade.reply.json", given=SCHEDULED),
    Case(
        "PUT",
        UPGRADE,
        "fota-v1/change-upgrade.reply.json",
        sends="fota-v1/change-upgrade.request.json",
        given=SCHEDULED,
    ),
    Case("DELETE", UPGRADE, "fota-v1/deregister.reply.json", given=SCHEDULED),
    *(
        Case("GET", f"{V1}/{path}", f"fota-v1/{name}.reply.json", given=SCHEDULED)
        for name, path in (
            ("list-upgraded-devices", f"devices/{ACCOUNT}/index/0"),
            ("list-upgrades", f"reports/{ACCOUNT}/status/Queued/index/0"),
            ("list-upgrades-of-device", f"reports/{ACCOUNT}/devices/{IMEI}"),
        )
    ),
    refused("GET", UPGRADE.replace(REQUEST_ID, UNKNOWN), "fota-v1/unknown-request"),
    refused("GET", UPGRADE.replace(REQUEST_ID, "none"), "fota-v1/invalid-uuid"),
    refused("GET", f"{V1}/reports/{ACCOUNT}/devices/12", "fota-v1/invalid-device"),
    *(
        refused("GET", f"{V1}/{path}", f"fota-v1/{name}")
        for name, path in (
            ("invalid-index", f"reports/{ACCOUNT}/status/Queued/index/first"),
            ("unknown-device", f"devices/{ACCOUNT}/index/{IMEI}"),
        )
    ),
    *(
        refused("POST", f"{V1}/upgrades", f"fota-v1/{name}", content=UPGRADING % body)
        for name, body in (
            ("invalid-start-date", b'"deviceList": ["990013907835573"]'),
            ("missing-devices", b'"startDate": "2099-04-01"'),
        )
    ),
    refused(
        "DELETE", UPGRADE, "fota-v1/request-ended", given=SCHEDULED, wait_s=3 * 10**9
    ),
)


def _read(family: str, method: str, path: str, name: str, **how: Any) -> Case:
    """Return a case of what is read of devices and of what there is to install."""
    place = f"/api/{family.replace('-', '/')}/{path}"
    return Case(method, place, f"{family}/{name}.reply.json", **how)


IMEIS = "fota-v3/show-devices.request.json"
V2_CAMPAIGNS, V3_CAMPAIGNS = "/api/fota/v2/campaigns", "/api/fota/v3/campaigns/firmware"
V2_GIVEN = _after(f"{V2_CAMPAIGNS}/{ACCOUNT}", "fota-v2/schedule-campaign.request.json")
V3_GIVEN = _after(f"{V3_CAMPAIGNS}/{ACCOUNT}", "fota-v3/schedule-campaign.request.json")
READING = (
    *(
        Case(
            "POST",
            f"{V2_CAMPAIGNS}/{place}/{ACCOUNT}",
            f"fota-v2/{name}.reply.json",
            sends=f"fota-v2/{name}.request.json",
        )
        for name, place in (
            ("schedule-software-campaign", "software"),
            ("schedule-file-campaign", "files"),
        )
    ),
    _read("fota-v2", "GET", f"devices/{ACCOUNT}", "list-devices", given=V2_GIVEN),
    _read("fota-v2", "GET", f"software/{ACCOUNT}", "list-software"),
    _read("fota-v2", "GET", f"files/{ACCOUNT}?distributionType=HTTP", "list-files"),
    _read("fota-v3", "GET", f"devices/{ACCOUNT}", "list-devices", given=V3_GIVEN),
    _read("fota-v3", "POST", f"devices/{ACCOUNT}", "show-devices", sends=IMEIS),
    _read("fota-v3", "GET", f"firmware/{ACCOUNT}?protocol=all", "list-firmware"),
    _read(
        "fota-v3",
        "PUT",
        f"firmware/{ACCOUNT}/devices",
        "synchronize-firmware",
        sends=IMEIS,
    ),
    _read("fota-v3", "PUT", f"firmware/{ACCOUNT}/async/{IMEI}", "report-firmware"),
)


def _campaigns(family: str, place: str, reported: str, queued: str) -> tuple[Case, ...]:
    """Return the cases of campaigns of version 2 or 3."""
    base = f"/api/{family.replace('-', '/')}"
    scheduling = f"{base}/{place}"
    given = _after(scheduling, f"{family}/schedule-campaign.request.json")
    campaign = f"{base}/campaigns/{ACCOUNT}/{REQUEST_ID}"
    return (
        Case(
            "POST",
            scheduling,
            f"{family}/schedule-campaign.reply.json",
            sends=f"{family}/schedule-campaign.request.json",
        ),
        Case("GET", campaign, f"{family}/show-campaign.reply.json", given=given),
        *(
            Case(
                "PUT",
                f"{scheduling}/{REQUEST_ID}{more}",
                f"{family}/{name}.reply.json",
                sends=f"{family}/{name}.request.json",
                given=given,
            )
            for name, more in (
                ("change-campaign-devices", ""),
                ("change-campaign-dates", "/dates"),
            )
        ),
        Case("DELETE", campaign, f"{family}/deregister.reply.json", given=given),
        *(
            Case(
                "GET",
                f"{base}/reports/{ACCOUNT}/{path}",
                f"{family}/{name}.reply.json",
                given=given,
            )
            for name, path in (
                ("list-campaigns", f"{reported}?campaignStatus={queued}"),
                ("list-campaign-devices", f"campaigns/{REQUEST_ID}/devices"),
                ("list-campaigns-of-device", f"devices/{IMEI}"),
            )
        ),
        refused(
            "GET", campaign.replace(REQUEST_ID, UNKNOWN), f"{family}/unknown-request"
        ),
        refused("GET", campaign.replace(REQUEST_ID, "none"), f"{family}/invalid-uuid"),
        refused(
            "GET", f"{base}/reports/{ACCOUNT}/devices/12", f"{family}/invalid-device"
        ),
        refused(
            "PUT",
            f"{scheduling}/{UNKNOWN}",
            f"{family}/missing-devices",
            content=b'{"Type": "append"}',
        ),
        refused(
            "DELETE", campaign, f"{family}/request-ended", given=given, wait_s=3 * 10**9
        ),
    )


WHERE = "location/locate.request.json"
LOCATING = _after(f"{LOCATION}/devicelocations", WHERE)
REPORTING = _after(f"{LOCATION}/locationreports", WHERE)
CANCELLING = f"{LOCATION}/devicelocations/{REQUEST_ID}?accountName={LOCATED}"
CONSENTING = f"{LOCATION}/devicelocations/action/consents"
REPORT = f"{LOCATION}/locationreports/{LOCATED}/report/{REQUEST_ID}"
EXCLUDING = "location/exclude-devices.request.json"
EXCLUDED = _after(f"{LOCATION}/consents", EXCLUDING)
LOCATIONS = (
    Case(
        "POST", f"{LOCATION}/devicelocations", "location/locate.reply.json", sends=WHERE
    ),
    Case(
        "DELETE",
        CANCELLING,
        "location/cancel-locating.reply.json",
        given=LOCATING,
        settings=MANUAL,
    ),
    Case(
        "POST",
        f"{LOCATION}/locationreports",
        "location/create-report.reply.json",
        sends=WHERE,
    ),
    Case(
        "DELETE",
        REPORT,
        "location/cancel-locating.reply.json",
        given=REPORTING,
        settings=MANUAL,
    ),
    *(
        Case("GET", f"{REPORT}/{place}", f"location/{name}.reply.json", given=given)
        for name, place, given in (
            ("report-status", "status", REPORTING),
            ("show-report", "index/0", REPORTING),
            ("show-report.excluded", "index/0", (*EXCLUDED, *REPORTING)),
        )
    ),
    refused(
        "DELETE", CANCELLING.replace(REQUEST_ID, "none"), "location/unknown-request"
    ),
    refused("DELETE", CANCELLING, "location/request-ended", given=LOCATING),
    *(
        Case(
            method,
            CONSENTING,
            f"location/{name}.reply.json",
            sends=f"location/{name}.request.json",
        )
        for name, method in (("give-consent", "POST"), ("update-consent", "PUT"))
    ),
    Case(
        "GET",
        f"{CONSENTING}?accountName={LOCATED}",
        "location/show-consent.reply.json",
        given=_after(CONSENTING, "location/give-consent.request.json"),
    ),
    Case(
        "POST",
        f"{LOCATION}/consents",
        "location/deregister.reply.json",
        sends=EXCLUDING,
    ),
    Case(
        "DELETE",
        f"{LOCATION}/consents?accountName={LOCATED}&deviceList={IMEI}",
        "location/deregister.reply.json",
        given=EXCLUDED,
    ),
    Case(
        "GET",
        f"{LOCATION}/consents/{LOCATED}/index/0",
        "location/list-excluded.reply.json",
        given=EXCLUDED,
    ),
)

OBSERVE = f"{DIAGNOSTICS}/attributes/actions/observe"
LISTENS: Posted = (
    SEEDING,
    {
        "family": "diagnostics",
        "account": QA,
        "service": "Diagnostics",
        "url": "http://localhost:9/",
    },
)
OBSERVING = (LISTENS, *_after(OBSERVE, "diagnostics/observe.request.json"))
STOPPING = f"{OBSERVE}?accountName={QA}&transactionId={REQUEST_ID}"
DEVICES = urlencode(
    {"accountName": QA, "devices": '[{"id": "864508030026238", "kind": "IMEI"}]'}
)
OBSERVATIONS = (
    Case(
        "POST",
        OBSERVE,
        "diagnostics/observe.reply.json",
        sends="diagnostics/observe.request.json",
        given=(LISTENS,),
    ),
    Case(
        "POST",
        f"{DIAGNOSTICS}/actions/restart",
        "diagnostics/restart.reply.json",
        sends="diagnostics/restart.request.json",
        given=((SEEDING, {**LISTENS[1], "account": "0642233522-00003"}),),
    ),
    Case("DELETE", STOPPING, "diagnostics/stop-observing.reply.json", given=OBSERVING),
    Case(
        "GET",
        f"{DIAGNOSTICS}/settings?{DEVICES}",
        "diagnostics/diagnostics-settings.reply.json",
        given=OBSERVING,
    ),
    refused(
        "DELETE", STOPPING.replace(REQUEST_ID, "none"), "diagnostics/unknown-request"
    ),
    refused(
        "DELETE",
        STOPPING,
        "diagnostics/request-ended",
        given=OBSERVING,
        wait_s=10**6,
    ),
)

SMS: Posted = (
    SEEDING,
    {
        "family": "connectivity",
        "account": "0868924207-00001",
        "service": "EnhancedConnectivityService",
        "url": "http://localhost:9/",
    },
)
RECEIVED: Posted = (
    "/__admin/deliveries",
    {"event": "EnhancedConnectivityService.smsReceived", "account": SMS[1]["account"]},
)
MESSAGES = (
    Case(
        "PUT",
        f"{M2M}/sms/0868924207-00001/startCallbacks",
        "connectivity/start-sms-callbacks.reply.json",
    ),
    Case(
        "GET",
        f"{M2M}/sms/0868924207-00001/history",
        "connectivity/list-sms.reply.json",
        given=(SMS, RECEIVED),
    ),
)
CASES = (
    *UPGRADES,
    *READING,
    *_campaigns(
        "fota-v2", f"campaigns/{ACCOUNT}", "campaigns", "CampaignRequestQueued"
    ),
    *_campaigns(
        "fota-v3",
        f"campaigns/firmware/{ACCOUNT}",
        "firmware/campaigns",
        "CampaignPreScheduled",
    ),
    *LOCATIONS,
    *OBSERVATIONS,
    *MESSAGES,
)
