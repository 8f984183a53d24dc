"""How the suite's HTTP client connects: to the address that was checked, and to nothing else."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError
from urllib3.util.ssl_ import create_urllib3_context


class PlainSession(requests.Session):
    """Makes nothing of a redirect: the client follows each itself, and looks at it before anybody else does."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Nowhere."""
        return None


class CheckedAdapter(HTTPAdapter):
    """Makes connections to the address that was checked, under the name that was asked for; tries nothing twice."""

    def __init__(
        self,
        checked_address: Callable[[str, int], str],
        watch: Callable[[socket.socket], None],
        ca_bundle: str | None,
    ) -> None:
        """Prepare the connections.

        Args:
            checked_address: the address of a host and port, checked.
            watch: sees each connection.
            ca_bundle: file of certificates to trust besides the usual ones.

        Raises:
            OSError: where that file is not there, or holds none.
        """
        self._checked_address = checked_address
        self._watch = watch
        self._tls: dict[str, Any] = {}
        if ca_bundle:
            self._tls["ssl_context"] = create_urllib3_context()
            self._tls["ssl_context"].load_verify_locations(ca_bundle)
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """As requests does, with our connections."""
        options = {**self._tls, **pool_kwargs}
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._checked_address, self._watch)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """As requests does, with the same trust."""
        return super().proxy_manager_for(proxy, **{**self._tls, **proxy_kwargs})


def _pools(checked_address: Callable[[str, int], str], watch: Callable[[socket.socket], None]) -> dict[str, Any]:
    """The connection pools of urllib3, whose connections resolve through ``checked_address``; ``watch`` sees each."""

    class Checked:
        def _new_conn(self: Any) -> socket.socket:
            name = self._dns_host
            try:
                self._dns_host = checked_address(name, self.port)
            except socket.gaierror as error:
                raise NameResolutionError(name, self, error) from error
            try:
                connection = super()._new_conn()  # pyright: ignore[reportAttributeAccessIssue]
            finally:
                # TLS and the Host header go by the name.
                self._dns_host = name
            # TLS takes the socket over; until it has, a duplicate ends the same connection.
            self._meanwhile = connection.dup()
            watch(self._meanwhile)
            return connection

        def connect(self: Any) -> None:
            self._meanwhile = None
            try:
                super().connect()  # pyright: ignore[reportAttributeAccessIssue]
                watch(self.sock)
            finally:
                # A duplicate left open would keep the connection alive after its end.
                if self._meanwhile is not None:
                    self._meanwhile.close()
                    self._meanwhile = None

    class PlainConnection(Checked, HTTPConnection):
        pass

    class TlsConnection(Checked, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection  # pyright: ignore[reportAssignmentType]

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection  # pyright: ignore[reportAssignmentType]

    return {"http": PlainPool, "https": TlsPool}
