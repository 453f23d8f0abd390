"""The envelope all connectivity messages come in, and the fault one may hold.

One message a device, and one payload a message: what was asked for, what
happened, or ``faultResponse``. ``callbackCount`` counts the attempts.
"""

from mockthingspace.apis.message_rows import ICCID, Rows, devices, rows
from mockthingspace.core import sources
from mockthingspace.spec.events import Event, Id

COUNTS = ("callbackCount", "maxCallbackThreshold")

REQUEST_ID = Id("9d46d4ce-2f8a-4ab5-8e9b-7e8d4c0c6c2e")

GUESS = f"{sources.UNSAID}; only the service is named: {sources.RUST}"
CAMEL = f"{sources.UNSAID} in JSON; after the SOAP message"
TOLD = f"{sources.UNSAID} how it is named; that it is told:"
SCHEMA = f"{sources.UNSAID}; after a listener's classes: {sources.SCHEMA}"

_PAGE = sources.CONNECTIVITY_CALLBACK_ERRORS
_READ = f"{_PAGE}, as read in {sources.EVANGELIST}"
_STATUS = f"{_READ}; its value when all is well is after {sources.SDK}"
_ATTEMPTS = f"{_READ}; that there are four attempts: {sources.CALLBACKS}"
_SUCCESS = rows("assumed", _STATUS, {"status": "Success"})
_CREDENTIALS = rows(
    "documented",
    sources.CALLBACKS,
    {"username": "{username}", "password": "{password}"},
)
_DEVICE = rows("documented", _READ, devices(iccid=ICCID))


def message(
    service: str,
    what: str,
    summary: str,
    payload: Rows,
    *,
    status: Rows = _SUCCESS,
    ids: Rows = _DEVICE,
    credentials: Rows = _CREDENTIALS,
    retried: bool = True,
) -> Event:
    """Return an event: a payload in the envelope, in the documented order.

    Args:
        service: The callback service.
        what: The event's name after the service's.
        summary: When ThingSpace sends it.
        payload: What is between the device and the status.
        status: How it went; empty where a message has none.
        ids: The device; empty where a message names it in its payload only.
        credentials: The registration's; empty where a message has none.
        retried: Whether it is sent again where it was not acknowledged.
    """
    fields = (
        *credentials,
        *rows("documented", _READ, {"requestId": REQUEST_ID}),
        *ids,
        *payload,
        *status,
        *rows("documented", _ATTEMPTS, dict(zip(COUNTS, (1, 4), strict=True))),
    )
    return Event(
        f"{service}.{what}", service, summary, fields, None, *COUNTS, retried=retried
    )


def failure(service: str, what: str, summary: str, code: str, text: str) -> Event:
    """Return an event that ends in a fault.

    Args:
        service: The callback service.
        what: The name of the event that did not come about.
        summary: When ThingSpace sends it.
        code: The documented code, its class first, without a service's name.
        text: What follows the class in words.
    """
    whole = code == "REQUEST_FAILED.DeviceAlreadyActive"
    told = _READ if whole else f"{_READ}; that this request ends so is assumed"
    fault = {
        "faultcode": f"UnifiedWebService.{code}",
        "faultstring": f"{code.partition('.')[0]}. {text}",
    }
    payload = (
        *rows("documented" if whole else "assumed", told, fault, "faultResponse"),
        *rows("assumed", SCHEMA, {"detail": "", "faultactor": ""}, "faultResponse"),
    )
    status = rows("documented", _READ, {"status": "Failed"})
    return message(service, f"{what}.failed", summary, payload, status=status)
