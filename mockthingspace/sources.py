"""The pages and packages the wire facts were read in.

A source is an address, or a sentence where there is none.
"""

_PAGES = "https://thingspace.verizon.com/documentation/apis/software-management"
_OLD = "https://thingspace.verizon.com/resources/documentation"

FOTA_GET = f"{_PAGES}/api-reference/get-callback-listeners.html"
FOTA_REGISTER = f"{_PAGES}/api-reference/register-callback-listener.html"
FOTA_DEREGISTER = f"{_PAGES}/api-reference/deregister-callback-listener.html"
FOTA_MESSAGES = f"{_PAGES}/getting-started/about-callback-services.html"
FOTA_ERRORS = f"{_OLD}/software_management/API_Reference/Error_Messages/"
CONNECTIVITY_REGISTER = f"{_OLD}/connectivity/API_Reference/Register_Callback_Listener/"
CONNECTIVITY_ERRORS = f"{_OLD}/connectivity/API_Reference/Synchronous_Error_Messages/"
LOGIN = f"{_OLD}/connectivity/API_Reference/Start_Connectivity_Management_Session/"
CREDENTIALS = (
    "https://thingspace.verizon.com/documentation/apis/connectivity-management/"
    "getting-started/getting-credentials.html"
)
CALLBACKS = (
    "https://thingspace.verizon.com/documentation/apis/connectivity-management/"
    "working-with-verizon/about-callback-services.html"
)
MEASURED = (
    "https://github.com/justins-engineering/pidgeiot (docs/design/nidd-connector.md, "
    "measured on NiddService, 2026-09-24)"
)
SDK = "https://github.com/sdks-io/verizon-apis-python-sdk (PyPI: 2.0.0)"
UNSAID = "no source says"
