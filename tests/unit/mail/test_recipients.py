"""The recipients of a mail and their greeting."""

import pytest

from dakl_pipeline.errors import Refused
from dakl_pipeline.mail.recipients import Recipient, greeting_of, is_address, organisation_of, read_coordinators


@pytest.mark.parametrize(
    "text",
    [
        "supplier_id,name,email\nalmelo,Anna,anna@opvang.internal\nalmelo,Bob,bob@opvang.internal\nede,,c@d.nl\n",
        "Supplier_ID;name;email\r\nalmelo; Anna ;anna@opvang.internal\r\nalmelo;Bob;bob@opvang.internal\r\n"
        "ede;;c@d.nl\r\n",
    ],
    ids=["comma", "semicolon"],
)
def test_coordinators(text: str) -> None:
    assert read_coordinators(text) == {
        "almelo": (Recipient("Anna", "anna@opvang.internal"), Recipient("Bob", "bob@opvang.internal")),
        "ede": (Recipient("", "c@d.nl"),),
    }


def test_coordinators_with_their_organisation() -> None:
    text = (
        "supplier_id;name;email;organisation\n"
        "almelo;Anna;anna@opvang.internal;Stichting Opvang\n"
        "almelo;Bob;bob@opvang.internal;\n"
        "ede;Cor;cor@ede.internal\n"
    )
    read = read_coordinators(text)
    assert read["almelo"][0] == Recipient("Anna", "anna@opvang.internal", "Stichting Opvang")
    assert organisation_of(read["almelo"]) == "Stichting Opvang"
    assert organisation_of(read["ede"]) is None


@pytest.mark.parametrize(
    ("names", "greeting"),
    [
        (["Anna de Vriès"], "Beste Anna de Vriès,"),
        ([""], "Beste coördinator,"),
        (["Anna", "Bob"], "Beste Anna en Bob,"),
        (["Anna", "Bob", "Cor"], "Beste Anna, Bob en Cor,"),
        (["Anna", "Bob", "Cor", "Dirk"], "Beste coördinatoren,"),
        (["", ""], "Beste coördinatoren,"),
        (["Anna", ""], "Beste Anna en collega,"),
        (["", "Anna", ""], "Beste Anna en collega's,"),
        (["Anna", "Anna"], "Beste Anna,"),
    ],
)
def test_everybody_is_greeted(names: list[str], greeting: str) -> None:
    assert greeting_of([Recipient(name, f"a{place}@b.nl") for place, name in enumerate(names)]) == greeting


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line"),
        ("supplier_id,name,email,phone\nalmelo,Anna,a@b.nl,12\n", "first line"),
        ("supplier_id,name,email,organisation\nalmelo,Anna,a@b.nl,A\nalmelo,Bob,b@b.nl,B\n", "line 3"),
        ('supplier_id,name,email,organisation\nalmelo,Anna,a@b.nl,"A\nB"\n', "line 3"),
        ("almelo,Anna,anna@opvang.internal\n", "first line"),
        ("supplier_id,name,email\nalmelo,Anna\n", "line 2"),
        ("supplier_id,name,email\nalmelo,Anna,anna\n", "line 2"),
        ("supplier_id,name,email\nalmelo,Anna,a@b.nl\nede,Bob,b@c.nl,extra\n", "line 3"),
        ("supplier_id,name,email\n,Anna,a@b.nl\n", "line 2"),
        ('supplier_id,name,email\nalmelo,"Anna\nBcc: x@y.nl",a@b.nl\n', "line 3"),
    ],
)
def test_coordinators_that_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read_coordinators(text)


@pytest.mark.parametrize(
    ("email", "is_right", "is_placeholder"),
    [
        ("anna@opvang.internal", True, False),
        ("a.b+c@gemeente-almelo.nl", True, False),
        ("x@cbs.example", True, True),
        ("x@example.org", True, True),
        ("x@test.nl", True, False),
        ("x@notexample.nl", True, False),
        ("anna", False, False),
        ("anna@opvang", False, False),
        ("a b@c.nl", False, False),
        ("a@b.nl\nBcc: c@d.nl", False, False),
        ("Anna <a@b.nl>", False, False),
    ],
)
def test_addresses(email: str, is_right: bool, is_placeholder: bool) -> None:
    assert is_address(email) is is_right
    assert Recipient("", email).is_placeholder is is_placeholder
