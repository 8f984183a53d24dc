"""How the suite's HTTP client connects: to the address that was checked, and to nothing else."""

from __future__ import annotations

import ipaddress
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

from ckanext.mxopendata.http_credential import Credential


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
        credential: Credential | None = None,
    ) -> None:
        """Prepare the connections.

        Args:
            checked_address: the address of a host and port, checked.
            watch: sees each connection.
            ca_bundle: file of certificates to trust besides the usual ones.
            credential: the key for one host, which is written into what is asked of it where it does not go into a
                header.

        Raises:
            OSError: where that file is not there, or holds none.
        """
        self._checked_address = checked_address
        self._watch = watch
        self._credential = credential
        self._tls: dict[str, Any] = {}
        if ca_bundle:
            self._tls["ssl_context"] = create_urllib3_context()
            self._tls["ssl_context"].load_verify_locations(ca_bundle)
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """As requests does, with our connections."""
        options = {**self._tls, **pool_kwargs}
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        kinds = _checked(self._checked_address, self._watch)
        self.poolmanager.pool_classes_by_scheme = _pools(*kinds, self._credential)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """As requests does, with the same trust."""
        manager = super().proxy_manager_for(proxy, **{**self._tls, **proxy_kwargs})
        manager.pool_classes_by_scheme = _pools(HTTPConnection, HTTPSConnection, self._credential)
        return manager


def _checked(
    checked_address: Callable[[str, int], str], watch: Callable[[socket.socket], None]
) -> tuple[type[HTTPConnection], type[HTTPSConnection]]:
    """The connections of urllib3, but that they resolve through ``checked_address``; ``watch`` sees each."""

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

    return PlainConnection, TlsConnection


def _pools(
    plain: type[HTTPConnection], tls: type[HTTPSConnection], credential: Credential | None
) -> dict[str, type[HTTPConnectionPool]]:
    """The connection pools of urllib3, with these connections.

    A key in a parameter is written at the last moment: above a connection no address has it, and so no exception and
    no line of a log, urllib3's own included.
    """

    class Signing:
        scheme = ""

        def putrequest(self: Any, method: str, url: str, *args: Any, **options: Any) -> None:
            # A proxy is asked for a whole address, or leads through to a host and port.
            there = url if "://" in url else f"{self.scheme}://{self._tunnel_host or self.host}:{_port(self)}/"
            if credential is not None and credential.belongs_to(there):
                url = credential.signed(url)
            super().putrequest(method, url, *args, **options)  # pyright: ignore[reportAttributeAccessIssue]

    class PlainConnection(Signing, plain):
        scheme = "http"

    class TlsConnection(Signing, tls):
        scheme = "https"

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection  # pyright: ignore[reportAssignmentType]

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection  # pyright: ignore[reportAssignmentType]

    return {"http": PlainPool, "https": TlsPool}


def _port(connection: Any) -> int:
    return connection._tunnel_port if connection._tunnel_host else connection.port  # noqa: SLF001 - as urllib3 sets it


def is_public(address: str) -> bool:
    """Whether an IP address, as text, is one that everybody can reach."""
    parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return parsed.is_global and not parsed.is_multicast
