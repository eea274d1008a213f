"""Riders are never left without words."""

from __future__ import annotations

import pytest

from services.domain.ride import Constraint, Relaxation, Remedy
from services.gateway.words import REASONS, remedy_text


def test_every_reason_of_a_refusal_has_its_sentence() -> None:
    assert set(REASONS) == set(Constraint)


@pytest.mark.parametrize("relaxation", Relaxation)
def test_every_remedy_can_be_said(relaxation: Relaxation) -> None:
    assert remedy_text(Remedy(relaxation, 90)).endswith(".")
