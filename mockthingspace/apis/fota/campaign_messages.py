"""What Software Management's v2 and v3 send: how a campaign and its devices fare.

A message goes out at each change of a campaign's status (documented for v3) and
carries its id (documented for both). The structure is not stored, so every row is
assumed: a head like v1's, then the campaign and its devices as the SDK's models
have them. The words of a status and of its reasons are documented. A v2 or v3
listener is registered without credentials, so none are echoed.

Disagreement: a campaign that waits is ``CampaignQueued`` on the pages that schedule
one and tell of it, ``CampaignRequestQueued`` on those of the history and in the
SDK. Followed: both; there is a message for each.
"""

from typing import Any

from mockthingspace.apis.message_rows import IMEI
from mockthingspace.core import sources
from mockthingspace.spec.events import Event, Field, Id

Device = tuple[str, str]
State = tuple[str, str, tuple[Device, ...]]

_IMEIS = (IMEI, "353456789012348", "356938035643809", "352099001761481")
_AT = "15 Jan 24 00:00 UTC"
_TIMES = {
    "updatedTime": "2024-01-14T21:05:27.129Z",
    "recentAttemptTime": "2024-01-14T21:05:01.190Z",
    "nextAttemptTime": "2024-01-15T18:35:00Z",
}
_DATES = {"startDate": "2024-01-15", "endDate": "2024-01-22"}

_V2_CAMPAIGN = {
    "accountName": "{account}",
    "campaignId": Id("60b5d639-ccdc-4db8-8824-069bd94c95bf"),
    "campaignName": "FOTA_Verizon_Upgrade",
    "softwareName": "FOTA_Verizon_Model-A_02To03_HF",
    "softwareFrom": "FOTA_Verizon_Model-A_00To01_HF",
    "softwareTo": "FOTA_Verizon_Model-A_02To03_HF",
    "distributionType": "HTTP",
    "make": "Verizon",
    "model": "Model-A",
} | _DATES
_V3_CAMPAIGN = {
    "accountName": "{account}",
    "campaignId": Id("f858b8c4-2153-11ec-8c44-aeb16d1aa652"),
    "campaignName": "Smart FOTA - test 4",
    "firmwareName": "SEQUANSCommunications_GM01Q_SR1.2.0.0-10512_SR1.2.0.0-10657",
    "firmwareFrom": "SR1.2.0.0-10512",
    "firmwareTo": "SR1.2.0.0-10657",
    "protocol": "LWM2M",
    "make": "SEQUANS Communications",
    "model": "GM01Q",
} | _DATES

_ACCEPTED = (("Accepted", "success"),)
_REJECTED = (
    ("DeviceRejected", "Device not found."),
    ("DeviceRejected", "Invalid device IMEI."),
)
_CANCELLED = (("CampaignCancelled", "success"),)
_ABORTED = (("UpgradeSuccess", "DownloadInstallSucceeded"), ("CampaignAborted", ""))
_SUCCESS = (("UpgradeSuccess", "DownloadInstallSucceeded"),)
_FAILED = tuple(
    ("UpgradedFailed for UpgradePending", reason)
    for reason in (
        "RovaClientDidNotReportStatus",
        "RovaClientDownloadFailed",
        "RovaClientDownloadNotInstalledYet",
        "RovaClientDownloadedInstallFailed",
    )
)
_V2_STATES: tuple[State, ...] = (
    ("CampaignRequestPending", "a campaign was asked for", _ACCEPTED),
    ("CampaignRequestFailed", "a campaign does not pass the checks", _REJECTED),
    ("CampaignQueued", "a campaign waits for its start", _ACCEPTED),
    ("CampaignRequestQueued", "the same, as the SDK spells it", _ACCEPTED),
    ("CampaignScheduled", "a campaign is scheduled, before its start", _ACCEPTED),
    ("CampaignEnded", "a campaign is over", _SUCCESS),
    ("CampaignEnded.failed", "a campaign is over, with failures", _FAILED),
    ("CampaignCancelled", "a campaign was cancelled before it began", _CANCELLED),
    ("CampaignAborted", "a campaign was aborted while it ran", _ABORTED),
    ("CampaignFailed", "a campaign could not be scheduled", _REJECTED),
)

