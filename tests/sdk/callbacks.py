"""The SDK's calls of every API's callbacks, and what is to come of each.

An API's calls differ in names, arguments and models; here they are values with
one face, so that a test is written once for all APIs. A model is compared by
its type and its attributes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from operator import attrgetter
from typing import Any

from verizon.api_helper import APIHelper
from verizon.exceptions.api_exception import APIException
from verizon.exceptions.connectivity_management_result_exception import (
    ConnectivityManagementResultException,
)
from verizon.exceptions.device_diagnostics_result_exception import (
    DeviceDiagnosticsResultException,
)
from verizon.exceptions.device_location_result_exception import (
    DeviceLocationResultException,
)
from verizon.exceptions.fota_v1_result_exception import FotaV1ResultException
from verizon.exceptions.fota_v2_result_exception import FotaV2ResultException
from verizon.exceptions.fota_v3_result_exception import FotaV3ResultException
from verizon.exceptions.hyper_precise_location_result_exception import (
    HyperPreciseLocationResultException,
)
from verizon.models.callback_action_result import CallbackActionResult
from verizon.models.callback_created import CallbackCreated
from verizon.models.callback_registered import CallbackRegistered
from verizon.models.callback_registration_request import CallbackRegistrationRequest
from verizon.models.callback_registration_result import CallbackRegistrationResult
from verizon.models.callback_summary import CallbackSummary
from verizon.models.connectivity_management_callback import (
    ConnectivityManagementCallback,
)
from verizon.models.device_diagnostics_callback import DeviceDiagnosticsCallback
from verizon.models.device_location_callback import DeviceLocationCallback
from verizon.models.device_location_success_result import DeviceLocationSuccessResult
from verizon.models.fota_v1_callback_registration_request import (
    FotaV1CallbackRegistrationRequest,
)
from verizon.models.fota_v1_callback_registration_result import (
    FotaV1CallbackRegistrationResult,
)
from verizon.models.fota_v1_success_result import FotaV1SuccessResult
from verizon.models.fota_v2_callback_registration_request import (
    FotaV2CallbackRegistrationRequest,
)
from verizon.models.fota_v2_callback_registration_result import (
    FotaV2CallbackRegistrationResult,
)
from verizon.models.fota_v2_success_result import FotaV2SuccessResult
from verizon.models.fota_v3_callback_registration_request import (
    FotaV3CallbackRegistrationRequest,
)
from verizon.models.fota_v3_callback_registration_result import (
    FotaV3CallbackRegistrationResult,
)
from verizon.models.fota_v3_callback_summary import FotaV3CallbackSummary
from verizon.models.fota_v3_success_result import FotaV3SuccessResult
from verizon.models.hyper_precise_location_callback import HyperPreciseLocationCallback
from verizon.models.register_callback_request import RegisterCallbackRequest
from verizon.models.registered_callbacks import RegisteredCallbacks
from verizon.verizon_client import VerizonClient

from .versions import RELEASE

ACCOUNT = "0242078689-00001"
URL = "https://10.120.102.183:50559/CallbackListener/Messages.asmx"
ANOTHER_URL = "https://localhost:9001/callbacks"

UWS = "UnifiedWebService"
REFUSALS = (
    "missing account",
    "bad account",
    "inactive account",
    "missing body",
    "missing url",
    "bad url",
    "open url",
    "closed port",
    "long credential",
    "missing service",
    "unknown service",
    "not registered",
    "missing session",
    "wrong session",
    "expired session",
)
ALL_INVALID = dict.fromkeys(REFUSALS, (400, "INVALID_PARAMETER"))


@dataclass(frozen=True, kw_only=True)
class Callbacks:
    """One API's callback calls, as functions of a client; they give the body.

    Args:
        name: What the server calls the API.
        controller: Where the client has the calls.
        service: The service that is registered, and whose name a deregistration
            may need.
        body: Makes the body of a registration of ``account``, ``service``, ``url``
            and what else the API takes.
        lister: The call that lists; takes an account.
        registrar: The call that registers.
        replacer: The call that replaces; None where there is none.
        remover: The call that deregisters.
        registering: What ``registrar`` and ``replacer`` take of account and body.
        deregistering: What ``remover`` takes of account and service.
        none: What is listed where nothing is registered.
        listed_as: What is listed where one is, of its URL.
        registered: The model that registering answers, of the URL.
        deregistered: The model that deregistering answers, of the URL.
        refusal: What the SDK raises for the statuses it knows.
        knows: Those statuses.
        refusals: How each refusal is answered: status and code.
        words: The exception's attributes, code first, and their keys in the body.
        serviced: Whether a registration names its service.
    """

    name: str
    controller: str
    service: str
    body: Callable[..., Any]
    lister: str = "list_registered_callbacks"
    registrar: str = "register_callback"
    replacer: str | None = None
    remover: str = "deregister_callback"
    registering: Callable[[str, Any], tuple[Any, ...]] = lambda account, body: (
        account,
        body,
    )
    deregistering: Callable[[str, str], tuple[str, ...]] = lambda account, service: (
        account,
        service,
    )
    none: Any
    listed_as: Callable[[str], Any]
    registered: Callable[[str], Any]
    deregistered: Callable[[str], Any]
    refusal: type[APIException]
    knows: tuple[int, ...] = (400,)
    refusals: Mapping[str, tuple[int, str]]
    words: Mapping[str, str] = field(
        default_factory=lambda: {
            "error_code": "errorCode",
            "error_message": "errorMessage",
        }
    )
    serviced: bool = True

    def __repr__(self) -> str:
        """Name the API, for the test's id."""
        return self.name

    def listed(self, client: VerizonClient, account: str = ACCOUNT) -> Any:
        """List the account's registrations."""
        return self._call(client, self.lister, account)

    def register(
        self,
        client: VerizonClient,
        account: str = ACCOUNT,
        body: Any = ...,
        **fields: Any,
    ) -> Any:
        """Register a listener, with a body of these fields unless one is given."""
        return self._register(client, self.registrar, account, body, fields)

    def replace(
        self,
        client: VerizonClient,
        account: str = ACCOUNT,
        body: Any = ...,
        **fields: Any,
    ) -> Any:
        """Replace a listener."""
        return self._register(client, str(self.replacer), account, body, fields)

    def deregister(
        self, client: VerizonClient, account: str = ACCOUNT, service: str | None = None
    ) -> Any:
        """Deregister a listener."""
        arguments = self.deregistering(account, service or self.service)
        return self._call(client, self.remover, *arguments)

    def _register(
        self,
        client: VerizonClient,
        method: str,
        account: str,
        body: Any,
        fields: Mapping[str, Any],
    ) -> Any:
        if body is ...:
            given = {"account": account, "service": self.service, "url": URL, **fields}
            body = self.body(**given)
        return self._call(client, method, *self.registering(account, body))

    def _call(self, client: VerizonClient, method: str, *arguments: Any) -> Any:
        return attrgetter(f"{self.controller}.{method}")(client)(*arguments).body


