"""Every API through the wire: what each grants, refuses and keeps apart."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockthingspace import create_app
from mockthingspace.apis import APIS
from mockthingspace.apis.fidelity import entries
from mockthingspace.core import exceptions
from mockthingspace.core.models import EVIDENCE
from mockthingspace.core.settings import Settings
from mockthingspace.spec.fields import Account

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
URL = "https://listener.example/cb"
LONGEST = 1024 * 1024
Told = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True)
class Place:
    """Where an API's callbacks are, and what a registration says there.

    ``ending`` is what a deregistration's place has besides.
    """

    at: str
    ending: str
    service: str
    url: str = "url"
    name: str = ""
    names_account: bool = False

    def wanted(self, account: str = ACCOUNT, **changes: object) -> dict[str, object]:
        """Return a registration's body, with some of it changed by our names."""
        own = {"url": URL, "name": self.service} | changes
        body = {self.url: own["url"]}
        if self.name:
            body[self.name] = own["name"]
        if self.names_account:
            body["accountName"] = account
        return body

    def place(self, account: str = ACCOUNT) -> str:
        """Return where an account's callbacks are."""
        return self.at.format(account=account)

    def gone(self, account: str = ACCOUNT, service: str | None = None) -> str:
        """Return where a registration is deregistered."""
        return self.place(account) + self.ending.format(service=service or self.service)


LIST = "/callbacks/{account}"
NAMED = "/name/{service}"
PLACES = {
    "fota-v1": Place(f"/api/fota/v1{LIST}", NAMED, "Fota", name="name"),
    "fota-v2": Place(f"/api/fota/v2{LIST}", "", "Fota"),
    "fota-v3": Place(f"/api/fota/v3{LIST}", "", "Fota"),
    "connectivity": Place(f"/api/m2m/v1{LIST}", NAMED, "CarrierService", name="name"),
    "location": Place(f"/api/loc/v1{LIST}", NAMED, "Location", name="name"),
    "diagnostics": Place(
        "/api/diagnostics/v1/callbacks?accountName={account}",
        "&serviceName={service}",
        "Diagnostics",
        "endpoint",
        "serviceName",
        names_account=True,
    ),
    "hyper-precise": Place(
        "/api/hyper-precise/v1/callbacks?accountNumber={account}",
        "&service={service}",
        "BullseyeReporting",
        name="name",
    ),
}
SIGNED = ("location", "diagnostics")
every_family = each("family", PLACES)


def test_every_family_with_accounts_is_tested_here():
    """An API that registers listeners has its row in the table."""
    assert {api.name for api in APIS if api.services} == set(PLACES)


def asking(**settings: Any) -> FlaskClient:
    """Return a client of a server with these settings, as just started."""
    return create_app(Settings(clock="manual", **settings)).test_client()


def operations(
    family: str, account: str = ACCOUNT
) -> Iterator[tuple[str, str, str, dict[str, object] | None]]:
    """Return each of an API's operations: name, method, place and body."""
    served = PLACES[family]
    listing = "list" if served.name else "show"
    wanted = served.wanted(account)
    yield listing, "GET", served.place(account), None
    yield "register", "POST", served.place(account), wanted
    if not served.name:
        yield "replace", "PUT", served.place(account), wanted
    yield "deregister", "DELETE", served.gone(account), None


def registered(client: FlaskClient) -> object:
    """Return everything that is registered."""
    return client.get("/__admin/registrations").json["registrations"]


def last(client: FlaskClient) -> dict[str, Any]:
    """Return the last exchange in the journal."""
    shown: dict[str, Any] = client.get("/__admin/requests?limit=1").json["requests"][0]
    return shown


# How each API says what.


def invalid(message: str, status: int = 400, code: str = "INVALID_PARAMETER") -> Told:
    """Spell a refusal as most APIs do."""
    return status, {"errorCode": code, "errorMessage": message}


def uws(code: str, message: str, status: int = 400) -> Told:
    """Spell a refusal as connectivity does."""
    return invalid(message, status, f"UnifiedWebService.{code}")


