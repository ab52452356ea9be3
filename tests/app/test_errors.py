"""Every error has its sentences, in both languages, with the fields that it is raised with."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from p2pmarket.api.errors import failure_of, status_of
from p2pmarket.cli.failures import exit_code
from p2pmarket.groups import error_in, unwrapped
from p2pmarket.texts import _, use_language
from p2pmarket.texts.errors import ERRORS, sentence
from protocol.errors import LocalError, RemoteError, Unreachable

ROOT = Path(__file__).parents[2]
PACKAGES = ("protocol", "node", "p2pmarket")
# Where the code of an error is computed, these are the codes that can come out.
COMPUTED = {
    "node/author.py": {"too-long"},
    "node/enrolment.py": {"removed", "left", "invite-expired", "invite-used-up"},
    "node/devices.py": {"removed", "left"},
    "node/backup.py": {"backup-not-writable", "disk-full"},
    "p2pmarket/api/listings.py": {"removed", "left"},
}
# Worded at the command line only, from what click or the daemon's pipe said.
COMMAND_LINE = {"bug", "not-set-up"}


class Raised:
    """One place that raises an error with a literal code."""

    def __init__(self, place: str, code: str, fields: set[str]) -> None:
        self.place = place
        self.code = code
        self.fields = fields


def raised() -> Iterator[Raised]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                    continue
                if call.func.id not in ("LocalError", "Unreachable") or not call.args:
                    continue
                code = call.args[0]
                fields = {word.arg for word in call.keywords if word.arg}
                splat = any(word.arg is None for word in call.keywords)
                if isinstance(code, ast.Constant) and not splat:
                    place = f"{path.relative_to(ROOT)}:{call.lineno}"
                    yield Raised(place, str(code.value), fields)


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


ALL = list(raised())


@pytest.mark.parametrize("error", ALL, ids=lambda error: f"{error.place}-{error.code}")
def test_what_is_raised_has_a_sentence_whose_fields_are_given(error: Raised) -> None:
    assert error.code in ERRORS
    wanted = set().union(*map(fields_of, ERRORS[error.code]))
    assert wanted <= error.fields


def test_every_sentence_belongs_to_an_error_that_is_raised_somewhere() -> None:
    codes = {error.code for error in ALL} | set().union(*COMPUTED.values()) | COMMAND_LINE
    assert set(ERRORS) - codes == set()
    assert codes - set(ERRORS) == set()


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_a_sentence_reads_in_both_languages(code: str) -> None:
    fields = {name: "X" for part in ERRORS[code] for name in fields_of(part)}
    texts = {}
    for language in ("en", "de"):
        use_language(language)
        texts[language] = sentence(code, fields)
    use_language("en")
    assert texts["en"] != texts["de"]
    for text in texts.values():
        assert "{" not in text
        assert text[-1] in ".!)" or text.endswith("X")


def test_an_unreachable_neighbour_is_no_failure_of_ours() -> None:
    error = Unreachable("nobody-reachable")
    assert (status_of(error), failure_of(error).family, exit_code(error)) == (503, "unreachable", 5)


@pytest.mark.parametrize(
    ("code", "status", "exit_with"),
    [
        ("listing-not-found", 404, 4),
        ("household-not-found", 404, 4),
        ("not-running", 409, 3),
        ("invite-expired", 409, 1),
        ("field-missing", 422, 1),
        ("request-malformed", 422, 1),
    ],
)
def test_an_error_of_the_person_has_its_status_and_exit_code(
    code: str, status: int, exit_with: int
) -> None:
    error = LocalError(code)
    assert (status_of(error), exit_code(error)) == (status, exit_with)


def test_the_error_inside_a_group_is_found_but_never_a_peers() -> None:
    ours = LocalError("disk-full", path="x")
    nested = BaseExceptionGroup("a", [ValueError(), ExceptionGroup("b", [ours])])
    assert error_in(nested) is ours
    assert error_in(ExceptionGroup("c", [RemoteError("wire-malformed")])) is None
    with pytest.raises(LocalError), unwrapped():
        raise nested


def test_the_gettext_function_is_the_one_that_click_asks() -> None:
    use_language("de")
    try:
        assert _("Usage:") == "Aufruf:"
    finally:
        use_language("en")
