"""Pseudonyms: known vectors, two separate domains, another key, and a key that is never shown."""

import hashlib
import hmac
import pickle

import polars as pl
import polars_hash as plh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.privacy.pseudonyms import STAY_ID_LENGTH, PseudonymKey, is_trivial, pseudonyms, stay_ids

KEY, OTHER = "0123456789abcdef" * 4, "fedcba9876543210" * 4
BSNS = st.lists(st.none() | st.from_regex("[0-9]{9}", fullmatch=True), min_size=1, max_size=40)


# RFC 4231, test cases 1, 2 and 7 (those with text as key and data).
@pytest.mark.parametrize(
    ("key", "data", "digest"),
    [
        ("\x0b" * 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        ("Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    ],
)
def test_the_library_agrees_with_rfc_4231(key: str, data: str, digest: str) -> None:
    frame = pl.DataFrame({"data": [data]})
    assert frame.select(plh.col("data").chash.hmac_sha256(key=key)).item() == digest


def test_fixed_vectors() -> None:
    numbers = pl.Series(["123456782", None, "000000012", "123456782"])
    expected = [
        None if n is None else hmac.new(KEY.encode(), f"dakloos/v1|bsn|{n}".encode(), hashlib.sha256).hexdigest()
        for n in numbers
    ]
    assert pseudonyms(numbers, "bsn", PseudonymKey(KEY)).to_list() == expected


@given(BSNS)
def test_domains_and_keys_never_meet_and_order_is_kept(numbers: list[str | None]) -> None:
    series = pl.Series(numbers, dtype=pl.String)
    outcomes = [
        pseudonyms(series, "bsn", PseudonymKey(KEY)).to_list(),
        pseudonyms(series, "v", PseudonymKey(KEY)).to_list(),
        pseudonyms(series, "bsn", PseudonymKey(OTHER)).to_list(),
    ]
    for outcome in outcomes:
        assert [value is None for value in outcome] == [number is None for number in numbers]
        by_number = {n: p for n, p in zip(numbers, outcome, strict=True) if n is not None}
        assert [by_number.get(n) if n is not None else None for n in numbers] == outcome
        assert len(set(by_number.values())) == len(by_number)
    values = [{value for value in outcome if value is not None} for outcome in outcomes]
    assert values[0].isdisjoint(values[1])
    assert values[0].isdisjoint(values[2])
    assert all(len(value) == 64 for outcome in values for value in outcome)


def test_a_number_that_is_not_replaced_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoHash:
        def hmac_sha256(self, key: str) -> pl.Expr:
            return pl.when(pl.col("message").str.ends_with("2")).then("message").otherwise(pl.lit("a" * 64))

    monkeypatch.setattr(plh, "col", lambda name: type("Column", (), {"chash": NoHash()})())
    with pytest.raises(Refused) as refused:
        pseudonyms(pl.Series(["100000009", "123456782"]), "bsn", PseudonymKey(KEY))
    assert "123456782" not in str(refused.value)


def test_the_id_of_a_stay_is_made_again_by_who_holds_file_and_key_alone() -> None:
    deliveries, lines = pl.Series(["000001", "000001", "000012", "000001"]), pl.Series([2, 3, 2, 22], dtype=pl.UInt32)
    expected = [
        hmac.new(KEY.encode(), f"dakloos/v1|stay|{delivery}|{line}".encode(), hashlib.sha256).hexdigest()
        for delivery, line in zip(deliveries, lines, strict=True)
    ]
    ids = stay_ids(deliveries, lines, PseudonymKey(KEY)).to_list()
    assert ids == [digest[:STAY_ID_LENGTH] for digest in expected]
    assert set(ids).isdisjoint(stay_ids(deliveries, lines, PseudonymKey(OTHER)))


@pytest.mark.parametrize("text", ["", "ab", KEY.upper(), KEY + "0", KEY[:-1] + "g", " " + KEY[1:]])
def test_a_malformed_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(Missing) as caught:
        PseudonymKey(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0" * 64, True),
        ("ab" * 32, True),
        ("0123456789abcdef" * 4, True),
        ("0123456789" * 6 + "0123", True),
        (hashlib.sha256(b"half").hexdigest()[:32] * 2, True),
        (bytes(range(32)).hex(), True),
        (bytes(range(248, 0, -8)).hex() + "00", True),
        ("012345678" * 7 + "0", True),
        ("1223334444555556666667777777788888888" + "1" * 27, True),
        (hashlib.sha256(b"drawn").hexdigest(), False),
    ],
)
def test_a_key_that_was_not_drawn(text: str, expected: bool) -> None:
    assert is_trivial(text) == expected


def test_no_drawn_key_is_refused() -> None:
    assert not any(is_trivial(hashlib.sha256(f"{number}".encode()).hexdigest()) for number in range(10_000))


def test_a_key_does_not_show_itself() -> None:
    key = PseudonymKey(KEY)
    assert KEY not in f"{key!r} {key} {key.check_value}"
    assert key.check_value != PseudonymKey(OTHER).check_value
    with pytest.raises(TypeError):
        pickle.dumps(key)
