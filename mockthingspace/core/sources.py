"""The pages and packages the wire facts were read in, and when.

A source is an address, or a sentence where there is none. ``date_of`` tells
the date of whatever names one.
"""

import re
from collections.abc import Mapping

_TS = "https://thingspace.verizon.com"
_APIS = f"{_TS}/documentation/apis"
_OLD = f"{_TS}/resources/documentation"
_PORTAL = f"{_TS}/content/thingspace-portal/documentation/apis"
_FOTA = f"{_APIS}/software-management"
_M2M = f"{_APIS}/connectivity-management"
_STAGING = (
    "https://staging.thingspace.verizon.com/content/thingspace-portal/documentation/"
    "apis"
)
_GITHUB = "https://github.com"

FOTA_GET = f"{_FOTA}/api-reference/get-callback-listeners.html"
FOTA_REGISTER = f"{_FOTA}/api-reference/register-callback-listener.html"
FOTA_DEREGISTER = f"{_FOTA}/api-reference/deregister-callback-listener.html"
FOTA_MESSAGES = f"{_FOTA}/getting-started/about-callback-services.html"
FOTA_ERRORS = f"{_OLD}/software_management/API_Reference/Error_Messages/"
FOTA_NEW = f"{_FOTA}/what-is-new.html"
FOTA_CAMPAIGNS = f"{_PORTAL}/software-management/getting-started/about_campaigns.html"
FOTA_LIFE_V2 = (
    f"{_STAGING}/software-management/getting-started/"
    "campaign-lifecycle-flow-for-v2.html"
)
FOTA_LIFE_V3 = (
    f"{_PORTAL}/software-management/getting-started/campaign-lifecycle-flow-for-v3.html"
)
FOTA_V2_REGISTER = f"{_FOTA}/api-reference-v2/register-a-callback-listener-url-v2.html"
FOTA_V2_SCHEDULE = f"{_FOTA}/api-reference-v2/schedule-an-upgrade-v2.html"
FOTA_V2_REPLACE = f"{_FOTA}/api-reference-v2/modify-a-callback-listener-url-v2.html"
FOTA_V3_GET = (
    f"{_PORTAL}/software-management/api-reference-v3/"
    "get-registered-callback-listeners-v3.html"
)
FOTA_V3_REPLACE = f"{_FOTA}/api-reference-v3/modify-a-callback-listener-url-v3.html"
FOTA_V3_SCHEDULE = f"{_FOTA}/api-reference-v3/schedule-a-firmware-upgrade-v3.html"
CONNECTIVITY_REGISTER = f"{_OLD}/connectivity/API_Reference/Register_Callback_Listener/"
CONNECTIVITY_LIST = f"{_M2M}/api-reference/list-callback-listeners.html"
CONNECTIVITY_DEREGISTER = f"{_M2M}/api-reference/deregister-callback-listener.html"
CONNECTIVITY_ERRORS = f"{_OLD}/connectivity/API_Reference/Synchronous_Error_Messages/"
CONNECTIVITY_CALLBACK_ERRORS = (
    f"{_OLD}/connectivity/API_Reference/Callback_Error_Messages/"
)
SIMULATOR = f"{_OLD}/connectivity/API_Console/"
BEST_PRACTICES = (
    f"{_M2M}/working-with-verizon/about-callback-services/best-practices.html"
)
LOGIN = f"{_OLD}/connectivity/API_Reference/Start_Connectivity_Management_Session/"
CREDENTIALS = f"{_M2M}/getting-started/getting-credentials.html"
CALLBACKS = f"{_M2M}/working-with-verizon/about-callback-services.html"
SUSPENSION = f"{_OLD}/connectivity/API_Reference/Retrieve_Device_Suspension_Status/"
SEND_SMS = f"{_OLD}/connectivity/API_Reference/Send_SMS_Messages_to_Devices/"
SEND_NIDD = f"{_M2M}/api-reference/send-nidd-to-devices.html"
START_SMS = f"{_M2M}/api-reference/start-sms-callback.html"
ACTIVATE = f"{_OLD}/connectivity/API_Reference/Activate_Devices/"
REACHABILITY = f"{_M2M}/api-reference/retrieve-reachability-status.html"
ENABLE = f"{_M2M}/api-reference/enable-a-device-profile.html"
PROFILES = f"{_M2M}/global-iot/api_reference/suspend-device.html"
_WIRELESS = f"{_STAGING}/intelligence/wireless-network-performance/api-reference"
NETWORK_CONDITIONS = f"{_WIRELESS}/domestic-coverage-real-time.html"
DEVICE_EXPERIENCE = f"{_WIRELESS}/device-history.html"
AGGREGATE_USAGE = (
    f"{_PORTAL}/connectivity-management/global-iot/api_reference/aggregate_usage.html"
)
_SOAP = "https://m2mdeveloper.verizon.com/docs/ts-docs-wns/src/API_Reference"
SOAP_RESUME = f"{_SOAP}/ResumeTrackingNotification-Callback.html"
SOAP_PROMO = f"{_SOAP}/PromoChange-Callback.html"
SOAP_PROVISIONING = f"{_SOAP}/ExternalProvisioningChange-Callback.html"
LOCATION_REGISTER = (
    f"{_PORTAL}/device-location/api-reference/register-callback-listener.html"
)
LOCATION_LIST = f"{_PORTAL}/device-location/api-reference/list-callback-listeners.html"
LOCATION_DEREGISTER = f"{_OLD}/location/API_Reference/Deregister_Callback_Listener/"
LOCATION_MESSAGES = (
    f"{_PORTAL}/device-location/getting-started/about-callback-service.html"
)
LOCATION_ERRORS = f"{_PORTAL}/device-location/api-reference/error-codes.html"
DIAGNOSTICS_REGISTER = (
    f"{_APIS}/device-diagnostics/api-reference/"
    "register-diagnostics-callback-listener.html"
)
DIAGNOSTICS_START = (
    f"{_APIS}/device-diagnostics/api-reference/start-diagnostics-observation.html"
)
DIAGNOSTICS_ERRORS = f"{_APIS}/device-diagnostics/api-reference/error-codes.html"
HYPER_PRECISE_REGISTER = (
    f"{_APIS}/hyper_precise/api-reference/register-a-callback-listener.html"
)
HYPER_PRECISE_LIST = (
    f"{_APIS}/hyper_precise/api-reference/find-registered-callback-listeners.html"
)
HYPER_PRECISE_DEREGISTER = (
    f"{_APIS}/hyper_precise/api-reference/delete-a-callback-listener.html"
)
HYPER_PRECISE_REPORT = (
    f"{_APIS}/hyper_precise/api-reference/get-aggregated-usage-report-asynchronous.html"
)
MEASURED = (
    f"{_GITHUB}/justins-engineering/pidgeiot (docs/design/nidd-connector.md, "
    "measured on NiddService, 2026-09-24)"
)
RUST = f"{_GITHUB}/justins-engineering/thingspace-sdk-rust (src/models)"
NIDD_READER = f"{_GITHUB}/justins-engineering/pidgeiot (dovecote/src/helpers/nidd.rs)"
NIDD_LOG = (
    f"{_GITHUB}/justins-engineering/dovecote (src/pigeon/storage.rs @f64d018: three "
    "messages, logged 2025-12)"
)
NIDD_FAILURES = (
    f"{_GITHUB}/justins-engineering/thingspace-sdk-rust "
    "(src/models/devices/nidd/nidd_response.rs @1b6f4de: two payloads, 2025-11-01)"
)
_MIDWAY = f"{_GITHUB}/VikasKumar1028/GVAPIMidway"
SCHEMA = f"{_MIDWAY} (src/main/java/com/gv/midway/pojo/callback @47ab567, 2017-02-09)"
BRACELESS = f"{_MIDWAY} (AuthorizationRequestFilter.java @cb7695d, 2016-12-15)"
UNMATCHED = (
    f"{_GITHUB}/KarthikHCL/MJBehaveRestAssured (MySteps.java @c89a108, 2016-05-26)"
)
RUNBOOK = f"{_GITHUB}/justins-engineering/pidgeiot (docs/infra/thingspace-nidd.md)"
EVANGELIST = (
    f"{_GITHUB}/api-evangelist/verizon (errors/verizon-error-codes.yml, 2026-08-04)"
)
SDK = f"{_GITHUB}/sdks-io/verizon-apis-python-sdk (PyPI: 2.0.0)"
UNSAID = "no source says"

