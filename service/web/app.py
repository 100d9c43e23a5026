"""`create_app`: routes, limits and errors put together; no logic.

    /            public, no session            /api/v1/   programs and scripts of staff
    /staff/      pages of staff, with session  /log/ …    auditors and monitors: static, cacheable

The caller owns the pool and closes it after the application has ended.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Response, Router, get
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath

from service.config import Config
from service.errors import NotFound
from service.office import Office
from service.publishing import catch_up
from service.web import (
    access_pages,
    account,
    accounts_pages,
    api_accounts,
    api_draws,
    api_registry,
    log,
    staff,
)
from service.web.assets import ASSETS
from service.web.ceremony_cards import CARD_ROUTES
from service.web.ceremony_pages import CEREMONY_ROUTES
from service.web.ceremony_prints import PRINT_ROUTES
from service.web.description import ApiDescription
from service.web.draw_lists import DRAW_LIST_ROUTES
from service.web.draw_pages import DRAW_ROUTES
from service.web.errors import answer_error
from service.web.language import LANGUAGE_ROUTES
from service.web.middleware import Envelope
from service.web.plan_entries import ENTRY_ROUTES
from service.web.plan_pages import PLAN_ROUTES
from service.web.plan_steps import PLAN_STEP_ROUTES
from service.web.planning import PLANNING_ROUTES
from service.web.preparing import PREPARING_ROUTES
from service.web.public import PUBLIC_ROUTES
from service.web.public_plans import PUBLIC_PLAN_ROUTES
from service.web.registry_imports import IMPORT_ROUTES
from service.web.registry_pages import REGISTRY_ROUTES
from service.web.rehearsal_files import REHEARSAL_FILE_ROUTES
from service.web.session import PUBLIC, authorise, check_every_route
from service.web.step_pages import STEP_ROUTES
from service.web.visit_pages import VISIT_ROUTES
from service.web.witness_pages import WITNESS_ROUTES

__all__ = ["create_app"]

BODY_LIMIT = 1 << 20  # bytes; imports have their own

FOREVER = "public, max-age=31536000, immutable"


@get("/assets/{name:str}", opt=PUBLIC, sync_to_thread=False)
def read_asset(name: FromPath[str]) -> Response[bytes]:
    """Return a style sheet or image under its hashed name."""
    asset = ASSETS.get(name)
    if asset is None:
        raise NotFound("没有这个文件", "there is no such file")
    return Response(asset.data, media_type=asset.media_type, headers={"Cache-Control": FOREVER})


@get("/healthz", opt=PUBLIC, sync_to_thread=False)
def health() -> dict[str, str]:
    """Return that the process answers."""
    return {"status": "ok"}


@get("/readyz", opt=PUBLIC)
async def ready(state: State) -> dict[str, str]:
    """Return that the database answers too; 503 otherwise."""
    async with state.office.pool.acquire(timeout=3) as connection:
        await connection.fetchval("SELECT 1", timeout=3)
    return {"status": "ok"}


@asynccontextmanager
async def _finish_what_a_crash_left(app: Litestar) -> AsyncIterator[None]:
    await catch_up(app.state.office)
    yield


ROUTES = (
    read_asset, health, ready,
    *staff.ROUTES, *account.ROUTES, *access_pages.ROUTES, *accounts_pages.ROUTES, *api_accounts.ROUTES, *api_draws.ROUTES, *api_registry.ROUTES, *log.ROUTES,
    *LANGUAGE_ROUTES, *PLANNING_ROUTES, *DRAW_ROUTES, *DRAW_LIST_ROUTES, *REHEARSAL_FILE_ROUTES, *STEP_ROUTES, *PREPARING_ROUTES, *REGISTRY_ROUTES, *IMPORT_ROUTES, *PUBLIC_ROUTES,
    *CEREMONY_ROUTES, *CARD_ROUTES, *PRINT_ROUTES, *WITNESS_ROUTES,
    *PLAN_ROUTES, *ENTRY_ROUTES, *PLAN_STEP_ROUTES, *VISIT_ROUTES, *PUBLIC_PLAN_ROUTES,
)  # fmt: skip


def create_app(office: Office, config: Config) -> Litestar:
    """Return the application of one office. AssertionError for a route that does not name its users."""
    app = Litestar(
        route_handlers=ROUTES,
        guards=[authorise],
        exception_handlers={Exception: answer_error},
        request_max_body_size=BODY_LIMIT,
        state=State({"office": office, "config": config}),
        lifespan=[_finish_what_a_crash_left],
        openapi_config=OpenAPIConfig(
            title="double-random",
            version="1",
            render_plugins=[ApiDescription(path="/openapi.json")],
            openapi_router=Router("/api/v1", route_handlers=[], opt=PUBLIC),
        ),
        logging_config=None,
        debug=False,
    )
    check_every_route(app)
    # Around everything, or an unknown address would be answered without the headers.
    app.asgi_handler = Envelope(app.asgi_handler, config.public_url.startswith("https:"))
    return app