def responded(message: str, status: int = 400, code: str = "INVALID_PARAMETER") -> Told:
    """Spell a refusal as hyper-precise does."""
    return status, {"responseCode": code, "message": message}


def fault(code: int, message: str, description: str) -> Told:
    """Spell a 401 of the gateway."""
    said = {"code": code, "message": message, "description": description}
    return 401, {"fault": said}


MISSING = fault(
    900902,
    "Missing Credentials",
    "Required OAuth credentials not provided. Make sure your API invocation call has "
    'a header: "Authorization: Basic ACCESS_TOKEN"',
)


def bearers(context: str) -> dict[str, Told]:
    """Say how the gateway in front of an API refuses a bearer token."""
    unknown = fault(
        900901,
        "Invalid Credentials",
        f"Access failure for API: {context}, version: {context[-2:]}. Make sure you "
        "have given the correct access token",
    )
    cases = dict.fromkeys(("invalid bearer", "expired bearer"), unknown)
    return {"missing bearer": MISSING, **cases}


def sessions() -> dict[str, Told]:
    """Say how a session token is refused by the APIs that ask UWS."""
    said = {
        "missing": "The session token is missing.",
        "invalid": "The session token is invalid.",
        "expired": "The Session has expired.",
    }
    return {
        f"{case} session": invalid(f"UWS verification failure ({text})")
        for case, text in said.items()
    }


def unreadable(*told: Told) -> dict[str, Told]:
    """Say how bodies are refused: blank, unreadable, and short of a field."""
    cases = ("empty body", "not JSON", "missing field", "wrong type")
    blank, fields = told[0], told[-1]
    return dict(zip(cases, (blank, blank, fields, fields), strict=True))


def fota(version: str) -> dict[str, Told]:
    """Say how a version of the Software Management API refuses."""
    return {
        **bearers(f"/fota/{version}"),
        **sessions(),
        **unreadable(invalid("Input binding error")),
        "bad account": invalid("Invalid account name format"),
        "missing account": invalid("Invalid account name format"),
        "inactive account": invalid("Inactive account"),
        "unknown service": invalid("Invalid service name"),
        "bad URL": invalid("Invalid callback URL"),
        "too large": invalid("Request body too large", 413),
        "not registered": invalid("Callback not registered"),
    }


