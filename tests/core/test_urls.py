"""Where the URLs of listeners lead, and how a request spells them."""

import pytest
import requests

from mockthingspace.core.urls import Target, locate, origin

from ..rows import each


def test_a_url_is_read_in_full() -> None:
    """Scheme, host, port, path with query, Host and Basic credentials are told."""
    assert locate("https://ann:p%40ss@Listener.example:8443/cb?x=1#part") == Target(
        "https://listener.example:8443",
        "https",
        "listener.example",
        8443,
        "/cb?x=1",
        "listener.example:8443",
        "Basic YW5uOnBAc3M=",
    )


@each(
    "url",
    [
        "http://listener.example",
        "http://listener.example:80/",
        "https://listener.example:443",
        "http://listener.example?x=1",
        "http://[::1]:9001/cb",
        "http://my_service:9001/a/b",
        "http://bücher.example/bücher?q=ü",
        "http://listener.example/a%20b?d=%2F",
        "http://listener.example/a|b/{c}/d^e/`f`?g=<h>&i='j'",
        "http://listener.example/a;b=c/d,e/~f/g@h:i/j+k/$l/!m/(n)/*",
    ],
)
def test_a_request_is_spelled_as_requests_spells_it(url: str) -> None:
    """Path, query and Host are those a client written with requests would send."""
    prepared = requests.Request("POST", url).prepare()
    where = locate(url)
    assert prepared.url == f"{where.scheme}://{where.place}{where.path}"


def test_a_percent_sign_that_encodes_nothing_is_encoded() -> None:
    """What is encoded already stays as it is."""
    assert locate("http://listener.example/100%/%20?d=%zz").path == (
        "/100%25/%20?d=%25zz"
    )


@each(
    ("url", "same"),
    [
        ("http://listener.example/a", "http://LISTENER.example:80/b?c"),
        ("https://listener.example", "https://ann:secret@listener.example:443/"),
    ],
)
def test_urls_of_one_origin_are_the_same_place(url: str, same: str) -> None:
    """Origins are compared with their ports, whatever else the URLs say."""
    assert origin(url) == origin(same)


@each("url", ["nonsense", "ftp://listener.example/", "http:///cb", "http://[::1"])
def test_what_is_no_http_url_leads_nowhere(url: str) -> None:
    """Other schemes and missing hosts are refused."""
    with pytest.raises(ValueError, match=r"not an HTTP URL|Invalid IPv6"):
        locate(url)
