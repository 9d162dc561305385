"""GitHub's side of a workflow, on this machine: each job in a fresh clone and an empty home.

What a job needs from another comes through needs, outputs and artefacts, or not at all.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml
from rendering import clean_environment, git
from workflows import listed

EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")
NAME = re.compile(r"\b(?:github|vars|secrets|inputs|needs|steps)(?:\.[\w-]+)+")
# what only GitHub, or a machine with containers, can do
NOT_HERE = ("docker/", "actions/attest")
# of the environment of who runs this: where programs and packages are, and nothing else
KEPT = re.compile(
    r"PATH|LANG|OMP_NUM_THREADS|OPENBLAS_CORETYPE|UV_.*|PIP_.*|.*_(CA_BUNDLE|CA_CERTS)|SSL_CERT_.*"
)


@dataclass
class Result:
    """How a job ended: success, failure, skipped or waiting; with what it said and wrote."""

    ended: str
    said: str = ""
    page: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    not_here: list[str] = field(default_factory=list)


@dataclass
class Forge:
    """A hosted repo with its settings; `runs` are those of the last workflow, by job."""

    origin: Path
    folder: Path
    packages: Path  # the environment that uv makes out of its cache
    api: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    reviewed: tuple[str, ...] = ("production",)  # environments that wait for a person
    leave_out: tuple[str, ...] = ()  # jobs that are taken as passed
    count: int = 0

    def start(
        self,
        workflow: str,
        event: str,
        ref: str = "main",
        fork: bool = False,
        approve: bool = True,
        again: dict[str, Result] | None = None,
        **inputs: str,
    ) -> dict[str, Result]:
        """Run a workflow; `again` reruns the jobs of such a run that did not succeed."""
        if again is None:
            shutil.rmtree(self.folder / "artefacts", ignore_errors=True)
        done = {name: one for name, one in (again or {}).items() if one.ended == "success"}
        context = {
            "github.event_name": event,
            "github.ref": f"refs/heads/{ref}",
            "github.token": "" if fork else "token-of-this-run",
            "github.sha": git(self.origin, "rev-parse", ref).strip(),
            "github.event.repository.private": "true",
            "github.event.workflow_run.conclusion": "success",
            **{f"vars.{name}": value for name, value in self.variables.items()},
            **{f"inputs.{name}": value for name, value in inputs.items()},
        }
        given = {} if fork else self.secrets
        self.jobs(workflow, {**context, **secret(given)}, ref, approve, done)
        return done

    def jobs(
        self,
        workflow: str,
        context: dict[str, str],
        ref: str,
        approve: bool,
        done: dict[str, Result],
    ) -> str:
        """Run the jobs of a workflow that have not succeeded yet; return how it ended."""
        text = git(self.origin, "show", f"{ref}:.github/workflows/{workflow}.yml")
        jobs = yaml.safe_load(text)["jobs"]
        for name, job in jobs.items():
            if name in done:
                continue
            before = [done[one].ended for one in listed(job.get("needs"))]
            named = {
                f"needs.{one}.outputs.{key}": value
                for one in listed(job.get("needs"))
                for key, value in done[one].outputs.items()
            }
            known = context | named
            condition = str(job.get("if", "true"))
            if set(before) - {"success"} or evaluated(condition, known) in ("", "false"):
                done[name] = Result("skipped")
            elif "uses" in job:
                passed = {key: filled(one, known) for key, one in job.get("secrets", {}).items()}
                inner = {key: one for key, one in known.items() if not key.startswith("secrets.")}
                called = Path(job["uses"]).stem
                done[name] = Result(self.jobs(called, inner | secret(passed), ref, approve, done))
            elif name in self.leave_out:
                done[name] = Result("success")
            elif filled(str(job.get("environment", "")), known) in self.reviewed and not approve:
                done[name] = Result("waiting")
            else:
                done[name] = self.job(job, known, ref)
        ended = {done[name].ended for name in jobs}
        return "success" if ended <= {"success", "skipped"} else "failure"

    def job(self, job: dict[str, Any], context: dict[str, str], ref: str) -> Result:
        """Run one job on a machine that nobody used before."""
        self.count += 1
        machine = self.folder / f"machine-{self.count}"
        home, work = machine / "home", machine / "work"
        for folder in (home, work):
            folder.mkdir(parents=True)
        result = Result("success")
        outputs: dict[str, str] = {}
        for step in job["steps"]:
            if result.ended != "success" and step.get("if") != "always()":
                continue
            if "uses" in step:
                with_ = {
                    key: filled(str(one), context) for key, one in step.get("with", {}).items()
                }
                self.use(step["uses"].partition("@")[0], with_, work, ref, result)
                continue
            code = self.run(step, context | outputs, home, work, result)
            if code:
                result.ended = "failure"
            written = read_lines(home / "output")
            outputs |= {f"steps.{step.get('id')}.outputs.{k}": v for k, v in written.items()}
        page = home / "summary.md"
        result.page = page.read_text(encoding="utf-8") if page.is_file() else ""
        result.outputs = {
            key: filled(value, context | outputs) for key, value in job.get("outputs", {}).items()
        }
        shutil.rmtree(machine)
        return result

    def run(
        self, step: dict[str, Any], context: dict[str, str], home: Path, work: Path, result: Result
    ) -> int:
        """Run one step's command as a hosted runner does; return its exit code."""
        kept = {key: one for key, one in clean_environment().items() if KEPT.fullmatch(key)}
        cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache/uv")
        given = {key: filled(str(one), context) for key, one in step.get("env", {}).items()}
        place = work / filled(str(step.get("working-directory", ".")), context)
        if not place.is_dir():
            result.said += f"no folder {place}"
            return 1
        environment = {
            **kept,
            **{"HOME": str(home), "UV_CACHE_DIR": cache, "CI": "true"},
            "UV_PROJECT_ENVIRONMENT": str(self.packages),
            **{"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "team/late-flights"},
            **{"GITHUB_API_URL": self.api, "GITHUB_REF_NAME": "main"},
            **{"GITHUB_EVENT_NAME": context["github.event_name"]},
            **{"GITHUB_OUTPUT": str(home / "output"), "GITHUB_ENV": str(home / "env")},
            "GITHUB_STEP_SUMMARY": str(home / "summary.md"),
            **given,
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
        )
        result.said += f"$ {step['run'].strip()}\n{done.stdout}{done.stderr}"
        return done.returncode

    def use(self, action: str, with_: dict[str, str], work: Path, ref: str, to: Result) -> None:
        """Do what an action does."""
        if action == "actions/checkout":
            depth = with_.get("fetch-depth", "1")
            shallow = ["--depth", depth] if depth != "0" else []
            url = f"file://{self.origin}"
            git(work, "clone", "--quiet", "--branch", ref, *shallow, url, ".")
        elif action == "astral-sh/setup-uv":
            pass  # uv is here, and its cache of packages
        elif action == "actions/upload-artifact":
            hidden = with_.get("include-hidden-files") == "true"
            found = self.upload(with_["name"], with_["path"].split(), work, hidden)
            if not found and with_.get("if-no-files-found") == "error":
                to.ended = "failure"
        elif action == "actions/download-artifact":
            shutil.copytree(
                self.folder / "artefacts" / with_["name"], work / with_["path"], dirs_exist_ok=True
            )
        else:
            assert action.startswith(NOT_HERE), f"what does {action} do?"
            to.not_here.append(action)

    def upload(self, name: str, paths: list[str], work: Path, hidden: bool) -> bool:
        """Keep files as GitHub's zip does: below their common folder, without their modes."""
        top = work / (os.path.commonpath(paths) if len(paths) > 1 else Path(paths[0]).parent)
        kept = self.folder / "artefacts" / name
        shutil.rmtree(kept, ignore_errors=True)
        for place in (work / path for path in paths):
            for file in [place] if place.is_file() else sorted(place.rglob("*")):
                inner = file.relative_to(top)
                if file.is_file() and (hidden or not any(p.startswith(".") for p in inner.parts)):
                    (kept / inner).parent.mkdir(parents=True, exist_ok=True)
                    (kept / inner).write_bytes(file.read_bytes())
        return kept.exists()


def secret(values: dict[str, str]) -> dict[str, str]:
    return {f"secrets.{name}": value for name, value in values.items()}


def filled(text: str, context: dict[str, str]) -> str:
    """Return a text with its expressions filled in."""
    return EXPRESSION.sub(lambda found: evaluated(found[1], context), text)


def evaluated(expression: str, context: dict[str, str]) -> str:
    """Return what an expression says; a name that nobody set is empty, as on GitHub."""

    def value(found: re.Match[str]) -> str:
        text = context.get(found[0], "")
        return {"true": "True", "false": "False"}.get(text, repr(text))

    words = NAME.sub(value, EXPRESSION.sub(r"\1", expression))
    words = re.sub(r"!(?!=)", " not ", words.replace("&&", " and ").replace("||", " or ")).strip()
    said = eval(words, {"__builtins__": {}}, {"true": True, "false": False})
    return str(said).lower() if isinstance(said, bool) else str(said)


def read_lines(path: Path) -> dict[str, str]:
    """Return what a step wrote for later ones: a name and a value on each line."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return dict(line.split("=", 1) for line in lines)


class Api(BaseHTTPRequestHandler):
    """Says who reviews an environment, and takes requests to start a workflow or write an issue."""

    asked: list[tuple[str, Any]]
    reviewers: list[str]

    def do_GET(self) -> None:
        rules = (
            [{"type": "required_reviewers"}] if self.path.endswith(tuple(self.reviewers)) else []
        )
        self.answer({"protection_rules": rules} if "/environments/" in self.path else [])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, body))
        self.answer({"html_url": "https://github.com/team/late-flights/issues/1"})

    def answer(self, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running_api() -> Iterator[tuple[str, type[Api]]]:
    """Answer as GitHub's API does; yield its address, and what was asked of it."""
    kind = type("Asked", (Api,), {"asked": [], "reviewers": ["/production"]})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", kind
        server.shutdown()
        thread.join()