DENIED = "The access policy denied the resource operation for this user"
UNVERIFIED = "An error was encountered when trying to verify the UWS account."
ANSWERS: dict[str, dict[str, Told]] = {
    "fota-v1": fota("v1"),
    "fota-v2": fota("v2"),
    "fota-v3": fota("v3"),
    "connectivity": {
        **bearers("/m2m/v1"),
        **unreadable(
            uws(
                "INPUT_INVALID.RequestUndefined",
                "Request cannot be blank. Please provide request details.",
            ),
            uws("DeserializationFailed", "A required element is missing."),
        ),
        "bad account": uws(
            "REQUEST_FAILED.AccountNotFound", "The account was not found."
        ),
        "missing account": uws(
            "INPUT_INVALID.Account.NotDefined", "The account is not defined."
        ),
        "inactive account": uws(
            "REQUEST_FAILED.AccountNotFound", "The account was not found."
        ),
        "unknown service": uws(
            "INPUT_INVALID.CallbackService.Invalid",
            "The callback service name is invalid.",
        ),
        "bad URL": uws(
            "INPUT_INVALID.CallbackUrl.Invalid", "The callback URL is invalid."
        ),
        "too large": uws(
            "INPUT_INVALID.Request.TooLarge", "The request is too large.", 413
        ),
        "not registered": uws(
            "REQUEST_FAILED.CallbackNotFound", "The callback is not registered."
        ),
        "missing session": uws(
            "REQUEST_FAILED.SessionToken.Format",
            "The session token is missing from the header.",
        ),
        "invalid session": uws(
            "INPUT_INVALID.SessionToken.Invalid", "The session token is invalid."
        ),
        "expired session": uws(
            "REQUEST_FAILED.SessionToken.Expired", "The Session has expired."
        ),
    },
    "location": {
        **bearers("/loc/v1"),
        **sessions(),
        **unreadable(invalid("Invalid JSON")),
        "bad account": invalid("Invalid account name"),
        "missing account": invalid("Invalid account name"),
        "inactive account": invalid("Unregistered account"),
        "unknown service": invalid("Invalid service name"),
        "bad URL": invalid("Invalid callback URL"),
        "too large": invalid("Request body too large", 413),
        "not registered": invalid("Callback not registered"),
    },
    "diagnostics": {
        **bearers("/diagnostics/v1"),
        **dict.fromkeys(
            ("missing session", "invalid session", "expired session"),
            invalid(UNVERIFIED, 401, "INVALID_ACCOUNT"),
        ),
        **unreadable(invalid("The request parameter is invalid.")),
        "bad account": invalid("Invalid account name"),
        "missing account": invalid("Invalid account name"),
        "inactive account": invalid(
            "The account is inactive.", 500, "INACTIVE_ACCOUNT"
        ),
        "unknown service": invalid("Invalid service name"),
        "bad URL": invalid("Invalid endpoint"),
        "too large": invalid("Request body too large", 413),
        "not registered": invalid(
            "Callback is not registered for this account.",
            403,
            "CALLBACK_NOT_REGISTERED",
        ),
    },
    "hyper-precise": {
        **{
            case: (401, {**responded(DENIED, 401, "INVALID_ACCESS")[1], "fault": text})
            for case, (_, told) in bearers("/hyper-precise/v1").items()
            for text in [{**told["fault"], "code": str(told["fault"]["code"])}]
        },
        **dict.fromkeys(
            ("missing session", "invalid session", "expired session"),
            responded(DENIED, 401, "INVALID_ACCESS"),
        ),
        **unreadable(responded("Invalid request")),
        "bad account": responded("Invalid account number"),
        "missing account": responded("Invalid account number"),
        "inactive account": responded(DENIED, 403, "INVALID_ACCESS"),
        "unknown service": responded("Invalid service name"),
        "bad URL": responded("Invalid callback URL"),
        "too large": responded("Request body too large", 413),
        "not registered": responded("Callback not registered", 404),
    },
}


def assert_refused(
    client: FlaskClient, family: str, case: str, asked: Callable[[], TestResponse]
) -> None:
    """Assert that a request is refused in the API's words and changes nothing."""
    before = registered(client)

    response = asked()

    assert (response.status_code, response.json) == ANSWERS[family][case]
    assert response.content_type == "application/json"
    assert response.headers["X-Mock-Reason"]
    assert registered(client) == before


