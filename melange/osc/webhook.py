"""openstack ipam webhook: URLs that are told of changes"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from melange.client.types import Webhook
from melange.osc import base
from melange.osc.base import Args, Parser


class _OfWhom(base.IpamCommand):
    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument(
            "--all-tenants", action="store_true", help="Of the administrators: about all tenants"
        )

    def whose(self, args: Args) -> str | None:
        return None if args.all_tenants else self.tenant(args)


def _add_settings(parser: Parser) -> None:
    parser.add_argument("--secret", metavar="<secret>", help="With which the posts are signed")
    parser.add_argument(
        "--event",
        dest="events",
        metavar="<event>",
        action="append",
        help="Only of these events (repeat for more)",
    )


def _settings(args: Args) -> dict[str, Any]:
    return base.given(args, "url", "secret", "events")


class CreateWebhook(_OfWhom, base.ShowOne):
    """Create a webhook"""

    def add_arguments(self, parser: Parser) -> None:
        super().add_arguments(parser)
        parser.add_argument("url", metavar="<url>", help="Where events are posted to")
        _add_settings(parser)

    def object(self, args: Args) -> Webhook:
        return self.ipam.webhooks.create(self.whose(args), **_settings(args))


class ListWebhook(_OfWhom, base.Lister):
    """List webhooks"""

    columns = ("id", "url", "events")

    def add_arguments(self, parser: Parser) -> None:
        super().add_arguments(parser)
        base.add_filters(
            parser, url="Only the one of this URL", event="Only those that are told of this type"
        )

    def objects(self, args: Args) -> Iterator[Webhook]:
        return self.ipam.webhooks.list(self.whose(args), **base.chosen(args))


class ShowWebhook(_OfWhom, base.ShowOne):
    """Show a webhook"""

    def add_arguments(self, parser: Parser) -> None:
        super().add_arguments(parser)
        parser.add_argument("webhook", metavar="<webhook>", help="Webhook, by ID")

    def object(self, args: Args) -> Webhook:
        return self.ipam.webhooks.show(args.webhook, self.whose(args))


class SetWebhook(_OfWhom, base.ShowOne):
    """Change a webhook"""

    def add_arguments(self, parser: Parser) -> None:
        super().add_arguments(parser)
        parser.add_argument("webhook", metavar="<webhook>", help="Webhook, by ID")
        parser.add_argument("--url", metavar="<url>", help="Where events are posted to")
        _add_settings(parser)

    def object(self, args: Args) -> Webhook:
        fields = _settings(args)
        return self.ipam.webhooks.update(args.webhook, self.whose(args), **fields)


class DeleteWebhook(_OfWhom, base.Doing):
    """Delete webhooks"""

    def add_arguments(self, parser: Parser) -> None:
        super().add_arguments(parser)
        parser.add_argument("webhooks", metavar="<webhook>", nargs="+", help="Webhook, by ID")

    def do(self, args: Args) -> None:
        whose = self.whose(args)
        self.each(args.webhooks, lambda id: self.ipam.webhooks.delete(id, whose))
