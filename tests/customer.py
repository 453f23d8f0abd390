"""A customer of ThingSpace in process: asks for actions, and listens for what comes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.test import TestResponse

from mockthingspace import Settings, create_app
from mockthingspace.server.http.current import EXTENSION

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
ORIGIN = "https://listener.example"
M2M = "/api/m2m/v1"
IMEI, SECOND = "990013907835573", "990013907884259"
PATIENCE_S = 10


def devices(*identities: str) -> list[dict[str, Any]]:
    """Return devices as most bodies name them, each by its IMEI."""
    return [{"deviceIds": [{"id": item, "kind": "imei"}]} for item in identities]


class Customer:
    """One server, whose clock stands unless it is told otherwise, and its client.

    Args:
        **settings: The server's.
    """

    def __init__(self, **settings: Any) -> None:
        chosen = Settings(**{"clock": "manual", **settings})
        self.app = create_app(chosen, {ORIGIN: self._receive})
        self.client = self.app.test_client()
        self.backend = self.app.extensions[EXTENSION]
        self.received: list[dict[str, Any]] = []

    def _receive(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        length = int(environ["CONTENT_LENGTH"])
        self.received.append(json.loads(environ["wsgi.input"].read(length)))
        start("200 OK", [])
        return [b""]

    def listen(
        self,
        account: str = ACCOUNT,
        service: str = "CarrierService",
        family: str = "connectivity",
    ) -> None:
        """Register the listener."""
        wanted = {"family": family, "account": account, "service": service}
        self.admin("POST", "/registrations", {**wanted, "url": f"{ORIGIN}/{account}"})

    def admin(
        self, method: str, path: str, document: Any = None, status: int | None = None
    ) -> Any:
        """Ask the admin API, and return what it says; it refuses if so expected."""
        reply = self.client.open(
            f"/__admin{path}", method=method, json=document, buffered=True
        )
        assert reply.status_code == status if status else reply.status_code < 400
        return reply.get_json()

    def ask(self, method: str, path: str, body: Any) -> TestResponse:
        """Ask ThingSpace, and have the reply written out."""
        data = body if isinstance(body, bytes) else json.dumps(body)
        return self.client.open(path, method=method, data=data, buffered=True)

    def activate(
        self, *identities: str, account: str | None = ACCOUNT, **changes: Any
    ) -> TestResponse:
        """Ask for the activation of devices, by default of one."""
        body = {
            "accountName": account,
            "devices": devices(*identities or (IMEI,)),
            "servicePlan": "m2m4G",
            "mdnZipCode": "98801",
        }
        wanted = {key: value for key, value in body.items() if value is not None}
        return self.ask("POST", f"{M2M}/devices/actions/activate", wanted | changes)

    def activated(self, *identities: str, **changes: Any) -> str:
        """Ask for an activation, and return the request id that it is accepted with."""
        reply = self.activate(*identities, **changes)
        assert reply.status_code == 200, reply.text
        request_id: str = reply.get_json()["requestId"]
        return request_id

    def status(self, request_id: str, account: str = ACCOUNT) -> TestResponse:
        """Ask how a request stands."""
        return self.client.get(f"{M2M}/accounts/{account}/requests/{request_id}/status")

    def stands(self, request_id: str, account: str = ACCOUNT) -> str:
        """Return how a request stands."""
        said: str = self.status(request_id, account).get_json()["status"]
        return said

    def messages(self) -> list[dict[str, Any]]:
        """Return what came, once nothing is under way."""
        assert self.backend.wait_until_idle(PATIENCE_S)
        return self.received

    def came(self) -> list[tuple[str, str, str]]:
        """Return of each message that came its request, its device and its status."""
        return [
            (message["requestId"], message["deviceIds"][0]["id"], message["status"])
            for message in self.messages()
        ]

    def fault(self, kind: str, **given: Any) -> None:
        """Plan a fault on actions."""
        self.admin("POST", "/faults", {"kind": kind, "on": "actions", **given})

    def complete(self, request_id: str, status: int = 202, **given: Any) -> Any:
        """Complete an action; return what the admin API says."""
        return self.admin("POST", f"/actions/{request_id}/complete", given, status)

    def actions(self, query: str = "") -> list[dict[str, Any]]:
        """Return the actions there are."""
        shown: list[dict[str, Any]] = self.admin("GET", f"/actions{query}")["actions"]
        return shown


@contextmanager
def customer(**settings: Any) -> Iterator[Customer]:
    """Have a customer whose listener is registered, and end its server afterwards."""
    made = Customer(**settings)
    made.listen()
    yield made
    made.backend.close()
