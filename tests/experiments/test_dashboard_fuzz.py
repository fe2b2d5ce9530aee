"""Requests drawn from the server's own description: none may end in a failure of the server."""

import dashboard_app as app
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok

from nullcline.experiments.dashboard._server import create_app
from nullcline.experiments.dashboard._worker import ProcessWorker
from nullcline.experiments.web import own_names

# In processes of their own: a thread here could move the random state that hypothesis watches.
_STORE = app.make_store(shipped=ProcessWorker(seconds=300), uploaded=ProcessWorker(seconds=60))
# Each drawn request starts and ends the application; its store is to outlive them.
_END, _STORE.close = _STORE.close, lambda: None
_APP = create_app(_STORE, hosts=own_names("127.0.0.1"), warm=False)
schema = schemathesis.openapi.from_asgi("/openapi.json", _APP, headers={"host": "127.0.0.1"})


@pytest.fixture(scope="module", autouse=True)
def end():
    yield
    _END()


@schema.parametrize()
@settings(
    max_examples=60,
    deadline=None,  # a first valid choice computes a view
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.large_base_example,
        HealthCheck.too_slow,
    ],
)
def test_no_request_breaks_the_server(case):
    case.headers = {**(case.headers or {}), "host": "127.0.0.1"}
    # A busy machine may need more than the ten seconds that are the default.
    response = case.call(timeout=120)
    case.validate_response(response, checks=[not_a_server_error])
    assert response.status_code < 500
    if response.status_code >= 400:
        assert set(response.json()) == {"message", "row"}


def test_the_description_has_every_address():
    paths = {
        operation.ok().path
        for operation in schema.get_all_operations()
        if isinstance(operation, Ok)
    }
    assert paths == {
        "/api/example.csv",
        "/api/index",
        "/api/progress",
        "/api/views/{view}",
        "/api/tables",
        "/api/tables/{name}",
    }