def named(model: Callable[..., Any]) -> Callable[..., Any]:
    """Make bodies that have a name and a URL, whoever's they are."""
    return lambda account, service, url, **more: model(name=service, url=url, **more)


def only_url(model: Callable[..., Any]) -> Callable[..., Any]:
    """Make bodies that have a URL, whoever's and for whatever they are."""
    return lambda account, service, url: model(url=url)


def success(model: Callable[..., Any]) -> Callable[[str], Any]:
    """Answer success, whatever the URL was."""
    return lambda url: model(success=True)


FOTA_V1 = Callbacks(
    name="fota-v1",
    controller="software_management_callbacks_v1",
    service="Fota",
    body=named(FotaV1CallbackRegistrationRequest),
    none=[],
    listed_as=lambda url: [RegisteredCallbacks(aname=ACCOUNT, name="Fota", url=url)],
    registered=lambda url: FotaV1CallbackRegistrationResult(
        account_name=ACCOUNT, service_name="Fota"
    ),
    deregistered=success(FotaV1SuccessResult),
    refusal=FotaV1ResultException,
    refusals=ALL_INVALID,
)
FOTA_V2 = Callbacks(
    name="fota-v2",
    controller="software_management_callbacks_v2",
    service="Fota",
    body=only_url(FotaV2CallbackRegistrationRequest),
    replacer="update_callback",
    deregistering=lambda account, service: (account,),
    none=None,
    listed_as=lambda url: CallbackSummary(url=url),
    registered=lambda url: FotaV2CallbackRegistrationResult(url=url),
    deregistered=success(FotaV2SuccessResult),
    refusal=FotaV2ResultException,
    refusals=ALL_INVALID,
    serviced=False,
)
FOTA_V3 = Callbacks(
    name="fota-v3",
    controller="software_management_callbacks_v3",
    service="Fota",
    body=only_url(FotaV3CallbackRegistrationRequest),
    replacer="update_callback",
    deregistering=lambda account, service: (account,),
    none=None,
    listed_as=lambda url: FotaV3CallbackSummary(url=url),
    registered=lambda url: FotaV3CallbackRegistrationResult(url=url),
    deregistered=success(FotaV3SuccessResult),
    refusal=FotaV3ResultException,
    refusals=ALL_INVALID,
    serviced=False,
)
CONNECTIVITY = Callbacks(
    name="connectivity",
    controller="connectivity_callbacks",
    service="CarrierService",
    body=named(RegisterCallbackRequest),
    none=[],
    listed_as=lambda url: [
        ConnectivityManagementCallback(
            account_name=ACCOUNT, service_name="CarrierService", url=url
        )
    ],
    registered=lambda url: CallbackActionResult(
        account_name=ACCOUNT, service_name="CarrierService"
    ),
    deregistered=lambda url: CallbackActionResult(
        account_name=ACCOUNT, service_name="CarrierService"
    ),
    refusal=ConnectivityManagementResultException,
    refusals={
        "bad account": (400, f"{UWS}.REQUEST_FAILED.AccountNotFound"),
        "inactive account": (400, f"{UWS}.REQUEST_FAILED.AccountNotFound"),
        "missing body": (400, f"{UWS}.INPUT_INVALID.RequestUndefined"),
        "missing url": (400, f"{UWS}.DeserializationFailed"),
        "missing service": (400, f"{UWS}.DeserializationFailed"),
        "bad character": (400, f"{UWS}.INPUT_INVALID.Request.InvalidCharacter"),
        "bad url": (400, f"{UWS}.INPUT_INVALID.CallbackUrl.Invalid"),
        "closed port": (400, f"{UWS}.INPUT_INVALID.CallbackUrl.Invalid"),
        "long credential": (400, f"{UWS}.INPUT_INVALID.Credentials.TooLong"),
        "unknown service": (400, f"{UWS}.INPUT_INVALID.CallbackService.Invalid"),
        "not registered": (400, f"{UWS}.REQUEST_FAILED.CallbackNotFound"),
        "missing session": (400, f"{UWS}.REQUEST_FAILED.SessionToken.Format"),
        "wrong session": (400, f"{UWS}.INPUT_INVALID.SessionToken.Invalid"),
        "expired session": (400, f"{UWS}.REQUEST_FAILED.SessionToken.Expired"),
    },
)
LOCATION = Callbacks(
    name="location",
    controller="device_location_callbacks",
    service="DeviceLocation",
    body=named(DeviceLocationCallback),
    none=[],
    listed_as=lambda url: [DeviceLocationCallback(name="DeviceLocation", url=url)],
    registered=lambda url: CallbackRegistrationResult(
        account=ACCOUNT, name="DeviceLocation"
    ),
    deregistered=success(DeviceLocationSuccessResult),
    refusal=DeviceLocationResultException,
    refusals=ALL_INVALID,
)


