"""Credentials from the environment and from a configuration file of aepp's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_aep_export import Credentials
from pytest_aep_export.credentials import credentials_from
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.model import AEP_SCOPES

VARIABLES = {"AEP_CLIENT_ID": "id", "AEP_CLIENT_SECRET": "secret", "AEP_ORG_ID": "org"}
FILE = {"client_id": "f-id", "secret": "f-secret", "org_id": "f-org", "sandbox-name": "f-dev", "scopes": "a,b"}


def _written(folder: Path, text: str) -> dict[str, str]:
    (folder / "config.json").write_text(text)
    return {"AEP_CONFIG_FILE": str(folder / "config.json")}


def test_credentials_come_from_variables():
    """Credentials are read from the environment; sandbox and scopes have defaults."""
    assert credentials_from(VARIABLES) == Credentials("id", "secret", "org", "prod", AEP_SCOPES)
    more = {"AEP_SANDBOX_NAME": "dev", "AEP_SCOPES": "openid"}
    assert credentials_from(VARIABLES | more) == Credentials("id", "secret", "org", "dev", "openid")


def test_missing_credentials_are_all_named():
    """Every variable that is missing or empty is named at once, and none that is there."""
    with pytest.raises(ConfigurationError, match="missing: set AEP_CLIENT_SECRET, AEP_ORG_ID in the environment"):
        credentials_from({"AEP_CLIENT_ID": "id", "AEP_ORG_ID": ""})


def test_credentials_come_from_a_file(tmp_path):
    """A configuration file of aepp's serves as it is."""
    assert credentials_from(_written(tmp_path, json.dumps(FILE))) == Credentials(
        "f-id", "f-secret", "f-org", "f-dev", "a,b"
    )


def test_a_file_may_list_its_scopes(tmp_path):
    """A file may hold a list of scopes, as the client aepp allows; the token service wants them joined."""
    found = credentials_from(_written(tmp_path, json.dumps(FILE | {"scopes": ["openid", "session"]})))
    assert found.scopes == "openid,session"


def test_a_variable_wins_over_the_file(tmp_path):
    """What the environment says counts; the file fills in the rest."""
    found = credentials_from(_written(tmp_path, json.dumps(FILE)) | {"AEP_SANDBOX_NAME": "dev"})
    assert (found.sandbox, found.org_id) == ("dev", "f-org")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("client_id = 1", "it is not JSON"),
        ("[]", "it is not a JSON object"),
        (json.dumps(FILE | {"secret": 7, "org_id": {}, "client_id": ["x"]}), "client_id, secret must be text"),
    ],
)
def test_a_file_of_another_kind_is_one_clear_sentence(tmp_path, text, reason):
    """The sentence names the file, what is wrong with it, and what was expected; it repeats nothing of the file."""
    with pytest.raises(ConfigurationError) as caught:
        credentials_from(_written(tmp_path, text))
    assert str(caught.value) == (
        f"the file {tmp_path / 'config.json'}, which AEP_CONFIG_FILE names, holds no credentials: {reason}; "
        "expected an object with client_id, secret, org_id, sandbox-name, scopes"
    )


def test_a_file_that_is_not_there_is_one_clear_sentence(tmp_path):
    """The sentence says which file, and why it cannot be read."""
    path = tmp_path / "none.json"
    with pytest.raises(ConfigurationError, match=f"{path}, which AEP_CONFIG_FILE names, cannot be read: No such file"):
        credentials_from({"AEP_CONFIG_FILE": str(path)})
