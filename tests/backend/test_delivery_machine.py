"""Any sequence of triggers, answers, time and resets, against a model."""

import json
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mockthingspace import create_app
from mockthingspace.core.settings import Settings
from mockthingspace.server.http.current import EXTENSION

ACCOUNTS = ["0242078689-00001", "0242078689-00002"]
ACCOUNT = st.sampled_from(ACCOUNTS)
CALLBACKS = "/api/fota/v1/callbacks"
OVER = {"delivered", "abandoned", "cancelled", "stale"}


class Deliveries(RuleBasedStateMachine):
    """The model knows who is registered and what each listener was sent."""

    def __init__(self):
        super().__init__()
        self.answer = 200
        self.arrived = {account: [] for account in ACCOUNTS}
        self.allowed = dict.fromkeys(ACCOUNTS, 0)
        self.number = 0
        self.queued = 0
        app = create_app(Settings(clock="manual"), {"http://h": self._listen})
        self.backend = app.extensions[EXTENSION]
        self.client = app.test_client()

    def teardown(self):
        """End its threads."""
        self.backend.close()

    def _listen(self, environ, start):
        account = environ["PATH_INFO"][1:]
        self.arrived[account].append(json.load(environ["wsgi.input"]))
        start(f"{self.answer} As Told", [])
        return [b""]

    @rule(account=ACCOUNT)
    def register(self, account):
        """A listener of the account is there."""
        wanted = {"name": "Fota", "url": f"http://h/{account}"}
        self.client.post(f"{CALLBACKS}/{account}", json=wanted)

    @rule(account=ACCOUNT)
    def deregister(self, account):
        """What was made up to now must not arrive any more."""
        self.backend.advance(0)
        self.client.delete(f"{CALLBACKS}/{account}/name/Fota")
        self.allowed[account] = self.number + 1

    @rule(account=ACCOUNT)
    def trigger(self, account):
        """A message is queued for whoever is registered."""
        wanted = {"event": "Fota.firmwareList", "account": account}
        wanted["message"] = self.number + 1
        path = "/__admin/deliveries"
        made = self.client.post(path, json=wanted, buffered=True)
        self.number += made.status_code == 202
        self.queued += made.status_code == 202
        self.backend.advance(0)

    @rule(status=st.sampled_from([200, 202, 299, 302, 404, 500, 503]))
    def answer_with(self, status):
        """Listeners answer so from now on."""
        self.answer = status

    @rule(seconds=st.sampled_from([0, 1, 299, 300, 900]))
    def advance(self, seconds):
        """Time passes."""
        self.backend.advance(seconds)

    @rule()
    def reset(self):
        """Nothing is left, and nothing made before it arrives after it."""
        self.backend.advance(0)
        self.backend.reset()
        self.queued = 0
        self.allowed = dict.fromkeys(ACCOUNTS, self.number + 1)
        self.arrived = {account: [] for account in ACCOUNTS}

    @invariant()
    def attempts_never_exceed_the_schedule(self):
        """No message has more than four attempts."""
        for delivery in self.backend.state.deliveries.every():
            assert len(delivery.attempts) <= 4

    @invariant()
    def messages_arrive_in_order(self):
        """A listener never sees an older message after a newer one."""
        for messages in self.arrived.values():
            assert sorted(messages) == messages

    @invariant()
    def nothing_arrives_late(self):
        """What was made before a deregistration or a reset does not arrive after."""
        for account, messages in self.arrived.items():
            seen, self.arrived[account] = messages, messages[-1:]
            assert all(
                item >= self.allowed[account] or item in seen[:1] for item in seen
            )

    @invariant()
    def nothing_is_lost(self):
        """Every delivery queued is pending or over in one way."""
        statuses = Counter(
            delivery.status for delivery in self.backend.state.deliveries.every()
        )
        assert self.queued == statuses.total()
        assert set(statuses) <= OVER | {"pending"}
        assert statuses["pending"] == self.backend.state.dispatcher.pending()


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, derandomize=True
)
