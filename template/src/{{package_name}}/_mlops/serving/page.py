# The template's. What it says about columns is yours in schema.py, about itself in service.py.
"""The page for people: what the service predicts, an example to try, how errors look."""

import json
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .champion import Champion

# BentoML's own page loads a tracker of Google's and pictures of other hosts; its Swagger UI is here
HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="./static_content/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="./static_content/swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({{
  url: "./docs.json", dom_id: "#page", deepLinking: true, tryItOutEnabled: true,
  defaultModelsExpandDepth: -1,
}});
</script>
</body>
</html>
"""
GROUPS = {
    "Service APIs": {"name": "Predictions", "description": "for consumers"},
    "Infrastructure": {"name": "Health", "description": "for load balancers and monitoring"},
}
ERROR = {
    "type": "object",
    "properties": {
        "error": {"type": "string", "example": "1 problem in the request"},
        "detail": {"type": "string", "example": "rows.0.column: Field required"},
        "hint": {"type": "string", "example": "what to do"},
    },
}


class Page:
    """ASGI middleware that answers `/` and `/docs.json`, and passes on everything else."""

    def __init__(self, app: ASGIApp, service: Any, champion: Champion) -> None:
        self.app = app
        self.service = service
        self.champion = champion

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page or its description, or pass a request on."""
        asked = (scope["type"], scope.get("method"), scope.get("path"))
        answer: ASGIApp = self.app
        if asked == ("http", "GET", "/"):
            answer = HTMLResponse(HTML.format(title=escape(self.service.name)))
        elif asked == ("http", "GET", "/docs.json"):
            answer = JSONResponse(describe(self.service, self.champion))
        await answer(scope, receive, send)


def describe(service: Any, champion: Champion) -> dict[str, Any]:
    """Return BentoML's OpenAPI description with this service's own words."""
    described: dict[str, Any] = json.loads(json.dumps(service.openapi_spec.asdict()))
    about = [str(service.inner.__doc__ or ""), state(champion)]
    described["info"] = {
        "title": service.name,
        "version": f"model {champion.version or 'none'}",
        "description": "\n\n".join(about),
    }
    described["tags"] = list(GROUPS.values())
    described["paths"].pop("/healthz", None)  # deprecated
    for operations in described["paths"].values():
        for method, operation in operations.items():
            if method == "post":
                operation["summary"] = operation.pop("description", "")
                operation["requestBody"]["required"] = True
                operation["responses"] = {
                    "200": {**operation["responses"]["200"], "description": "the predictions"},
                    "4XX": refusal("the request is at fault"),
                    "503": refusal("no model can answer"),
                }
            operation["tags"] = [
                GROUPS.get(tag, {"name": tag})["name"] for tag in operation.get("tags", [])
            ]
    return described


def state(champion: Champion) -> str:
    """Say what is served, or why nothing is."""
    if problem := champion.problem:
        return f"**No model is served:** {problem}. {problem.hint}"
    return f"Model version {champion.version} answers. Open `/predict` and press *Execute*."


def refusal(meaning: str) -> dict[str, Any]:
    """Describe an error in the service's one form."""
    return {"description": meaning, "content": {"application/json": {"schema": ERROR}}}
