"""The life cycles of every version: what an upgrade or a campaign goes through.

Disagreement: of version 2 the SDK says that a campaign that has started cannot be
cancelled; three pages that it is aborted. Followed: the pages. Of version 3 one page
says so too; the page of its cancellation and the SDK say the opposite. Followed: these.
Disagreement: the SDK's enumeration has ``CampaignRequestQueued``, the pages
``CampaignQueued`` and, in version 3, ``CampaignPreScheduled``, which the SDK's example
has too. Followed: the pages.
"""

from collections.abc import Mapping

from mockthingspace.apis.actions import snake
from mockthingspace.apis.fota.life_cycle import LifeCycle, Stage, Standing

SOFTWARE = ("softwareName", "softwareFrom", "softwareTo", "distributionType")
FIRMWARE = ("firmwareName", "firmwareFrom", "firmwareTo", "protocol")
REPEATED = ("campaignName", "startDate", "endDate", "status")
MESSAGES = ("Fota.upgradeScheduled", "Fota.upgradeProgress", "Fota.upgradeFinished")
SCHEDULED, PROGRESS, FINISHED = MESSAGES
DEVICE_ACCEPTED = Standing("Device Accepted", "success")
V1_LIFE = LifeCycle(
    pending=Stage("RequestPending", Standing("RequestPending")),
    stages=(
        Stage("Queued", DEVICE_ACCEPTED, SCHEDULED),
        Stage(
            "InProgress",
            Standing("UpgradeInProgress", "success"),
            PROGRESS,
            at_start=True,
        ),
    ),
    finished=Stage("Finished", Standing("UpgradeSuccess", "success"), FINISHED),
    failed=Stage("UpgradeFailed", Standing("UpgradeFailed"), FINISHED),
    unscheduled=Stage("RequestFailed", Standing("Device Rejected"), SCHEDULED),
    cancelled=Stage("Cancelled", DEVICE_ACCEPTED),
    device_failed=Standing("UpgradeFailed", "Upgrade failed"),
    invalid=Standing("Device Rejected", "Invalid Device IMEI"),
    taken=Standing("Device Rejected", "already scheduled for a firmware upgrade"),
    keys={
        "firmwareName": "firmware_name",
        "startDate": "start_date",
        "deviceList": "devices",
    },
    identity="upgradeId",
)


def _life_cycle(
    version: str,
    devices: tuple[Standing, ...],
    failed: Standing,
    program: tuple[str, ...],
    hardware: Mapping[str, str],
    *,
    cancelled: Standing,
    invalid: Standing,
    taken: Standing,
    aborts: bool,
) -> LifeCycle:
    """Build the life cycle of a version.

    Args:
        version: ``V2`` or ``V3``.
        devices: How devices stand while it is queued, pre-scheduled (version 3 only)
            and scheduled, and when it has ended.
        failed: How a device stands that has failed.
        program: The keys of what is installed.
        hardware: What the devices are said to be.
        cancelled: How a device stands whose campaign is cancelled.
        invalid: How a device stands whose IMEI is malformed.
        taken: How a device stands that another campaign has.
        aborts: Whether one that has started can be aborted, and one that starts at
            once is not queued.
    """
    *waiting, scheduled, ended = devices
    names = ("Queued", "PreScheduled")
    told = f"Fota{version}.campaign"

    def stage(name: str, standing: Standing, *, at_start: bool = False) -> Stage:
        return Stage(f"Campaign{name}", standing, f"{told}{name}", at_start)

    return LifeCycle(
        pending=Stage("CampaignRequestPending", waiting[0]),
        stages=(
            *map(stage, names, waiting),
            stage("Scheduled", scheduled, at_start=True),
        ),
        finished=stage("Ended", ended),
        failed=Stage("CampaignEnded", failed, f"{told}Ended.failed"),
        unscheduled=stage("RequestFailed", invalid),
        cancelled=stage("Cancelled", cancelled),
        aborted=stage("Aborted", Standing("CampaignAborted", "")) if aborts else None,
        queues_on_demand=not aborts,
        device_failed=failed,
        invalid=invalid,
        taken=taken,
        keys={
            "deviceList": "devices",
            **{key: snake(key) for key in (*REPEATED, *program)},
        },
        identity="campaignId",
        hardware=hardware,
    )


ACCEPTED = Standing("Accepted", "success")
V2_LIFE = _life_cycle(
    "V2",
    (ACCEPTED, ACCEPTED, Standing("UpgradeSuccess", "DownloadInstallSucceeded")),
    Standing("UpgradedFailed for UpgradePending", "RovaClientDownloadFailed"),
    SOFTWARE,
    {"make": "Verizon", "model": "Model-A"},
    cancelled=Standing("CampaignCancelled", "success"),
    invalid=Standing("DeviceRejected", "Invalid device IMEI."),
    taken=Standing(
        "DeviceRejected",
        "Device scheduled for firmware upgrade previously, needs to be completed "
        "before another upgrade is scheduled.",
    ),
    aborts=True,
)
PENDING = Standing(
    "UpgradePending",
    "Upgrade pending, the device upgrade is estimated to be scheduled for {start}",
)
UNREACHABLE = Standing(
    "NoDeviceDataFromNetwork", "The network reports this device is not reachable."
)
V3_LIFE = _life_cycle(
    "V3",
    (
        Standing(
            "ReceivedDeviceDataFromNetwork",
            "Reachability information received from the network.",
        ),
        PENDING,
        Standing("UpgradeScheduled", "The upgrade is scheduled to begin on {start}"),
        Standing("UpgradeSuccess", "success"),
    ),
    Standing(
        "NoDeviceDataFromNetwork",
        "The network does not report this device is reachable, no retry available, "
        "try count 42",
    ),
    FIRMWARE,
    {"make": "SEQUANS Communications", "model": "GM01Q"},
    cancelled=PENDING,
    invalid=UNREACHABLE,
    taken=UNREACHABLE,
    aborts=False,
)
