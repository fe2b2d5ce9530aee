"""JSON that is taken by Python's reader, and what is refused all the same."""

import json
import os
import threading

import pytest

from nullcline.common.strict_json import parse_strictly, read_strictly
from nullcline.common.words import printable, safe_line, shortened, visible


@pytest.mark.parametrize("value", [None, 1, -2.5, "é\U0001f600", [], [[{"a": [1e308]}]], {"": {}}])
def test_what_json_holds_comes_back(value):
    assert parse_strictly(json.dumps(value)) == value
    assert parse_strictly(json.dumps(value, ensure_ascii=False).encode()) == value


def test_the_deepest_document_that_is_read():
    parse_strictly("[" * 100 + "]" * 100)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 101 + "]" * 101, "over 100 deep"),
        ("[" * 200_000, "over 100 deep"),
        ('{"a":' * 101 + "1" + "}" * 101, "over 100 deep"),
        ('[{"a": 1, "b": 2, "a": 1}]', "the key 'a' stands twice"),
        ("[1" + "0" * 400 + "]", "401 digits"),
        ('["\\ud800"]', "half a character"),
        ('{"\\uDFFF": 1}', "half a character"),
        ("[NaN]", "NaN is no number of JSON"),
        ("[-Infinity]", "-Infinity is no number"),
        (b"\xff[1]", "UTF-8"),
        (b'["\xed\xa0\x80"]', "UTF-8"),  # half a character in bytes
        ("[1", "Expecting"),
        ("", "Expecting"),
    ],
)
def test_what_is_refused_in_one_line(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        parse_strictly(text)
    assert "\n" not in str(caught.value)


def test_python_writes_constants_that_may_be_taken():
    assert parse_strictly("[-Infinity]", constants=True) == [float("-inf")]


def test_a_file_is_named_with_the_hint(tmp_path):
    path = tmp_path / "a.json"
    with pytest.raises(ValueError, match=r"a\.json: No such file.*; make it again"):
        read_strictly(path, hint="make it again")
    path.write_text('{"a": 1, "a": 2}')
    with pytest.raises(ValueError, match=r"a\.json is no whole JSON file \(.*\); make it again"):
        read_strictly(path, hint="make it again")


def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "a.json"
    os.mkfifo(path)
    caught = []

    def read():
        try:
            read_strictly(path, hint="h")
        except ValueError as error:
            caught.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(timeout=5)  # far more than a file takes, far less than for ever
    assert len(caught) == 1


def test_text_for_a_message_moves_no_terminal():
    assert printable("a\x1b[2J\nb\u202e") == "a?[2J b?"
    assert safe_line("a\tb  c\u202e\n\x9b") == "a b  c? ?"
    assert visible("a\x1b\n\nb\tc") == "a?\n\nb c"
    assert shortened("x" * 100, 10) == "'xxxxxxxx…"
    assert shortened(10**5000).startswith("a value of type int")
