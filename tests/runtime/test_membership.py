"""A process that is alone keeps to what every membership keeps to."""

from __future__ import annotations

import pytest

from services.runtime.membership import EveryShard
from tests.runtime.membership_contract import PARTITIONS, MembershipContract


class TestEveryShard(MembershipContract):
    @pytest.fixture
    def membership(self) -> EveryShard:
        return EveryShard(PARTITIONS)
