"""The application: a list of what is registered, nothing else."""

from __future__ import annotations

from typing import cast

import flask
from werkzeug.middleware.proxy_fix import ProxyFix

from service import api, docs
from service.accounts.access import ANYONE, allowed_roles, check_access, identify
from service.accounts.routes import blueprint as accounts_blueprint
from service.blueprint import IdConverter, register_query_check
from service.cli import register_cli
from service.config import Settings, load
from service.crypto import keyring
from service.db import STATEMENT_SECONDS, Database
from service.duplicates.routes import blueprint as duplicates_blueprint
from service.employers.routes import blueprint as employers_blueprint
from service.employers.verification_routes import blueprint as verifications_blueprint
from service.error_answers import register_error_answers
from service.feeds.routes import blueprint as feeds_blueprint
from service.feeds.staff_routes import blueprint as feed_oversight_blueprint
from service.headers import register_headers
from service.imports.routes import blueprint as imports_blueprint
from service.indexing.at_once import register_at_once
from service.indexing.live import LiveIndex
from service.jobs.code_routes import blueprint as job_codes_blueprint
from service.jobs.pasted_routes import blueprint as pasted_jobs_blueprint
from service.jobs.review_routes import blueprint as reviews_blueprint
from service.jobs.routes import blueprint as jobs_blueprint
from service.json_answers import AnswersAsJson
from service.live.routes import blueprint as live_blueprint
from service.logs import register_request_log, set_up_logs
from service.matches import endings as matches_endings  # noqa: F401  what ends with a consent registers itself
from service.matches.routes import blueprint as matches_blueprint
from service.metrics import blueprint as metrics_blueprint
from service.metrics import register_metrics
from service.open_data.room import Room
from service.open_data.routes import blueprint as open_data_blueprint
from service.oversight_routes import blueprint as oversight_blueprint
from service.partners.routes import blueprint as partners_blueprint
from service.performance.routes import blueprint as performance_blueprint
from service.privacy.consent_routes import blueprint as consents_blueprint
from service.privacy.routes import blueprint as privacy_blueprint
from service.rate_limit import register_rate_limit
from service.search.log import SearchCounts
from service.search.routes import blueprint as search_blueprint
from service.signin.account_routes import blueprint as account_administration_blueprint
from service.signin.oidc_routes import blueprint as sign_in_oidc_blueprint
from service.signin.routes import blueprint as sign_in_blueprint
from service.signin.session_routes import blueprint as sign_in_sessions_blueprint
from service.signin.sms_routes import blueprint as sign_in_sms_blueprint
from service.signin.wechat_routes import blueprint as sign_in_wechat_blueprint
from service.state_metrics import StateMetrics
from service.stations.routes import blueprint as stations_blueprint
from service.status import blueprint as status_blueprint
from service.task_routes import blueprint as tasks_blueprint
from service.upkeep.routes import blueprint as upkeep_blueprint
from service.wechat.routes import blueprint as wechat_blueprint
from service.workers import endings as workers_endings  # noqa: F401  the same
from service.workers.grant_routes import blueprint as grants_blueprint
from service.workers.routes import blueprint as workers_blueprint

LARGEST_BODY = 256 * 1024
"""Bytes of one request: the longest advert in UTF-8 is below 100 kB."""


def create_app(settings: Settings | None = None) -> flask.Flask:
    """The Flask application. Opens no connection and no file: databases and the index are opened when first used.

    Raises ConfigError when a setting cannot be used.
    """
    settings = settings or load()
    set_up_logs(settings.log_level)
    app = flask.Flask("chengnuan", static_folder=None)
    app.config |= {"MAX_CONTENT_LENGTH": LARGEST_BODY, "MAX_FORM_MEMORY_SIZE": LARGEST_BODY, **api.settings_for_spec()}
    app.json = AnswersAsJson(app)
    app.url_map.converters["int"] = IdConverter
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # its redirect would be built from a Host that the client chose
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.extensions["settings"] = settings
    app.extensions["database"] = Database(
        settings.database_url, pool_size=settings.web_threads + 2, statement_seconds=STATEMENT_SECONDS
    )
    app.extensions["keyring"] = keyring.use(keyring.file_of(settings))
    app.extensions["search_counts"] = SearchCounts(lambda: cast("Database", app.extensions["database"]))
    app.extensions["live_index"] = LiveIndex(settings.index_dir, settings.index_poll_seconds)

    app.extensions["room"] = Room.of(settings.web_threads)

    app.extensions["state_metrics"] = [StateMetrics(app)]

    register_at_once(app)
    register_error_answers(app)
    register_request_log(app)
    register_metrics(app)
    app.before_request(identify)
    register_rate_limit(app, settings)
    app.before_request(check_access)
    register_query_check(app)
    register_headers(app, origins=settings.cors_origins, is_open=lambda view: allowed_roles(view) is ANYONE)

    registry = api.register_api(app)
    for blueprint in (
        jobs_blueprint,
        reviews_blueprint,
        pasted_jobs_blueprint,
        duplicates_blueprint,
        employers_blueprint,
        verifications_blueprint,
        stations_blueprint,
        search_blueprint,
        open_data_blueprint,
        accounts_blueprint,
        workers_blueprint,
        grants_blueprint,
        consents_blueprint,
        privacy_blueprint,
        matches_blueprint,
        status_blueprint,
        tasks_blueprint,
        oversight_blueprint,
        feeds_blueprint,
        feed_oversight_blueprint,
        sign_in_blueprint,
        sign_in_sessions_blueprint,
        sign_in_wechat_blueprint,
        job_codes_blueprint,
        wechat_blueprint,
        account_administration_blueprint,
        sign_in_sms_blueprint,
        sign_in_oidc_blueprint,
        metrics_blueprint,
        performance_blueprint,
        partners_blueprint,
        live_blueprint,
        upkeep_blueprint,
        imports_blueprint,
    ):
        registry.register_blueprint(blueprint)
    app.register_blueprint(docs.blueprint)
    api.finish(app, registry)
    register_cli(app)
    return app
