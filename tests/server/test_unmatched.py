"""A request that nothing serves is told what it was probably meant for."""

import re

import pytest
from flask.testing import FlaskClient

from mockthingspace.apis import APIS
from mockthingspace.apis.documents import published_operations
from mockthingspace.server.http import unmatched
from mockthingspace.server.http.unmatched import (
    account_in,
    nearest_operation,
    published_operation,
)

ACCOUNT = "0242078689-00001"


@pytest.mark.parametrize(
    ("path", "account"),
    [
        (f"/api/fota/v1/callback/{ACCOUNT}", ACCOUNT),
        (f"/{ACCOUNT}/9999999999-99999", ACCOUNT),
        (f"/x{ACCOUNT}x", ACCOUNT),
        (f"/1{ACCOUNT}", None),
        (f"/{ACCOUNT}1", None),
        ("/api/m2m/v1/callback/TestAccount-12", "TestAccount-12"),
        ("/api/diagnostics/v1/TestQAAccount", "TestQAAccount"),
        ("/TestAccount-", None),
        ("/٠٢٤٢٠٧٨٦٨٩-٠٠٠٠١", None),
        ("/", None),
        ("", None),
    ],
    ids=[
        "in",
        "first",
        "letters",
        "before",
        "after",
        "simulator",
        "example",
        "cut",
        "not ASCII",
        "none",
        "empty",
    ],
)
def test_an_account_is_found_in_a_path(path: str, account: str | None) -> None:
    """Ten digits, a hyphen and five digits are an account, more digits are not."""
    assert account_in(path) == account


@pytest.mark.parametrize(
    ("method", "path", "nearest"),
    [
        (
            "GET",
            f"/api/fota/v1/callback/{ACCOUNT}",
            "GET /api/fota/v1/callbacks/{account} (list)",
        ),
        (
            "POST",
            "/api/fota/v1/callbacks",
            "POST /api/fota/v1/callbacks/{account} (register)",
        ),
        (
            "DELETE",
            f"/api/fota/v1/callbacks/{ACCOUNT}/Fota",
            "DELETE /api/fota/v1/callbacks/{account}/name/{service} (deregister)",
        ),
        (
            "POST",
            f"/fota/v1/callbacks/{ACCOUNT}",
            "POST /api/fota/v1/callbacks/{account} (register)",
        ),
        (
            "POST",
            "/api/m2m/v1/sessions/login",
            "POST /api/m2m/v1/session/login (login)",
        ),
        ("POST", "/oauth2/token", "POST /api/ts/v1/oauth2/token (token)"),
        (
            "PUT",
            f"/api/fota/v3/callback/{ACCOUNT}",
            "PUT /api/fota/v3/callbacks/{account} (replace)",
        ),
        (
            "GET",
            f"/api/diagnostics/v1/callbacks/{ACCOUNT}",
            "GET /api/diagnostics/v1/callbacks (list)",
        ),
        (
            "POST",
            "/api/hyperprecise/v1/callbacks",
            "POST /api/hyper-precise/v1/callbacks (register)",
        ),
        (
            "DELETE",
            "/api/loc/v1/callbacks/TestAccount-1/Location",
            "DELETE /api/loc/v1/callbacks/{account}/name/{service} (deregister)",
        ),
    ],
    ids=[
        *("singular", "no account", "no name", "no api", "plural", "no prefix"),
        *("replace", "account in the path", "no hyphen", "no name of a service"),
    ],
)
def test_the_nearest_operation_is_named(method: str, path: str, nearest: str) -> None:
    """The operation whose method and path are most alike is described."""
    assert nearest_operation(APIS, method, path) == nearest


def test_an_endless_path_is_compared_by_its_beginning() -> None:
    """A path of any length is judged as its first part is."""
    path = f"/api/fota/v1/callback/{ACCOUNT}/"
    assert nearest_operation(APIS, "GET" * 100_000, path + "x" * 1_000_000) != ""


def test_every_operation_of_thingspace_s_is_served_or_named(
    client: FlaskClient,
) -> None:
    """Whoever calls one that is not served is told which it is, and the nearest."""
    for sent in sorted(set(published_operations().values())):
        method, _, path = sent.partition(" ")
        response = client.open(re.sub(r"{\w+}", ACCOUNT, path), method=method)
        reason = response.headers.get("X-Mock-Reason", "")
        assert "no operation has the path" not in reason, sent
        assert "is not served here" not in reason, sent


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", f"/api/m2m/v1/groups/{ACCOUNT}", "device_groups.list_device"),
        ("POST", "/api/cc/v1/targets/actions/query", "targets.query_target"),
    ],
    ids=["in an API", "outside"],
)
def test_an_operation_that_is_not_served_is_answered_by_the_gateway(
    client: FlaskClient, method: str, path: str, name: str
) -> None:
    """Status and body are those of any path; only the reason is another."""
    response = client.open(path, method=method)

    assert (response.status_code, response.json["fault"]["code"]) == (404, 900906)
    assert f"this mock does not serve: {name}" in response.headers["X-Mock-Reason"]


def test_an_operation_is_found_by_its_most_specific_path() -> None:
    """Text in a path comes before a parameter there."""
    found = published_operation("POST", f"/api/fota/v2/campaigns/files/{ACCOUNT}")

    assert found is not None
    assert found.startswith("campaigns_v2.schedule_file_upgrade ")
    assert published_operation("GET", "/api/fota/v2/nothing") is None


def test_what_is_served_reads_no_list(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is for those who ask for what is not served."""
    monkeypatch.delattr(unmatched, "published_operation")
    monkeypatch.delattr("mockthingspace.server.app.published_operation")

    assert client.get(f"/api/fota/v1/callbacks/{ACCOUNT}").status_code == 200
