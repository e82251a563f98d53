"""Requests to a server of this machine, and one rule for which of them are sent again."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_before_delay, wait_exponential

TRIES = 16
SECONDS = 60.0  # after which no try is begun
PAUSE, LONGEST_PAUSE = 0.25, 5.0  # seconds; each pause is twice the one before
TIMEOUT = 60.0  # seconds for an answer
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
_MAYBE_SENT = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)


class Rest:
    """A client of the server at `url`, which talks JSON; `auth` is (user, password) if it asks for them.

    `between` is called before each new try: what it raises ends the tries.
    """

    def __init__(self, url: str, *, auth: tuple[str, str] | None = None, between: Callable[[], None] | None = None):
        self.headers: dict[str, str] = {}  # of all requests from now on
        self._between = between
        self._client = httpx.Client(
            base_url=url,
            auth=auth,
            trust_env=False,  # the server is on this machine, whatever proxy is set
            # A connection that the server has closed meanwhile would look like a request that got lost.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def ask(
        self, path: str, content: dict[str, Any] | None = None, *, idempotent: bool | None = None, tries: int = TRIES
    ) -> Any:
        """What the server answers to a GET, or to a POST of `content`.

        `idempotent` says that the request may come twice, as a GET may: it is sent again after lost connections, time
        limits and answers of 429 and 5xx (a locked database among them), `tries` times in all (by default TRIES) and for
        SECONDS at most. Any other is sent again only if there was no connection. Then the last error is raised:
        httpx.HTTPStatusError, which has the `response`, for an answer of 4xx and 5xx, httpx.TransportError for none.
        """
        idempotent = content is None if idempotent is None else idempotent
        again = Retrying(
            retry=retry_if_exception(_may_pass if idempotent else _never_came),
            stop=stop_after_attempt(tries) | stop_before_delay(SECONDS),
            wait=wait_exponential(multiplier=PAUSE, max=LONGEST_PAUSE),
            before_sleep=lambda _: self._between() if self._between else None,
            reraise=True,
        )
        return again(self._ask, path, content)

    def _ask(self, path: str, content: dict[str, Any] | None) -> Any:
        method = "GET" if content is None else "POST"
        answer = self._client.request(method, path, json=content, headers=self.headers, timeout=TIMEOUT)
        return answer.raise_for_status().json()


def _never_came(error: BaseException) -> bool:
    return isinstance(error, _NOT_SENT)


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error or error.response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    return isinstance(error, _MAYBE_SENT)
