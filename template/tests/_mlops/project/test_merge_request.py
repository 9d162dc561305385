# The template's. Tests of yours go into a file of their own.
"""A merge request of GitLab shows what its branch changes in the model, once."""

import json
from typing import Any

import pytest

from ..fixtures import Repo, StandIn, standing_in
from ..package import merge_request

NOTES = "/api/v4/projects/17/merge_requests/4/notes"
OTHER = {"id": 1, "body": "looks good"}


class GitLab(StandIn):
    """Answers as the notes of a merge request do, page by page, and keeps what it was sent."""

    server: Any

    def respond(self) -> None:
        if self.command == "GET":
            page = int(self.path.rpartition("page=")[2])
            listed = self.server.notes[(page - 1) * merge_request.PAGE :][: merge_request.PAGE]
            self.answer(json.dumps(listed).encode(), self.server.status)
            return
        sent = (self.command, self.path, self.headers["PRIVATE-TOKEN"], json.loads(self.body()))
        self.server.seen.append(sent)
        self.answer(b"{}", self.server.status)


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command run as in the job of a merge request."""
    monkeypatch.setenv("CI_MERGE_REQUEST_IID", "4")
    monkeypatch.setenv("CI_MERGE_REQUEST_PROJECT_ID", "17")
    monkeypatch.setenv("MERGE_REQUEST_TOKEN", "secret")


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize("earlier", [True, False])
def test_a_merge_request_has_one_note_however_often_it_was_pushed(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, earlier: bool
) -> None:
    own = [{"id": 7, "body": f"{merge_request.MARK}\nof the first push"}] if earlier else []
    with standing_in(GitLab, notes=[OTHER] * 100 + own, seen=[], status=200) as server:
        monkeypatch.setenv("CI_API_V4_URL", f"{server.address}/api/v4")
        done = own_repo.must("changes")
    ((method, path, token, content),) = server.seen

    assert (method, path) == (("PUT", f"{NOTES}/7") if earlier else ("POST", NOTES))
    assert (token, list(content)) == ("secret", ["body"])
    assert content["body"] == f"{merge_request.MARK}\n{done.out}"
    assert "noted in merge request !4" in done.err


@pytest.mark.usefixtures("job")
def test_without_a_note_the_job_goes_on_and_says_why(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing_in(GitLab, notes=[], seen=[], status=403) as server:
        monkeypatch.setenv("CI_API_V4_URL", f"{server.address}/api/v4")
        refused = own_repo.must("changes")
    gone = own_repo.must("changes")
    monkeypatch.setenv("CI_API_V4_URL", "file:///etc")
    foreign = own_repo.must("changes")

    assert "warning: the merge request has no note: GitLab answered 403" in refused.err
    assert "GitLab cannot be reached: URLError" in gone.err
    assert "GitLab cannot be reached: ValueError" in foreign.err
    assert "secret" not in refused.err + gone.err + foreign.err


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize("lacking", ["MERGE_REQUEST_TOKEN", "CI_MERGE_REQUEST_IID"])
def test_without_a_token_or_a_merge_request_nobody_is_asked(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    monkeypatch.delenv(lacking)
    with standing_in(GitLab, notes=[], seen=[], status=200) as server:
        monkeypatch.setenv("CI_API_V4_URL", f"{server.address}/api/v4")
        done = own_repo.must("changes")

    assert (server.seen, "note" in done.err) == ([], False)