READ, READ_LATER = "2026-11-23", "2026-11-24"
_LATER = (
    *(ACTIVATE, DEVICE_EXPERIENCE, DIAGNOSTICS_START, ENABLE, FOTA_V2_SCHEDULE),
    *(NETWORK_CONDITIONS, PROFILES, REACHABILITY, RUNBOOK, START_SMS),
)
_DATES = {
    MEASURED: "2026-09-24",
    EVANGELIST: "2026-08-04",
    NIDD_LOG: "2025-12-14",
    NIDD_FAILURES: "2025-11-01",
    SCHEMA: "2017-02-09",
    BRACELESS: "2016-12-15",
    UNMATCHED: "2016-05-26",
    **dict.fromkeys(_LATER, READ_LATER),
}


def date_of(source: str) -> str:
    """Return when what a source names was measured or, for a page, was read.

    Where no source says something, it is the day they were searched for it.
    """
    return next((day for value, day in _DATES.items() if value in source), READ)


def spelled_out(text: str) -> str:
    """Return a source as a document has it, ``{fota-errors}`` replaced by its page.

    Raises:
        KeyError: There is no such page.
    """
    return _NAME.sub(lambda name: _PAGES[name[1]], text)


_NAME = re.compile(r"\{([a-z0-9-]+)\}")
_PAGES: Mapping[str, str] = {
    name.lower().replace("_", "-"): page
    for name, page in globals().items()
    if name.isupper() and not name.startswith("_") and isinstance(page, str)
}
