"""Any sequence of registrations, resets and writers at once, against a model."""

import threading

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mockthingspace import create_app

ACCOUNTS = [f"0242078689-0000{n}" for n in range(3)]
ACCOUNT = st.sampled_from(ACCOUNTS)
URL = st.sampled_from(["http://a/cb", "https://b:9001", "http://[::1]/"])
FEW = settings(max_examples=settings().max_examples // 5, stateful_step_count=20)
CREDENTIAL = st.none() | st.sampled_from(["", "u", "pass wörd"])


class Registrations(RuleBasedStateMachine):
    """The model is a dict of account to the document that lists it."""

    def __init__(self):
        super().__init__()
        self.app = create_app()
        self.client = self.app.test_client()
        self.model = {}
        self.requests = 0

    def _ask(self, method, account, below="", client=None, **kwargs):
        self.requests += 1
        path = f"/api/fota/v1/callbacks/{account}{below}"
        return (client or self.client).open(path, method=method, **kwargs)

    @rule(account=ACCOUNT, url=URL, username=CREDENTIAL, password=CREDENTIAL)
    def register(self, account, url, username, password):
        """Registering, or registering again, leaves just what was sent."""
        wanted = {"name": "Fota", "url": url, "username": username}
        wanted["password"] = password
        wanted = {key: value for key, value in wanted.items() if value is not None}

        response = self._ask("POST", account, json=wanted)

        expected = {"accountName": account, "serviceName": "Fota"}
        assert response.json == expected
        self.model[account] = {"aname": account, **wanted}

    @rule(account=ACCOUNT, body=st.sampled_from(["null", "{}", '{"name": "Fota"}', ""]))
    def register_badly(self, account, body):
        """A refused registration changes nothing."""
        assert self._ask("POST", account, data=body).status_code == 400

    @rule(account=ACCOUNT)
    def deregister(self, account):
        """Deregistering succeeds where there is one, and is refused elsewhere."""
        response = self._ask("DELETE", account, "/name/Fota")

        expected = 200 if self.model.pop(account, None) else 400
        assert response.status_code == expected

    @rule(account=ACCOUNT, urls=st.lists(URL, min_size=2, max_size=4))
    def register_at_once(self, account, urls):
        """Of writers at once one wins whole; nothing is mixed or lost."""
        gate = threading.Barrier(len(urls))
        statuses = []

        def write(url):
            client = self.app.test_client()
            gate.wait(timeout=30)
            wanted = {"name": "Fota", "url": url, "username": url, "password": url}
            statuses.append(
                self._ask("POST", account, client=client, json=wanted).status_code
            )

        writers = [threading.Thread(target=write, args=(url,)) for url in urls]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(timeout=30)

        assert statuses == [200] * len(urls)
        self.requests = len(self.client.get("/__admin/requests").json["requests"])
        [listed] = self._ask("GET", account).json
        assert listed["url"] in urls
        assert listed["url"] == listed["username"] == listed["password"]
        self.model[account] = listed

    @rule()
    def reset(self):
        """A reset leaves nothing."""
        before = self.client.post("/__admin/reset", json={}).json

        assert (
            before["registrations"],
            before["requests"],
        ) == (len(self.model), self.requests)
        self.model.clear()
        self.requests = 0

    @rule(account=ACCOUNT)
    def reset_account(self, account):
        """A reset of one account leaves the others."""
        self.client.post(f"/__admin/reset?account={account}", json={})

        self.model.pop(account, None)
        self.requests = len(self.client.get("/__admin/requests").json["requests"])

    @rule()
    def snapshot_and_restore(self):
        """A snapshot put back is the same state, with an empty journal."""
        document = self.client.get("/__admin/snapshot").json

        assert self.client.put("/__admin/snapshot", json=document).status_code == 200
        assert self.client.get("/__admin/snapshot").json == document
        self.requests = 0

    @invariant()
    def lists_are_the_model(self):
        """Each account lists what the model says, through ThingSpace's own API."""
        for account in ACCOUNTS:
            expected = [self.model[account]] if account in self.model else []
            assert self._ask("GET", account).json == expected

    @invariant()
    def the_journal_has_every_request(self):
        """No exchange is lost or counted twice."""
        shown = self.client.get("/__admin/requests").json
        assert shown["meta"]["total"] == self.requests


TestRegistrations = Registrations.TestCase
TestRegistrations.settings = FEW


SERVICES = {"AlertService": "AlertService", "AlertsService": "AlertService"}
SERVICES |= {"CarrierService": "CarrierService", "QoS": "QoS"}
SERVICE = st.sampled_from(sorted(SERVICES))


class Services(RuleBasedStateMachine):
    """The model is a dict of account and service to the document that lists it."""

    def __init__(self):
        super().__init__()
        self.client = create_app().test_client()
        self.model = {}

    @rule(account=ACCOUNT, service=SERVICE, url=URL)
    def register(self, account, service, url):
        """A registration takes the place of the one for its service, and no other."""
        named = {"accountName": account, "serviceName": SERVICES[service]}

        response = self.client.post(
            f"/api/m2m/v1/callbacks/{account}", json={"name": service, "url": url}
        )

        assert (response.status_code, response.json) == (200, named)
        self.model.pop((account, SERVICES[service]), None)
        self.model[account, SERVICES[service]] = {**named, "url": url}

    @rule(account=ACCOUNT, service=SERVICE, url=st.sampled_from(["", "ftp://l/", 7]))
    def register_badly(self, account, service, url):
        """A refused registration changes nothing."""
        response = self.client.post(
            f"/api/m2m/v1/callbacks/{account}", json={"name": service, "url": url}
        )

        assert response.status_code == 400

    @rule(account=ACCOUNT, service=SERVICE)
    def deregister(self, account, service):
        """What ends is the registration for the service, by either spelling."""
        path = f"/api/m2m/v1/callbacks/{account}/name/{service}"

        gone = self.model.pop((account, SERVICES[service]), None)

        assert self.client.delete(path).status_code == (200 if gone else 400)

    @rule(account=ACCOUNT)
    def register_elsewhere(self, account):
        """Another API's registration of the account is none of this one's."""
        path = f"/api/fota/v2/callbacks/{account}"

        assert self.client.put(path, json={"url": "http://a/"}).status_code == 200

    @invariant()
    def lists_are_the_model(self):
        """Each account lists its registrations in the order they were made."""
        for account in ACCOUNTS:
            expected = [value for key, value in self.model.items() if key[0] == account]
            listed = self.client.get(f"/api/m2m/v1/callbacks/{account}").json
            assert listed == expected


TestServices = Services.TestCase
TestServices.settings = FEW
