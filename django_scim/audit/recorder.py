"""Record the event of a request, in the transaction of its change or after the rollback."""

import copy
import json
import logging
import time
from collections.abc import Collection, Iterable
from contextlib import nullcontext
from typing import Any

from django.db import DatabaseError, InterfaceError, router, transaction
from django.utils import timezone

from ..adapters.subjects import Subject, SubjectPaths
from ..adapters.writing.outcomes import action_of
from ..availability import is_unavailable, on_one_line
from ..conf import settings
from ..models import Connection, Event, Token
from ..models.fields import KEY_LENGTH, SCIM_ID_LENGTH
from ..protocol.errors import GuardTripped, ScimError, Sensitive
from ..transactions import without_waiting
from .event_log import audit_logger, log_events
from .redacted_text import DETAIL_LIMIT, hide_secrets, shown_text
from .redaction import (
    redact_body,
    redact_url,
    secrets_in_url,
    shown_changes,
)
from .repetition import count_repetition
from .secret_detection import HIDDEN, contains_secret, secrets_in, suspect
from .subject_names import names_in, redact_names, set_keys

logger = logging.getLogger("django_scim")
#: With more secrets than this, a body is not searched for further copies of them.
MANY_SECRETS = 200


class Recorder:
    """Collect the data of one request while it is processed, and write its event.

    ``authorization`` is the header; its credential is hidden wherever else the client sent it.
    """

    def __init__(
        self,
        *,
        correlation_id: str,
        method: str,
        path: str,
        address: str | None,
        user_agent: str,
        authorization: str = "",
    ) -> None:
        self.started = time.perf_counter()
        self._secrets = {each for each in authorization.split()[1:] if len(each) >= 8}
        self._secrets |= secrets_in_url(path)
        self.recorded = False
        self.connection: Connection | None = None
        self.event = Event(
            correlation_id=correlation_id,
            method=method[:10],
            path=self._shown(redact_url(path), 500),
            address=address,
            user_agent=HIDDEN
            if suspect(user_agent) and contains_secret(user_agent)
            else self._shown(user_agent, 255),
        )

    def _shown(self, text: str, limit: int, secrets: Iterable[str] = ()) -> str:
        return _shown(text, limit, self._secrets.union(secrets))

    def begin(self) -> None:
        """Start the event's time and duration again: the turn of a bulk operation has come."""
        self.started, self.event.created = time.perf_counter(), timezone.now()

    def authenticated(self, token: Token) -> None:
        self.connection = token.connection
        self.set_token(token)

    def set_token(self, token: Token) -> None:
        """Add the token and its connection to the event, even if the token is rejected."""
        self.event.connection = token.connection
        self.event.connection_name = token.connection.name
        self.event.token_prefix = token.prefix

    def forget_connection(self) -> None:
        """Keep only the name of a connection that has been deleted during the request."""
        self.event.connection = None

    def set_resource(
        self,
        resource_type: str,
        link: Any = None,
        name: str = "",
        scim_id: str = "",
        resource: dict[str, Any] | None = None,
        paths: SubjectPaths | None = None,
    ) -> None:
        """Add the resource to the event and, once it is known, the object that it represents.

        ``resource`` contains the values that the client sees, and ``paths`` the paths of its names.
        """
        self.event.resource_type = resource_type
        self.event.scim_id = self._shown(scim_id, SCIM_ID_LENGTH) if scim_id else ""
        if link is not None:
            set_object(self.event, link, name, resource, paths)

    def set_subject(self, subject: Subject, paths: SubjectPaths, body: Any = None) -> None:
        """Add the names of a refused request's person or group that the event lacks.

        ``body`` is the request's; the secrets in it are hidden in the names, too.
        """
        event, secrets = self.event, secrets_in(body)
        event.object_name = event.object_name or self._shown(subject.name, 256, secrets)
        event.external_id = event.external_id or self._shown(subject.external_id, 255, secrets)
        display, email = (
            self._shown(each, KEY_LENGTH, secrets) for each in (subject.display, subject.email)
        )
        set_keys(event, display, email)
        if settings.REDACT:
            redact_names(event, paths)

    def save_success(
        self,
        action: str,
        status: int,
        *,
        tolerances: Any,
        changes: list[Any] | None = None,
        body: Any = None,
        remark: str = "",
    ) -> None:
        """Write the event of a change, in the transaction of the change.

        ``tolerances`` contains those that the request has used, and the ignored parts of its
        ``body``. ``remark`` is a remark about the change for admins.
        """
        event = self.build_success(
            action, status, tolerances=tolerances, changes=changes, body=body, remark=remark
        )
        event.save(force_insert=True)
        if audit_logger.isEnabledFor(logging.INFO):
            log_events((event,))

    def build_success(
        self,
        action: str,
        status: int,
        *,
        tolerances: Any,
        changes: list[Any] | None = None,
        body: Any = None,
        remark: str = "",
    ) -> Event:
        """Return the event of a change; the caller writes it in the transaction of the change."""
        event = self.event
        event.pk = None  # an earlier attempt may have been rolled back
        event.action, event.status = action, status
        event.outcome = Event.Outcome.SUCCESS
        if changes is not None:
            event.changes = shown_changes(changes)
            if not changes and action == Event.Action.UPDATE:
                event.outcome = Event.Outcome.NO_CHANGE
        event.detail = remark and self._shown(remark, DETAIL_LIMIT)
        if tolerances.ignored:
            limit = DETAIL_LIMIT // 2 if remark else DETAIL_LIMIT  # each must leave the other room
            ignored = self._ignored(tolerances.ignored, changes, body, limit)
            event.detail = f"{self._shown(remark, limit - 2)}. {ignored}" if remark else ignored
        self._complete(tolerances.used)
        return event

    def note_after_commit(self, failure: str) -> None:
        """Add to the event of a stored change that something failed after the commit."""
        note = f"The change is stored, but code that runs after it failed: {failure}"
        self.event.detail = self._shown(f"{self.event.detail} {note}".strip(), DETAIL_LIMIT)
        Event.objects.filter(pk=self.event.pk).update(detail=self.event.detail)

    def _ignored(self, ignored: list[str], changes: list[Any] | None, body: Any, limit: int) -> str:
        """Return the list of ignored values as text, without the secrets of the body."""
        how = "Ignored" if changes else "Nothing changed. Ignored"
        text = f"{how}: {'; '.join(dict.fromkeys(ignored))}"
        return self._shown(text, limit, secrets_in(body))

    def save_side_effects(self, writes: list[Any]) -> None:
        """Write an event for each further object that the request changed.

        These events describe the same request and have the same correlation id.
        """
        events = []
        for write in writes:
            event = copy.copy(self.event)
            event.pk, event._state.adding, event.detail = None, True, ""
            event.action = action_of(write.kinds, write.changes)
            event.outcome = Event.Outcome.SUCCESS
            event.resource_type, event.changes = write.resource_type, shown_changes(write.changes)
            set_object(event, write.link, write.adapter.name_of(write.link))
            events.append(event)
        if events:
            Event.objects.bulk_create(events)
            log_events(events)

    def save_failure(
        self,
        action: str,
        error: ScimError,
        body: Any = None,
        answer: Any = None,
        tolerances: Any = (),
    ) -> None:
        """Write the event of a rejected or failed request.

        A database error is logged, not raised, so that the client still gets its response.
        """
        event = self.event
        event.pk, event.changes = None, []
        event.action = action
        event.outcome = (
            Event.Outcome.STOPPED if isinstance(error, GuardTripped) else Event.Outcome.FAILURE
        )
        event.status, event.scim_type = error.status, error.scim_type
        event.refused = event.created
        secrets = secrets_in(body)
        event.reason = error.reason
        event.reason_params = {
            key: self._shown(str(value), 256, secrets) for key, value in error.params.items()
        }
        request = redact_body(body, secrets) if body is not None else ""
        event.detail = self._shown(error.detail, DETAIL_LIMIT, secrets)
        if isinstance(error, Sensitive):
            event.path = event.path.partition("?")[0]  # such filters must not appear in logs
        repeated = secrets if len(secrets) <= MANY_SECRETS else ()
        event.request_body = hide_secrets(request, self._secrets.union(repeated))
        event.response_body = self._answer(answer, secrets) if answer is not None else ""
        alias = router.db_for_write(Event)
        is_unknown = action == Event.Action.AUTHENTICATION
        try:
            with without_waiting(alias) if is_unknown else nullcontext(), transaction.atomic(alias):
                self._complete(tolerances)
                if not count_repetition(event):
                    event.save(force_insert=True)
                log_events((event,))
        except (DatabaseError, InterfaceError) as failure:
            logger.error(
                "could not record the event of request %s (%s, %s): %s",
                event.correlation_id,
                event.status,
                event.detail,
                on_one_line(failure),
                exc_info=None if is_unavailable(failure) else failure,
            )

    def _answer(self, answer: Any, secrets: set[str]) -> str:
        """Return an error message as JSON; its detail is redacted like that of the event."""
        detail = self._shown(str(answer.get("detail", "")), DETAIL_LIMIT, secrets)
        return json.dumps({**answer, "detail": detail}, ensure_ascii=False, default=str)

    def _complete(self, tolerances: Any) -> None:
        self.event.tolerances = sorted(str(each) for each in tolerances)
        self.event.duration = int((time.perf_counter() - self.started) * 1000)
        self.recorded = True


def _shown(text: str, limit: int, secrets: Collection[str] = ()) -> str:
    """Return ``shown_text``; most texts are short and have nothing that it would change."""
    if len(text) <= limit and suspect(text) is None:
        lowered = text.lower()
        if not any(secret[:24].lower() in lowered for secret in secrets):
            return text
    return shown_text(text, limit, secrets)


def set_object(
    event: Event,
    link: Any,
    name: str,
    resource: dict[str, Any] | None = None,
    paths: SubjectPaths | None = None,
) -> None:
    """Store in an event the object that a link points to, or pointed to, with its names."""
    event.scim_id, event.external_id = (
        link.scim_id,
        link.external_id and _shown(link.external_id, 255),
    )
    key, model = link.target_id or link.former_target_key, type(link)._meta.get_field("target")
    event.object_type = model.related_model._meta.label_lower
    event.object_key = str(key)[:64]
    event.object_name = _shown(name, 256)
    display = email = ""
    if resource is not None and paths is not None:
        display, email = (each and _shown(each, KEY_LENGTH) for each in names_in(resource, paths))
    set_keys(event, display, email)
    if settings.REDACT and paths is not None:
        redact_names(event, paths)
