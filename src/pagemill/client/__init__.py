"""The Python client: `Client` and `AsyncClient` speak to a service over HTTP. It imports nothing of the service."""

from pagemill.client.async_client import AsyncClient
from pagemill.client.errors import (
    ApiError,
    ClientError,
    ConfigurationError,
    JobNotEndedError,
    PageFailedError,
    ServiceUnreachableError,
)
from pagemill.client.monitor_results import (
    AlertTest,
    Monitor,
    MonitorChange,
    MonitorDelivery,
    MonitorPage,
    MonitorRun,
    MonitorSnapshot,
)
from pagemill.client.results import BatchPage, CrawlPage, MappedPage, Page, SearchResult, Session, SiteMap
from pagemill.client.sync_client import Client

__all__ = [
    "AlertTest",
    "ApiError",
    "AsyncClient",
    "BatchPage",
    "Client",
    "ClientError",
    "ConfigurationError",
    "CrawlPage",
    "JobNotEndedError",
    "MappedPage",
    "Monitor",
    "MonitorChange",
    "MonitorDelivery",
    "MonitorPage",
    "MonitorRun",
    "MonitorSnapshot",
    "Page",
    "PageFailedError",
    "SearchResult",
    "ServiceUnreachableError",
    "Session",
    "SiteMap",
]
