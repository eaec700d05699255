"""Where calls to somebody outside may go."""

from ipaddress import ip_address

import pytest

from nightlatch.adapters.egress import DirectEgress
from nightlatch.adapters.egress_policy import is_callable_inside, is_outside
from nightlatch.domain.errors import EgressBlockedError

NEVER_CALLED = {
    "plain http": "http://hooks.example/",
    "another scheme": "ftp://hooks.example/",
    "no scheme": "//hooks.example/",
    "a file": "file:///etc/passwd",
    "nothing": "",
    "no host": "https:///events",
    "a user": "https://maya@hooks.example/",
    "a user and a password": "https://maya:secret@hooks.example/",
    "an empty user": "https://@hooks.example/",
    "another host as the user": "https://hooks.example@10.0.0.1/",
    "another port": "https://hooks.example:8443/",
    "the port of http": "https://hooks.example:80/",
    "port 0": "https://hooks.example:0/",
    "a port out of range": "https://hooks.example:65536/",
    "a port that is none": "https://hooks.example:https/",
    "a backslash": "https://hooks.example\\@10.0.0.1/",
    "a blank": "https://hooks.example /",
    "a tab": "https://hooks\t.example/",
    "a line break": "https://hooks.example/\r\nX: 1",
    "NUL": "https://hooks.example\x00.evil.example/",
    "letters that look like digits": "https://①②⑦.0.0.1/",
    "a full stop of another script": "https://127。0。0。1/",
    "a name in another script": "https://bücher.example/",
    "a percent in the host": "https://127%2e0.0.1/",
    "an unclosed bracket": "https://[::1/",
    "a name in brackets": "https://[hooks.example]/",
    "a name in the brackets of addresses to come": "https://[v1.hooks.example]/",
    "a short address": "https://127.1/",
    "a shorter address": "https://0/",
    "a decimal address": "https://2130706433/",
    "a decimal address of somebody outside": "https://134744072/",
    "an octal address": "https://0177.0.0.1/",
    "a hexadecimal address": "https://0x7f.0.0.1/",
    "a hexadecimal number": "https://0x7f000001/",
    "a hexadecimal last part": "https://127.0.0.0x1/",
    "zeros in front": "https://127.000.000.001/",
    "five parts": "https://127.0.0.1.1/",
    "an empty part": "https://127..0.1/",
    "loopback": "https://127.0.0.1/",
    "loopback with a full stop": "https://127.0.0.1./",
    "other loopback": "https://127.255.255.254/",
    "no address": "https://0.0.0.0/",
    "this network": "https://0.1.2.3/",
    "private A": "https://10.0.0.1/",
    "private B": "https://172.16.0.1/",
    "private C": "https://192.168.1.1/",
    "shared (CGNAT)": "https://100.64.0.1/",
    "metadata": "https://169.254.169.254/latest/meta-data/",
    "metadata of containers": "https://169.254.170.2/",
    "metadata of Alibaba": "https://100.100.100.200/",
    "metadata of Azure": "https://168.63.129.16/",
    "link-local": "https://169.254.1.1/",
    "multicast": "https://224.0.0.1/",
    "broadcast": "https://255.255.255.255/",
    "reserved": "https://240.0.0.1/",
    "benchmarks": "https://198.18.0.1/",
    "documentation": "https://203.0.113.1/",
    "relays of 6to4": "https://192.88.99.1/",
    "IPv6 loopback": "https://[::1]/",
    "IPv6 loopback in full": "https://[0:0:0:0:0:0:0:1]/",
    "IPv6 no address": "https://[::]/",
    "IPv4 mapped": "https://[::ffff:127.0.0.1]/",
    "IPv4 mapped in hexadecimal": "https://[::ffff:7f00:1]/",
    "IPv4 mapped metadata": "https://[::ffff:169.254.169.254]/",
    "IPv4 compatible": "https://[::127.0.0.1]/",
    "IPv4 translated": "https://[::ffff:0:127.0.0.1]/",
    "NAT64": "https://[64:ff9b::7f00:1]/",
    "NAT64 metadata": "https://[64:ff9b::169.254.169.254]/",
    "NAT64 of one's own": "https://[64:ff9b:1::a00:1]/",
    "6to4": "https://[2002:7f00:1::]/",
    "6to4 of somebody outside": "https://[2002:808:808::]/",
    "Teredo": "https://[2001:0:7f00:1::]/",
    "unique local": "https://[fc00::1]/",
    "unique local metadata": "https://[fd00:ec2::254]/",
    "IPv6 link-local": "https://[fe80::1]/",
    "IPv6 link-local with a zone": "https://[fe80::1%25eth0]/",
    "a zone on an address outside": "https://[2606:4700::1%25eth0]/",
    "site-local": "https://[fec0::1]/",
    "IPv6 multicast": "https://[ff0e::1]/",
    "IPv6 documentation": "https://[2001:db8::1]/",
    "IPv6 other documentation": "https://[3fff::1]/",
    "IPv6 discard": "https://[100::1]/",
    "IPv6 of the future": "https://[4000::1]/",
}


@pytest.mark.parametrize("url", NEVER_CALLED.values(), ids=NEVER_CALLED)
def test_what_may_never_be_called_is_refused_without_resolving_it(url: str) -> None:
    """G1: every form of an address that is inside, or that hides one."""

    def resolve(host: str, _: int) -> list[str]:
        raise AssertionError(f"{host} was resolved")

    with pytest.raises(EgressBlockedError):
        DirectEgress(resolve=resolve).check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/",
        "https://hooks.example",
        "https://HOOKS.example:443/a/b?c=d#e",
        "https://hooks.example./",
        "https://xn--bcher-kva.example/",
        "https://under_score.hooks.example/",
        "https://10.example/",
        "https://0x7f.example/",
        "https://8.8.8.8/",
        "https://[2001:4860:4860::8888]/",
    ],
)
def test_what_is_outside_may_be_called(url: str) -> None:
    DirectEgress().check(url)


@pytest.mark.parametrize(
    "url",
    ["https://SIEM.internal:8088/", "https://siem.internal/", "https://10.0.0.5:8088/", "https://siem.internal./"],
)
def test_an_exception_opens_a_host_at_every_port(url: str) -> None:
    DirectEgress(exceptions={"siem.INTERNAL", "10.0.0.5"}).check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://siem.internal:8089/",
        "https://other.internal:8088/",
        "http://siem.internal:8088/",
        "https://maya@siem.internal:8088/",
        "https://evil.siem.internal:8088/",
    ],
)
def test_an_exception_with_a_port_opens_that_port_of_that_host_only(url: str) -> None:
    with pytest.raises(EgressBlockedError):
        DirectEgress(exceptions={"siem.internal:8088"}).check(url)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "fd00:ec2::254",
        "fe80::1",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "255.255.255.255",
        "2002:a00:1::",
    ],
)
def test_no_exception_opens_the_addresses_of_credentials_and_of_no_host(address: str) -> None:
    """G1: an exception for a name must not become one for what a machine tells its credentials by."""
    assert not is_callable_inside(ip_address(address))


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "::1", "fd12::1", "100.64.0.1", "::ffff:192.168.0.1"])
def test_an_exception_opens_private_addresses(address: str) -> None:
    assert is_callable_inside(ip_address(address))
    assert not is_outside(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700::1111"])
def test_an_address_outside_stays_one_in_its_other_forms(address: str) -> None:
    assert is_outside(ip_address(address))
