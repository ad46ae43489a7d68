"""What others wrote in the console is what they published."""

from tests.console.vendored import FILES, PACKAGE, RECORD, VENDOR, VERSION, digest, record


def test_each_vendored_file_is_as_it_was_published() -> None:
    files = record()["files"]
    assert files == {name: digest((VENDOR / name).read_bytes()) for name in files}


def test_nothing_is_there_that_is_not_written_down() -> None:
    there = {str(each.relative_to(VENDOR)) for each in VENDOR.rglob("*") if each.is_file()}
    assert there == {RECORD.name, *record()["files"]}
    assert record()["files"].keys() == {f"{PACKAGE}/{name}" for name in FILES}


def test_the_record_names_the_version_and_npms_integrity() -> None:
    assert (record()["name"], record()["version"]) == (PACKAGE, VERSION)
    assert record()["integrity"].startswith("sha512-el8M6jK2o3RX")