def diagnostics(url: str) -> DeviceDiagnosticsCallback:
    """Make the model that all of diagnostics' calls answer."""
    return DeviceDiagnosticsCallback(
        account_name=ACCOUNT,
        service_name="Diagnostics",
        endpoint=url,
        created_on=datetime.now(timezone.utc),
        http_headers={"Authorization": "Basic YWxpY2U6c2VjcmV0"},
    )


DIAGNOSTICS = Callbacks(
    name="diagnostics",
    controller="diagnostics_callbacks",
    service="Diagnostics",
    body=lambda account, service, url: CallbackRegistrationRequest(
        account_name=account,
        service_name=service,
        endpoint=url,
        http_headers={"Authorization": "Basic YWxpY2U6c2VjcmV0"},
    ),
    lister="get_diagnostics_subscription_callback_info",
    registrar="register_diagnostics_callback_url",
    remover="unregister_diagnostics_callback",
    registering=lambda account, body: (body,),
    none=[],
    listed_as=lambda url: [diagnostics(url)],
    registered=diagnostics,
    deregistered=diagnostics,
    refusal=DeviceDiagnosticsResultException,
    refusals={
        **ALL_INVALID,
        "inactive account": (500, "INACTIVE_ACCOUNT"),
        "not registered": (403, "CALLBACK_NOT_REGISTERED"),
        "missing session": (401, "INVALID_ACCOUNT"),
        "wrong session": (401, "INVALID_ACCOUNT"),
        "expired session": (401, "INVALID_ACCOUNT"),
    },
)
HYPER_PRECISE = Callbacks(
    name="hyper-precise",
    controller="hyper_precise_location_callbacks",
    service="BullseyeReporting",
    body=named(HyperPreciseLocationCallback),
    none=[],
    listed_as=lambda url: [
        CallbackCreated(
            **{RELEASE.listed_account: ACCOUNT}, name="BullseyeReporting", url=url
        )
    ],
    registered=lambda url: CallbackRegistered(
        account_name=ACCOUNT, name="BullseyeReporting"
    ),
    deregistered=lambda url: "",
    refusal=HyperPreciseLocationResultException,
    knows=(400, 401, 403, 404, 409, 500),
    refusals={
        **ALL_INVALID,
        "inactive account": (403, "INVALID_ACCESS"),
        "not registered": (404, "INVALID_PARAMETER"),
        "missing session": (401, "INVALID_ACCESS"),
        "wrong session": (401, "INVALID_ACCESS"),
        "expired session": (401, "INVALID_ACCESS"),
    },
    words={"response_code": "responseCode", "message": "message"},
)
FAMILIES = (
    FOTA_V1,
    FOTA_V2,
    FOTA_V3,
    CONNECTIVITY,
    LOCATION,
    DIAGNOSTICS,
    HYPER_PRECISE,
)


def plain(model: Any) -> Any:
    """Make a model comparable: its type and its attributes; of an array, each's.

    Of an instant only the type is compared; the server's clock says which it is.
    """
    if isinstance(model, list):
        return [plain(item) for item in model]
    if hasattr(model, "__dict__"):
        fields = {} if isinstance(model, APIHelper.CustomDate) else vars(model)
        return type(model), {name: plain(value) for name, value in fields.items()}
    return model
