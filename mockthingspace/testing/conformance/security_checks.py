"""What checks of whom a listener trusts do, and whether it can be: as ``doing``."""

from urllib.parse import urlsplit

from mockthingspace.testing.conformance.bodies import Message, encoded
from mockthingspace.testing.conformance.results import NotApplicable
from mockthingspace.testing.conformance.sender import (
    ACKNOWLEDGED,
    REFUSED,
    UNSIGNED,
    Sender,
)

CREDENTIALS = ("username", "password")
FORGED = "0" * 64


def missing_credentials(sender: Sender) -> None:
    """Leave the credentials out."""
    _credentials(sender)
    message = {
        key: value
        for key, value in sender.subject.message().items()
        if key not in CREDENTIALS
    }
    _refused(sender, "a message without credentials", message)


def wrong_password(sender: Sender) -> None:
    """Send another password than was registered."""
    password = f"not-{_credentials(sender)}"
    message = sender.subject.message(password=password)
    _refused(sender, "a message with a wrong password", message)


def stale_password(sender: Sender) -> None:
    """Send the password that was registered before."""
    if sender.subject.previous_password is None:
        raise NotApplicable("no previous password was given")
    message = sender.subject.message(password=sender.subject.previous_password)
    sent = sender.send("a message with the password from before", message)
    sender.expect(ACKNOWLEDGED, sent)


def wrong_account(sender: Sender) -> None:
    """Send a message of an account that is not the listener's."""
    if not sender.subject.account_given:
        raise NotApplicable("no account was given")
    account = sender.subject.registration.account
    if account not in encoded(sender.subject.message()).decode():
        raise NotApplicable(f"{sender.subject.event.name} names no account")
    other = account[:-1] + ("2" if account.endswith("1") else "1")
    message = sender.subject.message(account=other)
    _refused(sender, f"a message of {other}", message)


def missing_signature(sender: Sender) -> None:
    """Leave the signature out."""
    _signed(sender, "a message without signature", UNSIGNED)


def wrong_signature(sender: Sender) -> None:
    """Send a signature made with another secret."""
    _signed(sender, "a message with a wrong signature", FORGED)


def certificate(sender: Sender) -> None:
    """Hold the listener's certificate to what any client does."""
    if urlsplit(sender.url).scheme != "https":
        raise NotApplicable("the URL is not https")
    message = sender.subject.message()
    sent = sender.send("a message, to be trusted", message, verify=True)
    sender.expect(ACKNOWLEDGED, sent)


def _credentials(sender: Sender) -> str:
    """Return the password that messages carry."""
    event = sender.subject.event
    if "password" not in event.template():
        raise NotApplicable(f"{event.name} carries no credentials")
    password = sender.subject.registration.password
    if password is None:
        raise NotApplicable("no password was given")
    return password


def _signed(sender: Sender, what: str, signature: str) -> None:
    if not sender.subject.family.signed:
        raise NotApplicable(f"{sender.subject.family.name} does not sign messages")
    if sender.subject.registration.secret is None:
        raise NotApplicable("no secret was given")
    with sender.processing(0):
        sent = sender.send(what, sender.subject.message(), signature=signature)
        sender.expect(REFUSED, sent)


def _refused(sender: Sender, what: str, message: Message) -> None:
    with sender.processing(0):
        sender.expect(REFUSED, sender.send(what, message))
