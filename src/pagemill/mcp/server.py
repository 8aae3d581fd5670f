"""The MCP server, whatever it is reached by: tools and resources over a client that has the caller's key."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.server.lowlevel import Server
from pydantic import ValidationError

from mcp import MCPError
from pagemill import __version__
from pagemill.client import ClientError
from pagemill.mcp import resources
from pagemill.mcp.arguments import with_argument_names
from pagemill.mcp.call import ToolCall, ToolError
from pagemill.mcp.outcomes import goes_on
from pagemill.mcp.tools import BY_NAME, INSTRUCTIONS, TOOLS, input_schema, output_schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from mcp.server.context import ServerRequestContext

    from pagemill.client import AsyncClient
    from pagemill.mcp.arguments import Arguments
    from pagemill.mcp.call import ReportProgress
    from pagemill.mcp.tools import Tool
    from pagemill.settings.api.mcp import McpSettings

    Connect = Callable[[Mapping[str, str]], AbstractAsyncContextManager[AsyncClient]]
    """Opens a client for a request with these headers. There are none where the server is spoken to through a pipe."""
    Context = ServerRequestContext[Any, Any]


class Handlers:
    """Answers the requests of the protocol."""

    def __init__(self, settings: McpSettings, connect: Connect) -> None:
        self._settings = settings
        self._connect = connect

    async def list_tools(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Return all tools."""
        return types.ListToolsResult(tools=[_described(tool) for tool in TOOLS])

    async def call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Call a tool. What goes wrong is a result that says so, since a model can do something about it."""
        tool = BY_NAME.get(params.name)
        if tool is None:
            return _error("not_found", f"There is no tool {params.name}.")
        try:
            arguments = tool.arguments.model_validate(params.arguments or {})
        except ValidationError as error:
            return _error("invalid_request", _sentence(tool, error))
        async with self._connect(_headers(context)) as client:
            call = ToolCall(client, self._settings, _reporter(context))
            return await _outcome(tool, call, arguments)

    async def list_templates(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """Return the template of the resources."""
        template = types.ResourceTemplate(
            name=resources.TEMPLATE_NAME,
            uri_template=resources.TEMPLATE,
            description=resources.TEMPLATE_DESCRIPTION,
            mime_type=resources.MEDIA_TYPE,
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """Return the caller's pages, newest first."""
        async with self._calling(context) as call:
            found, following = await resources.finished(call, params.cursor if params else None)
        listed = [types.Resource(uri=uri, name=url, mime_type=resources.MEDIA_TYPE) for uri, url in found]
        return types.ListResourcesResult(resources=listed, next_cursor=following)

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """Return a part of a page. Raises MCPError where there is none."""
        uri = str(params.uri)
        async with self._calling(context) as call:
            part = await resources.read(call, uri)
        text = types.TextResourceContents(
            uri=uri,
            mime_type=resources.MEDIA_TYPE,
            text=part.text,
            _meta={"pagemill/nextOffset": part.next_offset, "pagemill/characters": part.characters},
        )
        return types.ReadResourceResult(contents=[text])

    @contextlib.asynccontextmanager
    async def _calling(self, context: Context) -> AsyncIterator[ToolCall]:
        """Yield what works on a request for a resource. What goes wrong is an error of the protocol."""
        try:
            async with self._connect(_headers(context)) as client:
                yield ToolCall(client, self._settings, _reporter(context))
        except (ClientError, ToolError) as error:
            code = types.INVALID_PARAMS if error.code in _OF_THE_CALLER else types.INTERNAL_ERROR
            message = with_argument_names(error.message, _OF_RESOURCES)
            raise MCPError(code=code, message=f"{error.code}: {message}") from error


_OF_RESOURCES = {"before": "cursor"}
_OF_THE_CALLER = frozenset({"invalid_request", "not_found", "page_failed", "job_not_ended"})


def create_server(settings: McpSettings, connect: Connect) -> Server[Any]:
    """Return the server. It holds nothing of a caller."""
    handlers = Handlers(settings, connect)
    return Server(
        "pagemill",
        version=__version__,
        title="Pagemill",
        instructions=INSTRUCTIONS,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_templates,
        on_read_resource=handlers.read_resource,
    )


@functools.cache
def _described(tool: Tool) -> types.Tool:
    kinds = tool.result if isinstance(tool.result, tuple) else (tool.result,)
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=input_schema(tool.arguments),
        output_schema=output_schema(kinds),
        annotations=types.ToolAnnotations(
            read_only_hint=not tool.submits, destructive_hint=False, open_world_hint=True
        ),
    )


async def _outcome(tool: Tool, call: ToolCall, arguments: Arguments) -> types.CallToolResult:
    try:
        outcome = await tool.run(call, arguments)
    except (ClientError, ToolError) as error:
        return _error(error.code, tool.arguments.in_own_terms(error.message), call.job_id)
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text) for text in outcome.texts],
        structured_content=outcome.result.model_dump(mode="json", exclude_none=True),
        is_error=outcome.is_error,
    )


def _error(code: str, message: str, job_id: str | None = None) -> types.CallToolResult:
    """Return the result of a call that failed: without structured content, which would have to match the schema."""
    text = f"{code}: {message}"
    if job_id is not None:
        text += f" {goes_on(job_id)}"
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


def _sentence(tool: Tool, error: ValidationError) -> str:
    """Say what is wrong with the first argument that is."""
    problem = error.errors(include_url=False, include_input=False)[0]
    name, *places = problem["loc"]
    if problem["type"] == "extra_forbidden" and not places:
        taken = ", ".join(f"`{argument}`" for argument in tool.arguments.model_fields)
        return f"The argument `{name}` is not valid: `{tool.name}` takes {taken}."
    name = "".join([str(name), *(f"[{place}]" for place in places)])
    return f"The argument `{name}` is not valid: {problem['msg'][:1].lower()}{problem['msg'][1:]}."


def _headers(context: Context) -> Mapping[str, str]:
    """Return the headers of the HTTP request that a message came with."""
    headers: Mapping[str, str] = context.request.headers if context.request is not None else {}
    return headers


def _reporter(context: Context) -> ReportProgress:
    """Return what tells the caller of progress, where it asked for that."""

    async def report(ended: int, total: int) -> None:
        await context.session.report_progress(ended, total, f"{ended} of {total} pages")

    return report
