"""Countries, by the operator's database and by a proxy's header."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from tinytrail.web.country import Countries, country_of, iso_code

Open = Callable[..., Countries]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of two networks, and one record that names no country."""
    writer = MMDBWriter(6, "Test-Country", ipv4_compatible=True)
    writer.insert_network(IPSet(["81.2.69.0/24"]), {"country": {"iso_code": "GB"}})
    writer.insert_network(IPSet(["2001:db8::/32"]), {"country": {"iso_code": "DE"}})
    writer.insert_network(IPSet(["192.0.2.0/24"]), {"continent": {"code": "EU"}})
    path = tmp_path_factory.mktemp("geo") / "country.mmdb"
    writer.to_db_file(str(path))
    return str(path)


@pytest.fixture
def countries() -> Iterator[Open]:
    opened = []

    def open_countries(database: str = "", header: str = "") -> Countries:
        opened.append(Countries(database, header))
        return opened[-1]

    yield open_countries
    for each in opened:
        each.close()


@pytest.mark.parametrize(
    ("ip", "country"),
    [
        ("81.2.69.142", "GB"),
        ("::ffff:81.2.69.142", "GB"),
        ("2001:db8::1", "DE"),
        ("192.0.2.1", None),
        ("127.0.0.1", None),
        ("fe80::1%eth0", None),
        ("", None),
        ("not an address", None),
        ("81.2.69.142:443", None),
    ],
)
def test_an_address_is_looked_up(countries: Open, database: str, ip: str, country: str | None) -> None:
    assert countries(database).lookup(ip, "") == country


def test_ipv6_in_a_database_of_ipv4_is_unknown(countries: Open, tmp_path: Path) -> None:
    writer = MMDBWriter(4, "Test-Country")
    writer.insert_network(IPSet(["81.2.69.0/24"]), {"country_code": "GB"})
    writer.to_db_file(str(tmp_path / "ipv4.mmdb"))
    found = countries(str(tmp_path / "ipv4.mmdb"))
    assert found.lookup("81.2.69.142", "") == "GB"
    assert found.lookup("2001:db8::1", "") is None


@pytest.mark.parametrize(
    ("record", "country"),
    [
        ({"country": {"iso_code": "FR", "names": {"en": "France"}}}, "FR"),  # MaxMind, DB-IP
        ({"country": "France", "country_code": "FR", "asn": "AS3215"}, "FR"),  # IPinfo Lite
        ({"country": "FR", "country_name": "France"}, "FR"),  # older IPinfo
        ({"country": "France"}, None),
        ({"country": {"names": {"en": "France"}}}, None),
        ({"registered_country": {"iso_code": "FR"}}, None),
        ({}, None),
    ],
)
def test_the_layouts_of_the_usual_databases_are_read(record: dict[str, object], country: str | None) -> None:
    assert country_of(record) == country


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("GB", "GB"),
        ("gb", "GB"),
        (" GB ", "GB"),
        ("XX", None),
        ("ZZ", None),
        ("T1", None),
        ("", None),
        ("G", None),
        ("GBR", None),
        ("GB, DE", None),
        ("ÄÖ", None),
        ("ß", None),  # its upper case is SS, South Sudan
        ("<script>", None),
    ],
)
def test_a_code_is_two_letters_that_mean_a_country(text: str, country: str | None) -> None:
    assert iso_code(text) == country


def test_the_header_is_read_where_it_is_configured(countries: Open) -> None:
    assert countries(header="CF-IPCountry").lookup("81.2.69.142", "NL") == "NL"


def test_a_header_that_is_not_configured_is_not_believed(countries: Open, database: str) -> None:
    assert countries().lookup("81.2.69.142", "NL") is None
    assert countries(database).lookup("81.2.69.142", "NL") == "GB"


@pytest.mark.parametrize(("header_value", "country"), [("NL", "NL"), ("XX", "GB"), ("", "GB")])
def test_the_database_fills_the_gaps_of_the_header(
    countries: Open, database: str, header_value: str, country: str
) -> None:
    assert countries(database, "CF-IPCountry").lookup("81.2.69.142", header_value) == country


def test_off_needs_no_package(countries: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    assert countries().lookup("81.2.69.142", "") is None


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    with pytest.raises(ValueError, match=r"^geo\.database .*install '\.\[geo\]'"):
        Countries(database, "")


def test_a_file_that_is_missing_or_no_database_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "text.mmdb").write_text("not a database")
    (tmp_path / "empty.mmdb").touch()
    for name in ("missing.mmdb", "text.mmdb", "empty.mmdb", "."):
        with pytest.raises(ValueError, match=r"^geo\.database: .* cannot be read"):
            Countries(str(tmp_path / name), "")
