from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.contact import Contact, e164


@pytest.mark.parametrize(
    "text",
    [
        "+33612345678",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "0033612345678",
        "0033 6.12.34.56.78",
        "06 12 34 56 78",
        "06-12-34-56-78",
        "(06) 12 34 56 78",
        " 06\u00a012\u202f34 56 78 ",
    ],
)
def test_one_number_has_one_form_however_it_is_written(text: str) -> None:
    assert e164(text, 33) == "+33612345678"


def test_a_number_of_some_country_needs_to_say_which() -> None:
    with pytest.raises(ValueError, match="begins with \\+"):
        e164("06 12 34 56 78")
    assert e164("+44 20 7946 0958") == "+442079460958"


@pytest.mark.parametrize(
    "text",
    ["", "+", "112", "+12345", "+0612345678", "+33612345678901234", "6 ' OR 1", "+٣٣612345678"],
)
def test_what_is_no_number_is_said_to_be_none_and_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="phone number") as error:
        e164(text, 33)
    assert len(text) < 2 or text not in str(error.value)


@given(st.text(alphabet="0123456789+ ().-/", max_size=30), st.none() | st.integers(1, 999))
def test_a_form_stays_as_it_is(text: str, calling_code: int | None) -> None:
    try:
        found = e164(text, calling_code)
    except ValueError:
        return
    assert e164(found) == found
    assert Contact(phone=found).phone == found


def test_a_contact_shows_nothing_of_itself() -> None:
    assert repr(Contact(name="Anne", phone="+33612345678", note="blue door")) == "Contact()"
