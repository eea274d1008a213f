"""What `navette riders` gives out; on real servers, see tests/integration/test_privacy_real.py."""

from __future__ import annotations

import base64

import pytest
from click.testing import CliRunner

from services.cli import main
from services.domain.contact import Contact
from services.domain.errors import InvalidRequest
from services.domain.ids import RideId
from services.domain.ride import Status
from services.gateway.rendering import Rendering
from services.gateway.riders_command import Wanted, exported
from services.runtime.embedded_riders import EmbeddedRiderStore
from services.runtime.rider_keys import MasterKeys
from services.runtime.riders import Riders
from tests.gateway.peer import DAY, network
from tests.runtime.riders_contract import store_with
from tests.runtime.samples import ZONE

ANNE = Contact(name="Anne Martin", phone="+33612345678", note="the blue door")


def people() -> Riders:
    return Riders(EmbeddedRiderStore(), MasterKeys.fresh(), lambda: 1_781_071_200_000)


async def test_a_person_gets_all_that_is_kept_with_what_became_of_it() -> None:
    riders = people()
    store = await store_with(1, status=Status.CANCELLED)
    await riders.keep(ZONE, RideId("r-1"), ANNE)
    await riders.keep(ZONE, RideId("r-unheard"), Contact(phone=ANNE.phone))
    wanted = Wanted(phone="06 12 34 56 78", calling_code=33)
    (rider,) = await wanted.riders(riders)
    shown = await exported(riders, store, rider, Rendering(network().stops, DAY))
    assert shown["rider"] == rider.rider
    assert shown["since"] == "2026-06-10T06:00:00+00:00"
    first, second = shown["rides"]
    assert first["ride"] == "r-1"
    assert first["contact"] == {
        "name": "Anne Martin",
        "phone": "+33612345678",
        "note": "the blue door",
    }
    assert first["history"]["status"] == "cancelled"
    assert first["history"]["times"]["requested"].startswith("2026-06-1")
    assert second["history"] is None
    plain = await exported(riders, store, rider, None)
    assert plain["rides"][0]["history"]["status"] == "cancelled"


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        (Wanted(), "say who"),
        (Wanted(phone="+33612345678", ride="r-1"), "say who"),
        (Wanted(phone="nobody"), "phone"),
        (Wanted(phone="+33612345678"), "nothing is kept"),
        (Wanted(ride="r-1"), "nothing is kept"),
    ],
)
async def test_who_is_meant_must_be_clear(wanted: Wanted, complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        await wanted.riders(people())


def test_a_new_key_is_a_key() -> None:
    made = CliRunner().invoke(main, ["riders", "new-key"])
    assert len(base64.urlsafe_b64decode(made.output.strip())) == 32


def test_without_the_key_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAVETTE_RIDERS_KEY", raising=False)
    words = ["riders", "export", "--ride", "r-1", "--database", "postgresql://nobody@127.0.0.1/x"]
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 2
    assert "NAVETTE_RIDERS_KEY: missing" in refused.output
