from __future__ import annotations

import pytest
from pydantic import SecretStr

from services.domain.contact import Contact
from services.domain.ids import RideId, RiderId
from services.runtime.embedded_riders import EmbeddedRiderStore
from services.runtime.rider_keys import CannotOpen, MasterKeys, new_master_key
from services.runtime.riders import RiderStore
from services.runtime.settings import InvalidSetting
from tests.runtime.riders_contract import ANNE, R1, R2, RidersContract


class TestEmbeddedRiders(RidersContract):
    @pytest.fixture
    def store(self) -> RiderStore:
        return EmbeddedRiderStore()


def test_what_is_encrypted_opens_for_its_rider_and_ride_alone() -> None:
    keys, rider, other = MasterKeys.fresh(), RiderId("a"), RiderId("b")
    wrapped = keys.new_key(rider)
    key = keys.unwrap(rider, wrapped)
    sealed = key.seal(R1, ANNE)
    assert key.open(R1, sealed) == ANNE
    assert key.seal(R1, ANNE) != sealed
    with pytest.raises(CannotOpen):
        key.open(R2, sealed)
    with pytest.raises(CannotOpen):
        keys.unwrap(other, wrapped)
    for at in range(len(sealed)):
        with pytest.raises(CannotOpen):
            key.open(R1, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
    for length in range(len(sealed)):
        with pytest.raises(CannotOpen):
            key.open(R1, sealed[:length])


def test_a_master_key_is_read_as_it_was_made() -> None:
    first, second = new_master_key(), new_master_key()
    both = MasterKeys.of(SecretStr(f"{first}, {second}"))
    assert both is not None
    one = MasterKeys.of(SecretStr(second))
    assert one is not None
    rider = RiderId("a")
    sealed = one.unwrap(rider, wrapped := one.new_key(rider)).seal(RideId("r"), Contact(name="A"))
    assert both.unwrap(rider, wrapped).open(RideId("r"), sealed) == Contact(name="A")
    assert both.name != one.name
    assert MasterKeys.of(None) is None
    assert MasterKeys.of(SecretStr("")) is None


@pytest.mark.parametrize(
    "text",
    ["secret", new_master_key()[:-5], new_master_key() + ",short", "é"],
    ids=["no key", "cut short", "one of two", "not ascii"],
)
def test_what_is_no_key_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(InvalidSetting, match="NAVETTE_RIDERS_KEY: not 32 bytes") as error:
        MasterKeys.of(SecretStr(text))
    assert text.rpartition(",")[2] not in str(error.value)
