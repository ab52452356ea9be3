"""The ASGI application: endpoints as routes, errors as answers."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from p2pmarket.api import (
    charter,
    choices,
    communities,
    cross_posts,
    devices,
    finding,
    gathering,
    horizon,
    households,
    joining,
    ledger,
    listings,
    mail,
    moderation,
    moderation_choices,
    moderation_log,
    parting,
    reach,
    removals,
    stewards,
    windows,
)
from p2pmarket.api.endpoint import Call, Endpoint
from p2pmarket.api.errors import failure_of, status_of
from p2pmarket.api.locating import located
from p2pmarket.api.openapi import document
from p2pmarket.api.schemas import Failure, FailureAnswer
from p2pmarket.api.shapes import from_json, from_query, to_json
from p2pmarket.api.trade import cases, disputes, steps
from p2pmarket.groups import error_in
from protocol.errors import LocalError, P2PMarketError

_log = logging.getLogger(__name__)

ENDPOINTS: tuple[Endpoint, ...] = (
    *communities.ENDPOINTS,
    *parting.ENDPOINTS,
    *households.ENDPOINTS,
    *joining.ENDPOINTS,
    *charter.ENDPOINTS,
    *stewards.ENDPOINTS,
    *removals.ENDPOINTS,
    *choices.ENDPOINTS,
    *devices.ENDPOINTS,
    *finding.ENDPOINTS,
    *gathering.ENDPOINTS,
    *listings.ENDPOINTS,
    *cross_posts.ENDPOINTS,
    *windows.ENDPOINTS,
    *mail.ENDPOINTS,
    *moderation.ENDPOINTS,
    *moderation_choices.ENDPOINTS,
    *moderation_log.ENDPOINTS,
    *reach.ENDPOINTS,
    *horizon.ENDPOINTS,
    *ledger.ENDPOINTS,
    *steps.ENDPOINTS,
    *disputes.ENDPOINTS,
    *cases.ENDPOINTS,
)

_MAX_BODY_BYTES = 32 << 20
"""500 rows of 64 KB."""


def build_app(call: Call) -> Starlette:
    """Return the application; ``call`` carries the collaborators, and is copied a request."""
    routes = [
        Route(endpoint.path, _route(endpoint, call), methods=[endpoint.method])
        for endpoint in ENDPOINTS
    ]
    described = document(ENDPOINTS)

    async def openapi(_request: Request) -> Response:
        return JSONResponse(described)

    routes.append(Route("/v1/openapi.json", openapi, methods=["GET"]))
    return Starlette(routes=routes, exception_handlers={404: _no_path, 405: _no_path})


def _route(endpoint: Endpoint, base: Call) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            body = await _body(endpoint, request)
            query = _query(endpoint, request)
            call = replace(base, path=request.path_params, body=body, query=query)
            with call.memberships.requests.asking():
                answer = await endpoint.action(await located(call))
            return JSONResponse(to_json(answer))
        except P2PMarketError as error:
            return _refusal(error)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except ExceptionGroup as group:
            foreseen = error_in(group)
            return _bug(base) if foreseen is None else _refusal(foreseen)
        except Exception:
            return _bug(base)

    return respond


async def _body(endpoint: Endpoint, request: Request) -> Any:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > _MAX_BODY_BYTES:
            raise LocalError("request-too-long", most=_MAX_BODY_BYTES)
    if endpoint.body is None:
        return None
    try:
        value = json.loads(received or b"{}")
    except (ValueError, RecursionError):
        raise LocalError("request-malformed", field="body") from None
    return from_json(endpoint.body, value)


def _query(endpoint: Endpoint, request: Request) -> Any:
    if endpoint.query is None:
        return None
    values: dict[str, list[str]] = {}
    for name, text in request.query_params.multi_items():
        values.setdefault(name, []).append(text)
    return from_query(endpoint.query, values)


def _refusal(error: P2PMarketError) -> Response:
    answer = FailureAnswer(failure_of(error))
    return JSONResponse(to_json(answer), status_code=status_of(error))


def _bug(base: Call) -> Response:
    """Note what nobody foresaw, under a number that the person can quote."""
    reference = os.urandom(3).hex()
    _log.exception("bug %s", reference)
    fields: dict[str, object] = {"reference": reference, "path": str(base.home.log_file)}
    text = f"A fault in p2pmarket, number {reference}; the log {base.home.log_file} tells more."
    failure = Failure("bug", text, "bug", fields)
    return JSONResponse(to_json(FailureAnswer(failure)), status_code=500)


async def _no_path(request: Request, _error: Exception) -> Response:
    error = LocalError("path-not-found", path=request.url.path, method=request.method)
    return JSONResponse(to_json(FailureAnswer(failure_of(error))), status_code=404)