_RECEIVED = (
    (
        "ReceivedDeviceDataFromNetwork",
        "Reachability information received from the network.",
    ),
)
_UNREACHABLE = (
    ("NoDeviceDataFromNetwork", "The network reports this device is not reachable."),
)
_NO_RETRY = (
    (
        "NoDeviceDataFromNetwork",
        "The network does not report this device is reachable, no retry available, "
        "try count 42",
    ),
)
_REFUSED = (
    (
        "RequestToFotaServerFailed",
        f"Request to FOTA server failed, estimated retry time on {_AT}",
    ),
)
_PENDING = (
    (
        "UpgradePending",
        f"Upgrade pending, the device upgrade is estimated to be scheduled for {_AT}",
    ),
)
_SCHEDULED = (
    (
        "UpgradeScheduled",
        f"The upgrade is scheduled to begin on {_AT}, and the estimated completion "
        "is 15 Jan 24 04:00 UTC.",
    ),
)
_V3_STATES: tuple[State, ...] = (
    ("CampaignRequestPending", "a campaign was asked for", _PENDING),
    ("CampaignRequestFailed", "a campaign does not pass the checks", _UNREACHABLE),
    ("CampaignQueued", "a campaign waits to be scheduled", _RECEIVED),
    ("CampaignRequestQueued", "the same, as the SDK spells it", _RECEIVED),
    ("CampaignPreScheduled", "the devices of a campaign were looked for", _PENDING),
    ("CampaignScheduled", "the parts of a campaign are scheduled", _SCHEDULED),
    ("CampaignEnded", "a campaign is over", (("UpgradeSuccess", "success"),)),
    ("CampaignEnded.failed", "a campaign is over, with failures", _NO_RETRY),
    ("CampaignCancelled", "a campaign was cancelled before its start", _PENDING),
    ("CampaignAborted", "a campaign was deleted after its start", _SCHEDULED),
    ("CampaignFailed", "the call that schedules a campaign has failed", _REFUSED),
)

_QUEUED = {
    "CampaignQueued": f"{sources.FOTA_V2_SCHEDULE}, where the SDK has another word",
    "CampaignRequestQueued": f"{sources.SDK}, where the pages have another word",
}


def _event(
    service: str,
    campaign: dict[str, str],
    extra: dict[str, Any],
    pages: tuple[str, str],
    state: State,
) -> Event:
    """Return the event of a state: the campaign, its status, its devices."""
    name, summary, fared = state
    life, schedule = pages
    status = name.partition(".")[0]
    source = f"{sources.UNSAID}; after {sources.SDK}; the words of a status: {life}"
    own = {"campaignId": f"{schedule} has an id in each, without its name"}
    if status in _QUEUED:
        own["status"] = _QUEUED[status]
    values = campaign | {"status": status}
    for index, (imei, (how, reason)) in enumerate(zip(_IMEIS, fared, strict=False)):
        told = {"deviceId": imei, "status": how, "resultReason": reason} | extra
        values |= {f"deviceList.{index}.{key}": value for key, value in told.items()}
    what = name[0].lower() + name[1:]
    rows = (
        Field(path, value, "assumed", own.get(path, source))
        for path, value in values.items()
    )
    return Event(f"{service}.{what}", "Fota", summary, tuple(rows))


_V2_PAGES = sources.FOTA_LIFE_V2, sources.FOTA_V2_SCHEDULE
_V3_PAGES = sources.FOTA_LIFE_V3, sources.FOTA_V3_SCHEDULE
V2_EVENTS = tuple(
    _event("FotaV2", _V2_CAMPAIGN, {}, _V2_PAGES, state) for state in _V2_STATES
)
V3_EVENTS = tuple(
    _event("FotaV3", _V3_CAMPAIGN, _TIMES, _V3_PAGES, state) for state in _V3_STATES
)
