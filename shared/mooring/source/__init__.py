"""Git, as a source of wanted state: what revisions name, the files of a commit, and who may read them."""

from __future__ import annotations

from mooring.source.credentials import Credential, CredentialStore, parse_credential, select
from mooring.source.gokit import GoKit
from mooring.source.objects import Commit, Survey
from mooring.source.refs import Resolution, Resolutions
from mooring.source.repositories import Repositories
from mooring.source.urls import RepositoryURL, normalise, parse_url

__all__ = [
    "Commit",
    "Credential",
    "CredentialStore",
    "GoKit",
    "Repositories",
    "RepositoryURL",
    "Resolution",
    "Resolutions",
    "Survey",
    "normalise",
    "parse_credential",
    "parse_url",
    "select",
]
