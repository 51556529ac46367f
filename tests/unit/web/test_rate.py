"""Token buckets, by a clock of the test."""

from __future__ import annotations

import pytest

from bridge.web.rate import Buckets, network_of


def test_a_burst_then_the_rate() -> None:
    now = [0.0]
    buckets = Buckets(10, lambda: now[0])
    taken = sum(buckets.wait("a") == 0 for _ in range(100))
    assert taken == 20
    assert 0 < buckets.wait("a") <= 0.1
    now[0] = 1.0
    assert sum(buckets.wait("a") == 0 for _ in range(100)) == 10


def test_one_client_does_not_take_from_another() -> None:
    buckets = Buckets(1, lambda: 0.0)
    while buckets.wait("a") == 0:
        pass
    assert buckets.wait("b") == 0


def test_memory_is_bounded_however_many_come() -> None:
    buckets = Buckets(1, lambda: 0.0, clients=100)
    for number in range(10_000):
        buckets.wait(str(number))
    assert len(buckets) == 100


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("", ""),
    ],
)
def test_who_has_a_network_of_ipv6_addresses_is_one_client(address: str, client: str) -> None:
    assert network_of(address) == client
