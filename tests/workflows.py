"""What a repo's workflows do, read from GitHub's files or from GitLab's into one small table."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from parsing import parse_yaml

HOST = re.compile(r"^cd \"?\$\{MONITOR_FOLDER:-\.\}\"?$")
# Two jobs of GitLab are one of GitHub's: a job there can choose its environment while it runs.
# `image` alone is a keyword of GitLab.
SAME = {"container-image": "image", "production-automatic": "production"}


@dataclass(frozen=True)
class Event:
    """Something that starts workflows, in the words of both providers."""

    name: str
    github: str  # the name of the event
    gitlab: str  # the source of the pipeline
    workflow: str = ""  # the one that a person, a schedule or an alarm names
    branch: str = "main"
    changed: tuple[str, ...] = ("src/a.py",)
    attest: bool = True


WORKFLOWS = ("check", "mlops-train", "mlops-monitor", "mlops-pipeline", "mlops-deliver")
EVENTS = [
    Event("change", "pull_request", "merge_request_event", branch=""),
    Event("push", "push", "push"),
    Event("push without ATTEST", "push", "push", attest=False),
    Event("push of data", "push", "push", changed=("data/raw.dvc",)),
    Event("alarm", "workflow_dispatch", "pipeline", "mlops-train"),
    *(Event(f"schedule {name}", "schedule", "schedule", name) for name in WORKFLOWS),
    *(Event(f"by hand {name}", "workflow_dispatch", "web", name) for name in WORKFLOWS),
    *(
        Event(f"by hand {name} on a branch", "workflow_dispatch", "web", name, branch="try")
        for name in WORKFLOWS
        if name != "mlops-train"  # it would deliver what another branch made
    ),
]


@dataclass(frozen=True)
class Job:
    """What one job does."""

    starts: frozenset[str] = frozenset()  # names of events
    after: frozenset[str] = frozenset()  # every job that ends before it
    runs: tuple[str, ...] = ()
    environments: frozenset[str] = frozenset()  # those that it enters
    keeps: frozenset[tuple[str, str]] = frozenset()  # name and path of each artefact
    minutes: int = 0
    runner: str = ""  # the variable that names one
    secrets: bool = False  # whether it sees any
    signs: bool = False  # whether it gets an identity to sign with
    alone: str = ""  # the name under which only one runs at a time
    cron: str = ""


Table = dict[str, Job]


def differences(first: Table, second: Table) -> list[str]:
    """Return what one provider has and the other lacks, a line each."""
    found = [f"{name}: on one side only" for name in sorted(first.keys() ^ second.keys())]
    for name in sorted(first.keys() & second.keys()):
        one, other = first[name], second[name]
        found += [
            f"{name}: {key}: {getattr(one, key)} is not {getattr(other, key)}"
            for key in Job.__dataclass_fields__
            if getattr(one, key) != getattr(other, key)
        ]
    return found


# GITHUB


def github(repo: Path) -> Table:
    """Read `.github/workflows`."""
    read = {path.stem: parse_yaml(path.read_text())[0] for path in github_files(repo)}
    starts: dict[str, set[str]] = {}
    for event in EVENTS:
        for workflow in started(event, read):
            for name in jobs_of(workflow, event, read):
                starts.setdefault(name, set()).add(event.name)
    table: Table = {}
    for stem, workflow in read.items():
        for name, job in workflow["jobs"].items():
            if "uses" not in job:
                after = frozenset(before(stem, name, read))
                table[name] = replace(github_job(workflow, job), after=after)
    return {name: replace(job, starts=frozenset(starts[name])) for name, job in table.items()}


def github_files(repo: Path) -> list[Path]:
    return sorted((repo / ".github/workflows").glob("*.yml"))


def on(workflow: dict[Any, Any]) -> dict[str, Any]:
    """Return what starts a workflow; YAML 1.1 reads `on` as true."""
    found: dict[str, Any] = workflow.get("on") or workflow[True]
    return found


def started(event: Event, read: dict[str, Any]) -> list[str]:
    """Return the workflows that an event starts, and those that start when these ended well."""
    first = [stem for stem, workflow in read.items() if starts(event, stem, workflow)]
    ended = [
        stem
        for stem, workflow in read.items()
        for one in [on(workflow).get("workflow_run") or {}]
        if set(one.get("workflows", ())) & {read[stem]["name"] for stem in first}
        and event.branch in one["branches"]
    ]
    return [*first, *ended]


def starts(event: Event, stem: str, workflow: dict[Any, Any]) -> bool:
    found = on(workflow)
    if event.github not in found or event.workflow not in ("", stem):
        return False
    rule = found[event.github] or {}
    if event.github != "push":
        return True
    paths = rule.get("paths", ["*"])
    hit = any(fnmatch(path, pattern) for path in event.changed for pattern in paths)
    return hit and event.branch in rule["branches"]


def jobs_of(stem: str, event: Event, read: dict[str, Any]) -> Iterator[str]:
    """Return the jobs of a workflow that run, with those of workflows that it calls."""
    left_out: set[str] = set()
    for name, job in read[stem]["jobs"].items():
        needed = set(listed(job.get("needs")))
        if needed & left_out or not holds(str(job.get("if", "true")), event):
            left_out.add(name)
        elif "uses" in job:
            yield from jobs_of(Path(job["uses"]).stem, event, read)
        else:
            yield name


def holds(condition: str, event: Event) -> bool:
    """Say whether the condition of a job holds in a private repo."""
    values = {
        "github.event.workflow_run.conclusion": "'success'",
        "github.event.repository.private": "True",
        "github.event_name": f"'{event.github}'",
        "github.ref": f"'refs/heads/{event.branch or 'change'}'",
        "vars.ATTEST": f"'{'true' if event.attest else ''}'",
    }
    for name, value in values.items():
        condition = condition.replace(name, value)
    return truth(condition)


def truth(condition: str) -> bool:
    """Say whether a condition holds in which every name is a value already."""
    words = condition.replace("&&", " and ").replace("||", " or ")
    words = re.sub(r"!(?!=)", " not ", words)
    return bool(eval(words.strip(), {"__builtins__": {}}, {"true": True, "null": None}))


def before(stem: str, name: str, read: dict[str, Any]) -> set[str]:
    """Return every job that ends before this one, of other workflows too."""
    found: set[str] = set()
    for needed in listed(read[stem]["jobs"][name].get("needs")):
        found |= {needed} | before(stem, needed, read)
        if called := read[stem]["jobs"][needed].get("uses"):
            found = (found - {needed}) | set(read[Path(called).stem]["jobs"])
    if not listed(read[stem]["jobs"][name].get("needs")):
        found |= {job for other in before_workflow(stem, read) for job in read[other]["jobs"]}
    return found


def before_workflow(stem: str, read: dict[str, Any]) -> set[str]:
    """Return the workflows after which one starts, by itself or called by another."""
    names = {workflow["name"]: other for other, workflow in read.items()}
    found = {
        names[name] for name in (on(read[stem]).get("workflow_run") or {}).get("workflows", ())
    }
    for other, workflow in read.items():
        if any(Path(job.get("uses", "")).stem == stem for job in workflow["jobs"].values()):
            found |= before_workflow(other, read)
    return found


def listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def github_job(workflow: dict[Any, Any], job: dict[str, Any]) -> Job:
    """Return what one job of GitHub does, apart from when."""
    text = yaml.safe_dump(job)
    group = workflow.get("concurrency", {}).get("group", "")
    secrets = "secrets." in text  # pragma: allowlist secret
    schedule = on(workflow).get("schedule")
    return Job(
        runs=tuple(command for step in job["steps"] for command in commands(step)),
        environments=environments(str(job.get("environment", ""))),
        keeps=frozenset(pair for step in job["steps"] for pair in kept(step)),
        minutes=job["timeout-minutes"],
        runner="".join(re.findall(r"vars\.(\w+)", str(job["runs-on"]))),
        secrets=secrets,
        signs="id-token" in job.get("permissions", {}),
        alone=group if secrets and "${{" not in group else "",
        cron=schedule[0]["cron"] if schedule else "",
    )


def environments(name: str) -> frozenset[str]:
    """Return the environment of a job, or both that `release staging` may name for the next."""
    if "outputs.production" in name:
        return frozenset({"production", "production-automatic"})
    return frozenset({name} - {""})


def commands(step: dict[str, Any]) -> Iterator[str]:
    """Yield what a step runs, whether it is a command or an action."""
    action, given = step.get("uses", "").partition("@")[0], step.get("with", {})
    if "working-directory" in step:
        variable = "".join(re.findall(r"vars\.(\w+)", step["working-directory"]))
        yield f"in {variable}"
    if "run" in step:
        yield from step["run"].strip().splitlines()
    elif action == "docker/build-push-action":
        yield f"build {given['file']}"
    elif action in ("actions/attest", "actions/attest-build-provenance"):
        yield f"attest {given.get('sbom-path', 'provenance')}"


def kept(step: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if step.get("uses", "").startswith("actions/upload-artifact@"):
        given = step["with"]
        yield from ((given["name"], path) for path in given["path"].split())


# GITLAB


@dataclass
class Pipelines:
    """What `.gitlab-ci.yml` and all that it includes say."""

    settings: dict[str, Any] = field(default_factory=dict)
    written: dict[str, dict[str, Any]] = field(default_factory=dict)  # with hidden jobs
    crons: dict[str, str] = field(default_factory=dict)

    @cached_property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """Return each job with all that it inherits."""
        return {name: self.whole(name) for name in self.written if not name.startswith(".")}

    def whole(self, name: str) -> dict[str, Any]:
        job = self.written[name]
        inherited: dict[str, Any] = {}
        for other in listed(job.get("extends")):
            inherited = merged(inherited, self.whole(other))
        return merged(inherited, job)

    def starts(self, name: str, event: Event) -> bool:
        """Say whether a job is in the pipeline of an event, and the pipeline is made at all."""
        values = self.values(event)
        workflow = self.settings["workflow"]["rules"]
        return matched(workflow, values, event) and matched(self.jobs[name]["rules"], values, event)

    def values(self, event: Event) -> dict[str, str | None]:
        """Return the variables of a pipeline in a private project."""
        default = self.settings["variables"]["MLOPS_WORKFLOW"]["value"]
        return {
            "CI_PIPELINE_SOURCE": event.gitlab,
            "CI_COMMIT_BRANCH": event.branch or None,
            "CI_DEFAULT_BRANCH": "main",
            "CI_PROJECT_VISIBILITY": "private",
            "MLOPS_WORKFLOW": event.workflow or default,
            "ATTEST": "true" if event.attest else None,
        }


KEYWORDS = ("default", "include", "stages", "variables", "workflow")


def gitlab_files(repo: Path) -> list[Path]:
    """Return `.gitlab-ci.yml` and the files that it includes."""
    first = repo / ".gitlab-ci.yml"
    found = [first]
    for one in parse_yaml(first.read_text())[0]["include"]:
        included = sorted(repo.glob(one["local"].lstrip("/")))
        assert included, f"{one['local']} is no file"
        found += included
    return found


def pipelines(repo: Path) -> Pipelines:
    """Read what GitLab would."""
    found = Pipelines()
    for path in gitlab_files(repo):
        text = path.read_text()
        (content,) = parse_yaml(text)
        for key, value in content.items():
            if key not in KEYWORDS:
                assert key not in found.written, f"two files have a job {key}"
                found.written[key] = value
                cron = re.search(r"# ((?:\S+ ){4}\S+), with MLOPS_WORKFLOW=", text)
                found.crons[key] = cron[1] if cron else ""
            elif isinstance(value, dict):
                found.settings[key] = {**found.settings.get(key, {}), **value}
            else:
                found.settings[key] = value
    return found


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return one mapping over another, as `extends` does it: lists are replaced."""
    result = dict(first)
    for key, value in second.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def matched(rules: list[dict[str, Any]], values: dict[str, str | None], event: Event) -> bool:
    """Say what the first rule that holds says."""
    for rule in rules:
        words = re.sub(r"\$(\w+)", lambda name: repr(values[name[1]]), rule.get("if", "true"))
        paths = rule.get("changes", event.changed)
        if truth(words) and set(paths) & set(event.changed):
            return bool(rule.get("when") != "never")
    return False


