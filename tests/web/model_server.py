"""An OpenAI-compatible server that answers by rules: it reads the request as a model would, and answers from the page.

It does what stands outside the frames that the system message names, and treats what is inside as the page. Asked for
data, it fills the schema that the request carries from lines like `Price: $9.99` and from headings. It obeys whoever
writes `OBEY: {json}` outside a frame, so a page that breaks out of its frame is found out.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.web.http_server import HttpServer, Request, Response

_FRAME = re.compile(r"<<<([0-9a-f]{24})>>>")


@dataclass
class Behaviour:
    """How the server is to be; each list is used up from its front."""

    delay: float = 0.0
    gate: asyncio.Event | None = None
    """Held until it is set."""
    delays: list[float] = field(default_factory=list)
    """Delays of single answers, instead."""
    statuses: list[int] = field(default_factory=list)
    """Statuses to answer with before anything else."""
    answers: list[str] = field(default_factory=list)
    """Texts to answer with instead of reading the page."""
    bodies: list[tuple[bytes, str]] = field(default_factory=list)
    """Whole responses of status 200 and their content types, instead of anything else."""
    refuse: bool = False
    finish_reason: str = "stop"
    response_format: bool = True
    """Whether `response_format` is supported; if not, a request that has it fails."""
    response_format_status: int = 400
    """How a request fails that has it."""
    max_tokens: bool = True
    """Whether `max_tokens` and `temperature` are."""
    invents: dict[str, Any] = field(default_factory=dict)
    """Values to give although the page does not say them."""


class ModelServer(HttpServer):
    """`async with ModelServer() as server`, then `PAGEMILL_LLM_BASE_URL` is `server.base_url`."""

    def __init__(self) -> None:
        super().__init__()
        self.behaviour = Behaviour()
        self.asked: list[dict[str, Any]] = []
        """The bodies of the requests for answers."""
        self.keys: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.routes["/v1/chat/completions"] = self._complete

    @property
    def base_url(self) -> str:
        """Up to and with /v1."""
        return self.url("/v1")

    async def _complete(self, request: Request) -> Response:
        body = json.loads(request.body)
        self.asked.append(body)
        self.keys.append(request.headers.get("authorization", ""))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.behaviour.gate is not None:
                await self.behaviour.gate.wait()
            await asyncio.sleep(self.behaviour.delays.pop(0) if self.behaviour.delays else self.behaviour.delay)
            return self._answer(body)
        finally:
            self.at_once -= 1

    def _answer(self, body: dict[str, Any]) -> Response:
        if self.behaviour.bodies:
            content, content_type = self.behaviour.bodies.pop(0)
            return Response(content, content_type=content_type)
        if self.behaviour.statuses:
            return _error(self.behaviour.statuses.pop(0), "busy")
        if "response_format" in body and not self.behaviour.response_format:
            return _error(self.behaviour.response_format_status, "response_format is not supported")
        if ("max_tokens" in body or "temperature" in body) and not self.behaviour.max_tokens:
            return _error(400, "use max_completion_tokens")
        if self.behaviour.refuse:
            return _completion(None, refusal="I cannot help with that.")
        text = self.behaviour.answers.pop(0) if self.behaviour.answers else self._read(body)
        if self.behaviour.finish_reason == "length":
            text = text[: len(text) // 2]
        return _completion(text, finish_reason=self.behaviour.finish_reason)

    def _read(self, body: dict[str, Any]) -> str:
        system, asked = body["messages"][0]["content"], body["messages"][1]["content"]
        mark = _FRAME.search(system)[1]
        framed = re.compile(rf"<<<{mark}>>>\n(.*?)\n<<<end {mark}>>>", re.DOTALL)
        inside, outside = framed.findall(asked), framed.sub("", asked)
        if order := re.search(r"OBEY: (.*)", outside):
            return order[1]
        page = inside[-1].replace("*", "")
        if "summary" in system:
            return " ".join(re.findall(r"[A-Z][^.\n]+\.", page)[:3])
        if "CSS selectors" in outside:
            return json.dumps(dict.fromkeys(json.loads(inside[-1].partition("\n\n")[2]), 0))
        schema = json.JSONDecoder().raw_decode(outside[outside.index("{") :])[0]
        form = body.get("response_format")
        if form is not None:
            assert form["json_schema"]["schema"] == schema
        return json.dumps({**_fill(schema, page), **self.behaviour.invents})


def _fill(schema: dict[str, Any], page: str) -> dict[str, Any]:
    found = {}
    for name, part in schema.get("properties", {}).items():
        value = _value(name, part, page)
        nullable = isinstance(part.get("type"), list) and "null" in part["type"]
        if value is not None or nullable:
            found[name] = value
    return found


def _value(name: str, part: dict[str, Any], page: str) -> Any:
    kind = part.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return _fill(part, page)
    if kind == "array":
        if "properties" in part.get("items", {}):
            return _rows(part["items"]["properties"], page)
        return re.findall(rf"(?im)^- {name}: (.+)$", page) or []
    if name in ("name", "title"):
        heading = re.search(r"(?m)^(?:#|Title:) (.+)$", page)
        return heading[1].replace("\\", "") if heading else None
    if name == "currency":
        return "USD" if "$" in page else None
    label = re.search(rf"(?im)^[- ]*{name} *: *([^\n]+)", page)
    if label is None:
        return None
    text = label[1].strip().replace("\\", "")
    if kind in ("number", "integer"):
        number = float(re.sub(r"[^\d.]", "", text))
        return int(number) if number.is_integer() else number
    return "in stock" in text.lower() if kind == "boolean" else text


def _rows(properties: dict[str, Any], page: str) -> list[dict[str, Any]]:
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")
    ]
    if len(lines) < 3:
        return []
    names = [name.lower() for name in lines[0]]
    rows = [dict(zip(names, line, strict=False)) for line in lines[2:]]
    return [
        {
            name: (
                float(row[name])
                if part["type"] == "number"
                else int(row[name])
                if part["type"] == "integer"
                else row[name]
            )
            for name, part in properties.items()
            if name in row
        }
        for row in rows
    ]


def _completion(content: str | None, *, refusal: str | None = None, finish_reason: str = "stop") -> Response:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "rules",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}],
    }
    return Response(json.dumps(body).encode(), content_type="application/json")


def _error(status: int, message: str) -> Response:
    body = json.dumps({"error": {"message": message, "type": "error", "code": None, "param": None}}).encode()
    return Response(body, status, "application/json", headers=(("Retry-After", "0.01"),) if status == 429 else ())