def assert_all_refused(
    client: FlaskClient,
    family: str,
    case: str,
    account: str = ACCOUNT,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Assert that each of an API's operations is refused so."""
    for _, method, path, body in operations(family, account):
        assert_refused(
            client,
            family,
            case,
            lambda method=method, path=path, body=body: client.open(
                path, method=method, json=body, headers=headers
            ),
        )


@every_family
@each(
    ("case", "account"),
    [
        ("bad account", "0242078689"),
        ("bad account", "TestAccount-x"),
        ("bad account", "0242078689-000011"),
        ("missing account", ""),
    ],
)
def test_an_account_that_is_none_is_refused_by_every_operation(family, case, account):
    """Wherever an account travels, it is held to its format."""
    assert_all_refused(asking(), family, case, account)


@each("family", ["diagnostics", "hyper-precise"])
@each("operation", ["GET", "DELETE"])
def test_a_query_without_an_account_is_refused(family, operation):
    """An account that travels in the query is missing where there is no query."""
    client = asking()
    path = PLACES[family].place().partition("?")[0]

    assert_refused(
        client, family, "missing account", lambda: client.open(path, method=operation)
    )


@every_family
def test_an_account_that_does_not_exist_is_refused_by_every_operation(family):
    """With ``accounts`` set any other is inactive."""
    assert_all_refused(asking(accounts=frozenset({OTHER})), family, "inactive account")


@each("family", [name for name, value in PLACES.items() if value.name])
@each("service", ["Nope", "fota", ""])
def test_a_service_there_is_none_of_is_refused(family, service):
    """Where services have names on the wire, theirs are the only ones."""
    client, served = asking(), PLACES[family]
    wanted = served.wanted(name=service)

    for asked in (
        lambda: client.post(served.place(), json=wanted),
        lambda: client.delete(served.place() + served.ending.format(service=service)),
    ):
        assert_refused(client, family, "unknown service", asked)


BODIES: dict[str, tuple[str, Callable[[Place], Any]]] = {
    "no scheme": ("bad URL", lambda item: item.wanted(url="listener.example/cb")),
    "no host": ("bad URL", lambda item: item.wanted(url="http://")),
    "other scheme": ("bad URL", lambda item: item.wanted(url="ftp://listener/")),
    "URL missing": (
        "missing field",
        lambda registration: {
            key: value
            for key, value in registration.wanted().items()
            if key != registration.url
        },
    ),
    "URL null": ("wrong type", lambda item: item.wanted(url=None)),
    "URL a number": ("wrong type", lambda item: item.wanted(url=7)),
    "URL an array": ("wrong type", lambda item: item.wanted(url=[URL])),
    "empty": ("empty body", lambda _: b""),
    "blank": ("empty body", lambda _: b" \r\n"),
    "no JSON": ("not JSON", lambda _: b'{"url"'),
    "no object": ("not JSON", lambda _: b'"url"'),
    "too large": ("too large", lambda _: b"{}".ljust(LONGEST + 1)),
}


@every_family
@each(("case", "body"), BODIES.values(), ids=BODIES)
def test_a_body_that_will_not_do_is_refused(family, case, body):
    """Each way to register refuses in the API's words, and keeps what there was."""
    client, served = asking(), PLACES[family]
    client.post(served.place(), json=served.wanted(url="http://before/"))
    made = body(served)
    sent = {"data": made} if isinstance(made, bytes) else {"json": made}

    for method in ("POST",) if served.name else ("POST", "PUT"):
        assert_refused(
            client,
            family,
            case,
            lambda method=method: client.open(served.place(), method=method, **sent),
        )


@every_family
def test_deregistering_what_is_not_registered_is_refused(family):
    """There is nothing to deregister, unless ``deregister_missing`` grants it."""
    refusing, served = asking(), PLACES[family]
    granting = asking(deregister_missing="ok")

    for client in (refusing, granting):
        client.post(served.place(OTHER), json=served.wanted(OTHER))
    assert_refused(
        refusing, family, "not registered", lambda: refusing.delete(served.gone())
    )

    assert granting.delete(served.gone()).status_code == 200


@dataclass(frozen=True)
class Proofs:
    """What a request shows of its tokens, after how many seconds."""

    auth: str
    bearer: str | None
    session: str | None
    after_s: int = 0


PROOFS = {
    "missing bearer": Proofs("present", None, "any"),
    "missing session": Proofs("present", "any", None),
    "invalid bearer": Proofs("strict", "any", "issued"),
    "invalid session": Proofs("strict", "issued", "any"),
    "expired bearer": Proofs("strict", "issued", "issued", after_s=3600),
    "expired session": Proofs("strict", "issued", "issued", after_s=1200),
}


def issued(client: FlaskClient) -> tuple[str, str]:
    """Get a bearer and a session token."""
    token = client.post(
        "/api/ts/v1/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=("key", "secret"),
    ).json["access_token"]
    session = client.post(
        "/api/m2m/v1/session/login",
        json={"username": "ann", "password": "b"},
        headers={"Authorization": f"Bearer {token}"},
    ).json["sessionToken"]
    return token, session


def proofs(bearer: str | None, session: str | None) -> dict[str, str]:
    """Spell tokens as a request's headers do."""
    named = {"Authorization": bearer and f"Bearer {bearer}", "VZ-M2M-Token": session}
    return {name: value for name, value in named.items() if value is not None}


@every_family
@each("case", PROOFS)
def test_a_request_without_good_tokens_is_refused_by_every_operation(family, case):
    """Bearer and session are asked for, and held to their lifetimes."""
    shown = PROOFS[case]
    client = asking(auth=shown.auth)
    bearer, session = issued(client)
    client.post("/__admin/clock/advance", json={"seconds": shown.after_s})

    headers = proofs(
        bearer if shown.bearer == "issued" else shown.bearer,
        session if shown.session == "issued" else shown.session,
    )
    assert_all_refused(client, family, case, headers=headers)


@every_family
def test_a_request_with_good_tokens_is_granted(family):
    """Tokens that were issued here and still live open every operation."""
    client = asking(auth="strict")
    headers = proofs(*issued(client))

    for _, method, path, body in operations(family):
        response = client.open(path, method=method, json=body, headers=headers)
        assert response.status_code == 200


def test_every_refusal_a_family_can_meet_has_its_words():
    """The table of answers has every case for every API."""
    cases = {frozenset(value) for value in ANSWERS.values()}

    assert len(cases) == 1


@every_family
def test_what_is_not_served_gets_the_gateways_fault(family):
    """In every API an unknown path is a 404, another method a 405 with Allow."""
    client, served = asking(), PLACES[family]
    prefix = served.at.partition("/callbacks")[0]

    unknown = client.get(f"{prefix}/nothing")
    other = client.patch(served.place())

    assert [
        (item.status_code, item.json["fault"]["code"]) for item in (unknown, other)
    ] == [(404, 900906), (405, 900906)]
    assert "GET" in other.headers["Allow"]


@every_family
def test_what_is_not_served_is_told_before_a_missing_bearer(family):
    """The gateway, which names a charset there, looks for the path first."""
    prefix = PLACES[family].at.partition("/callbacks")[0]

    response = asking(auth="strict").get(f"{prefix}/nothing")

    assert (response.status_code, response.content_type) == (
        404,
        "application/json; charset=UTF-8",
    )


# What each API answers when it grants.

DIAGNOSED = {
    "accountName": ACCOUNT,
    "serviceName": "Diagnostics",
    "endpoint": URL,
    "httpHeaders": {},
}
SHOWN: dict[str, tuple[Any, Any, Any]] = {
    "fota-v1": (
        {"accountName": ACCOUNT, "serviceName": "Fota"},
        [{"aname": ACCOUNT, "name": "Fota", "url": URL}],
        {"success": True},
    ),
    "fota-v2": ({"url": URL}, {"url": URL}, {"success": True}),
    "fota-v3": ({"url": URL}, {"url": URL}, {"success": True}),
    "connectivity": (
        {"accountName": ACCOUNT, "serviceName": "CarrierService"},
        [{"accountName": ACCOUNT, "serviceName": "CarrierService", "url": URL}],
        {"accountName": ACCOUNT, "serviceName": "CarrierService"},
    ),
    "location": (
        {"account": ACCOUNT, "name": "Location"},
        [{"name": "Location", "url": URL}],
        {"success": True},
    ),
    "diagnostics": (
        DIAGNOSED,
        [DIAGNOSED],
        DIAGNOSED,
    ),
    "hyper-precise": (
        {"accountName": ACCOUNT, "name": "BullseyeReporting"},
        [
            {
                "aname": ACCOUNT,
                "accountName": ACCOUNT,
                "name": "BullseyeReporting",
                "url": URL,
            }
        ],
        None,
    ),
}


def _but_when(told: Any) -> Any:
    """Leave out when a registration was made."""
    if isinstance(told, list):
        return [_but_when(item) for item in told]
    if isinstance(told, dict):
        return {key: value for key, value in told.items() if key != "createdOn"}
    return told


def said(response: TestResponse) -> Any:
    """Return what a granted request is answered with; None for an empty body."""
    assert response.status_code == 200
    assert "X-Mock-Reason" not in response.headers
    if not response.data:
        assert "Content-Type" not in response.headers
        return None
    assert response.content_type == "application/json"
    return _but_when(response.json)


@every_family
def test_a_registration_is_listed_until_it_is_deregistered(family):
    """Registering, listing and deregistering answer in the SDK's schemas."""
    client, served = asking(), PLACES[family]
    nothing = [] if served.name else None
    made, listed, ended = SHOWN[family]

    assert said(client.get(served.place())) == nothing
    assert said(client.post(served.place(), json=served.wanted())) == made
    assert said(client.get(served.place())) == listed
    assert said(client.delete(served.gone())) == ended
    assert said(client.get(served.place())) == nothing


WHOLE = {
    "accountName": ACCOUNT,
    "serviceName": "CarrierService",
    "url": URL,
    "username": "",
    "password": "",
}
LOCATED = {**WHOLE, "serviceName": "Location"}
PAGED = [{"aname": ACCOUNT, "name": "BullseyeReporting", "url": URL}]
IN_DOCS_DIALECT: dict[str, tuple[Any, Any, Any, Any]] = {
    "fota-v1": (None, *SHOWN["fota-v1"]),
    "fota-v2": (None, *SHOWN["fota-v2"]),
    "fota-v3": (None, *SHOWN["fota-v3"]),
    "connectivity": (
        None,
        SHOWN["connectivity"][0],
        [WHOLE],
        SHOWN["connectivity"][2],
    ),
    "location": (
        None,
        SHOWN["location"][0],
        [LOCATED],
        {"accountName": ACCOUNT, "serviceName": "Location"},
    ),
    "diagnostics": ([], *SHOWN["diagnostics"]),
    "hyper-precise": (
        [],
        PAGED,
        PAGED,
        {"responseCode": "SUCCESS", "message": "Success"},
    ),
}


@every_family
def test_the_pages_shapes_are_answered_where_they_are_followed(family):
    """With ``dialect=docs`` the same round trip has ThingSpace's pages' schemas."""
    client, served = asking(dialect="docs"), PLACES[family]
    nothing, made, listed, ended = IN_DOCS_DIALECT[family]

    assert said(client.get(served.place())) == nothing
    assert said(client.post(served.place(), json=served.wanted())) == made
    assert said(client.get(served.place())) == listed
    assert said(client.delete(served.gone())) == ended
    assert said(client.get(served.place())) == nothing


def test_the_pages_list_no_credentials_of_fota_v1():
    """The page of the list has three fields, whatever was registered."""
    client, served = asking(dialect="docs"), PLACES["fota-v1"]
    wanted = served.wanted() | {"username": "ann", "password": "b"}

    client.post(served.place(), json=wanted)

    assert said(client.get(served.place())) == SHOWN["fota-v1"][1]


@every_family
def test_the_pages_refuse_with_a_code_and_a_message(family):
    """With ``dialect=docs`` no API has a schema of its own."""
    client = asking(dialect="docs", accounts=frozenset({OTHER}))
    status, told = ANSWERS[family]["inactive account"]
    code, message = told.values()

    response = client.get(PLACES[family].place())

    assert (
        response.status_code,
        response.json,
    ) == (status, {"errorCode": code, "errorMessage": message})


@every_family
def test_the_pages_spell_a_faults_code_as_text(family):
    """With ``dialect=docs`` what the gateway answers has its number in quotes."""
    client = asking(dialect="docs")

    response = client.patch(PLACES[family].place())

    assert (response.status_code, response.json["fault"]["code"]) == (405, "900906")


@every_family
def test_a_second_registration_replaces_the_first(family):
    """An account has one listener for a service, the last one."""
    client, served = asking(), PLACES[family]
    first = served.wanted(url="http://first/")
    client.post(served.place(), json=first | {"httpHeaders": {"X-A": "b"}})

    client.post(served.place(), json=served.wanted())

    assert said(client.get(served.place())) == SHOWN[family][1]


@every_family
def test_accounts_do_not_see_each_other(family):
    """A registration belongs to its account alone, and so does its end."""
    client, served = asking(), PLACES[family]
    for account in (ACCOUNT, OTHER):
        client.post(served.place(account), json=served.wanted(account))

    client.delete(served.gone(OTHER))

    assert said(client.get(served.place())) == SHOWN[family][1]
    assert said(client.get(served.place(OTHER))) == ([] if served.name else None)


def test_families_do_not_see_each_others_registrations():
    """The same account has a listener with each API, until each is told."""
    client = asking()
    for served in PLACES.values():
        client.post(served.place(), json=served.wanted())
    left = dict(PLACES)

    for family, served in PLACES.items():
        assert said(client.delete(served.gone())) == SHOWN[family][2]
        del left[family]
        assert {item["family"] for item in registered(client)} == set(left)
        for name, other in left.items():
            assert said(client.get(other.place())) == SHOWN[name][1]


@every_family
def test_head_is_answered_as_get_is_without_the_body(family):
    """A client may ask for the headers only; the journal names the same operation."""
    client, served = asking(), PLACES[family]
    client.post(served.place(), json=served.wanted())

    full, head = client.get(served.place()), client.head(served.place())

    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(full.headers)
    assert (
        last(client)["request"]["method"],
        last(client)["operation"],
    ) == ("HEAD", next(operations(family))[0])


@every_family
def test_an_unknown_query_parameter_changes_nothing(family):
    """What ThingSpace does not know is ignored, and named where a query is read."""
    client, served = asking(), PLACES[family]
    client.post(served.place(), json=served.wanted())
    joint = "&" if "?" in served.place() else "?"

    response = client.get(f"{served.place()}{joint}colour=red")

    assert _but_when(response.json) == SHOWN[family][1]
    told = response.headers.get("X-Mock-Reason", "")
    assert ("?" in served.place()) is ("ignored unknown 'colour'" in told)


@every_family
def test_an_unknown_field_is_ignored_and_named(family):
    """A field ThingSpace does not know changes nothing; the reason names it."""
    client, served = asking(), PLACES[family]

    response = client.post(served.place(), json={**served.wanted(), "colour": "red"})

    assert _but_when(response.json) == SHOWN[family][0]
    assert "ignored unknown 'colour'; known: " in response.headers["X-Mock-Reason"]


@each("family", SIGNED)
@each("dialect", ["sdk", "docs"])
def test_the_secret_of_a_signed_family_is_in_a_header(family, dialect):
    """Only a registration's reply has it, 64 hexadecimal digits."""
    client, served = asking(dialect=dialect), PLACES[family]

    made = client.post(served.place(), json=served.wanted())
    refused = client.post(served.place(), json={})
    listed, ended = client.get(served.place()), client.delete(served.gone())

    assert len(bytes.fromhex(made.headers["X-ThingSpace-Secret"])) == 32
    for item in (refused, listed, ended):
        assert "X-ThingSpace-Secret" not in item.headers


@each("family", [place for place in PLACES if place not in SIGNED])
def test_a_family_that_does_not_sign_has_no_secret(family):
    """Nothing to sign with is made up for messages that are not signed."""
    client, served = asking(), PLACES[family]

    made = client.post(served.place(), json=served.wanted())

    assert "X-ThingSpace-Secret" not in made.headers
    assert [item["secret"] for item in registered(client)] == [None]


# What the journal says.


@every_family
@each("settings", [{}, {"accounts": frozenset({OTHER})}], ids=str)
def test_the_journal_names_account_family_and_operation(family, settings):
    """Whether granted or refused, wherever the account travels."""
    client = asking(**settings)

    for name, method, path, body in operations(family):
        client.open(path, method=method, json=body)
        shown = last(client)
        assert (
            shown["family"],
            shown["operation"],
            shown["account"],
        ) == (family, name, ACCOUNT)


@every_family
def test_the_journal_names_a_malformed_account_too(family):
    """What came for an account is what one looks for in the journal, cut."""
    client = asking()

    for _, method, path, body in operations(family, "x" * 200):
        client.open(path, method=method, json=body)
        assert last(client)["account"] == "x" * 100


@every_family
def test_the_journal_names_the_account_of_a_request_without_tokens(family):
    """Who was refused for want of a token can be told too."""
    client = asking(auth="present")

    for name, method, path, body in operations(family):
        client.open(path, method=method, json=body)
        shown = last(client)
        assert (shown["operation"], shown["account"]) == (name, ACCOUNT)


@every_family
def test_a_reset_of_one_account_takes_its_exchanges(family):
    """The account in path, query or body is whose exchange it is."""
    client = asking()
    for account in (ACCOUNT, OTHER):
        for _, method, path, body in operations(family, account):
            client.open(path, method=method, json=body)

    client.post(f"/__admin/reset?account={ACCOUNT}", json={})

    left = client.get("/__admin/requests").json["requests"]
    assert {exchange["account"] for exchange in left} == {OTHER}


# The APIs as values.

REFUSALS = [
    value
    for value in vars(exceptions).values()
    if isinstance(value, type) and issubclass(value, exceptions.ThingSpaceError)
]
ONLY_FOR = {
    exceptions.InvalidAccount: "service",
    exceptions.InactiveAccount: "service",
    exceptions.UnknownService: "name",
    exceptions.InvalidUrl: "service",
    exceptions.InvalidCredential: "credentials",
    exceptions.NotRegistered: "service",
    exceptions.MissingSession: "session",
    exceptions.InvalidSession: "session",
    exceptions.ExpiredSession: "session",
    exceptions.InvalidBearer: "bearer",
    exceptions.WrongPassword: "login",
    exceptions.NoAccount: "guessed",
    exceptions.SeveralAccounts: "guessed",
    exceptions.UnknownRequest: "request",
}


def _guesses(operation) -> bool:
    """Say whether an operation may leave out its account."""
    accounts = [schema.fields.get("account") for _, schema in operation.schemas()]
    return any(isinstance(item, Account) and not item.required for item in accounts)


def _concerns(family) -> set[str]:
    """Say what an API's operations deal in."""
    fields = {
        name
        for operation in family.operations
        for place, schema in operation.schemas()
        if place != "reply"
        for name in schema.fields
    }
    needs = {need for operation in family.operations for need in operation.needs}
    return (
        needs
        | ({"service"} if family.services else set())
        | ({"name"} if "service" in fields else set())
        | ({"request"} if "request_id" in fields else set())
        | ({"guessed"} if any(map(_guesses, family.operations)) else set())
        | ({"credentials"} if {"account", "password"} <= fields else set())
        | (
            {"login"}
            if any(operation.name == "login" for operation in family.operations)
            else set()
        )
    )


@each("family", APIS, ids=lambda api: api.prefix)
@each("refusal", REFUSALS, ids=lambda item: item.__name__)
def test_every_family_answers_every_refusal_it_can_meet(family, refusal):
    """Adding a refusal, or an API, without deciding its reply fails here."""
    if refusal is exceptions.ThingSpaceError:
        return
    known = next((ONLY_FOR[item] for item in refusal.__mro__ if item in ONLY_FOR), None)
    if known is not None and known not in _concerns(family):
        return

    answer = family.answer_to(refusal)

    assert 400 <= answer.status <= 500
    assert answer.body


def test_everything_done_has_a_mark_and_a_source():
    """Nothing is done on the wire without saying how we know."""
    assert [
        entry
        for entry in entries()
        if entry.evidence not in EVIDENCE or not entry.summary or not entry.source
    ] == []


@each("family", APIS, ids=lambda api: api.prefix)
def test_names_and_routes_are_unique(family):
    """An operation is named once, and a method and path served once."""
    operations = family.operations

    assert len({operation.name for operation in operations}) == len(operations)
    assert len({(operation.method, operation.rule) for operation in operations}) == len(
        operations
    )