def needed(job: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield each job that has to end before one, and whether it may be missing."""
    for one in job.get("needs", ()):
        yield (one, False) if isinstance(one, str) else (one["job"], one.get("optional", False))


def ancestors(name: str, jobs: dict[str, dict[str, Any]]) -> set[str]:
    """Return every job that ends before this one."""
    found: set[str] = set()
    for before, _ in needed(jobs[name]):
        if before in jobs:
            found |= {before} | ancestors(before, jobs)
    return found


def gitlab(repo: Path) -> Table:
    """Read `.gitlab-ci.yml` and all that it includes."""
    found = pipelines(repo)
    table: Table = {}
    for name in found.jobs:
        known = SAME.get(name, name)
        job = gitlab_job(name, found)
        if known in table:
            together = job.environments | table[known].environments
            assert job.starts == table[known].starts, f"{name} starts unlike {known}"
            job = replace(job, environments=together)
        table[known] = job
    return table


def gitlab_job(name: str, found: Pipelines) -> Job:
    """Return what one job of GitLab does."""
    job = found.jobs[name]
    entered = job.get("environment", {})
    place, action = (
        (entered, "")
        if isinstance(entered, str)
        else (
            entered.get("name", ""),
            entered.get("action", ""),
        )
    )
    artifacts = job.get("artifacts", {})
    return Job(
        starts=frozenset(event.name for event in EVENTS if found.starts(name, event)),
        after=frozenset(SAME.get(one, one) for one in ancestors(name, found.jobs)),
        runs=tuple(filter(None, map(plain, job["script"]))),
        environments=frozenset({place.removeprefix("mlops/")} - {""} if not action else set()),
        keeps=frozenset(
            (artifacts["name"], path)
            for path in artifacts.get("paths", ())
            # on GitHub a summary is a page of the run, and a signature is stored by an action
            if artifacts["name"] not in ("summary", "provenance")
        ),
        minutes=int(str(job.get("timeout", found.settings["default"]["timeout"])).split()[0]),
        runner="".join(job.get("tags", ())).removeprefix("$"),
        secrets=place.startswith("mlops/"),
        signs="id_tokens" in job,
        alone=job.get("resource_group", ""),
        cron=found.crons[name],
    )


def plain(line: str) -> str:
    """Return a line of a script in the words of the table."""
    line = line.replace(" --junitxml build/junit.xml", "")
    if HOST.match(line):
        return "in MONITOR_FOLDER"
    if match := re.match(r"docker build .*--file (\S+)", line):
        return f"build {match[1]}"
    if line.startswith("cosign sign-blob"):
        return "attest provenance"
    if match := re.match(r"cosign attest-blob .*--predicate (\S+)", line):
        return f"attest {match[1]}"
    return "" if line.startswith("apk add ") else line
