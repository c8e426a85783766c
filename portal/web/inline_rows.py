"""A table edited in its rows: a form, a query and a row template; everything else is here.

A new table (say, enrolments) is

- a **query**: a frozen dataclass on `ListQuery`, whose fields are the filters;
- a **form** on `RowForm`, with `edited` and `labels`: it carries the version and the values its reader saw;
- a **row template** `_row.html`, which begins `<tr id="{{ inline.html_id(row) }}">`; a `_row_edit.html` that
  extends `web/inline_rows/_row_edit.html` and fills its block `fields`; and an `index.html` that includes
  `web/inline_rows/_table.html` below its heading and filters;
- a subclass of `InlineTable` that names these, and says how a row is found, changed and taken back.

`add_routes(blueprint, see=…, edit=…)` gives the addresses: the list, `/<id>/row`, `/<id>/edit`, `/<id>` for
POST, `/undo/<position>` and `/<id>/history`. A row and its form have the same html id, so htmx swaps one
for the other; without it the same addresses answer the whole list with the row being edited in its place.
The list's query travels along.

`people/table/pages.py` is the example. A table that does more has views of its own, which answer with
`changed` or `row_answer` (`programmes/topics/pages.py`). Where the reader may see some rows only, `find`
raises NotFound for the others; a list that belongs to something, such as a programme, adds it in
`list_args` and overrides `list_context`; what stands below a row, such as a drawer, is drawn by
`below_row`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal import audit
from portal.core.permissions import May
from portal.db import transaction
from portal.errors import Invalid, NotFound, Stale
from portal.web.access import requires
from portal.web.conflicts import Conflict, ConflictPage, Difference, conflict_answer
from portal.web.htmx import answer, is_htmx, redirect_to
from portal.web.list_queries import ListQuery
from portal.web.numbers import id_in
from portal.web.row_forms import RowForm
from portal.web.toasts import toast


@dataclass(frozen=True)
class Header:
    """A column's heading; with `sort`, a key of the query's `sorts`, it is a link that sorts."""

    label: Any
    sort: str = ""
    number: bool = False


@dataclass(frozen=True)
class Empty:
    """What stands in place of a list without rows."""

    title: Any
    text: Any
    action: Any = None
    endpoint: str = ".index"


class Page(Protocol):
    """A page of rows, as Flask-SQLAlchemy's `Pagination` is one."""

    @property
    def items(self) -> Any:
        """The rows of this page."""


Row = TypeVar("Row")
Query = TypeVar("Query", bound=ListQuery)


class InlineTable(Generic[Row, Query]):
    """What all tables do alike. A subclass gives the attributes without a value, and the methods that raise
    NotImplementedError.
    """

    item: str
    """What a row is ("person"): its html id is "person-12", its argument in addresses `person_id`."""
    kind: str
    """The audit's word for it."""
    templates: str
    query: type[Query]
    html_table: str
    """The html id of the list."""
    caption: Any
    headers: Sequence[Header]
    """All columns but the last, which holds what can be done."""
    empty: Empty
    converter = "id:"
    """The converter of an id in addresses; "" for a text."""
    css_class = "cards"
    below_row = ""
    """A template drawn after each row of the list, such as a closed drawer."""
    partials: Mapping[str, str] = {}
    """Other places of the page that an answer to htmx brings up to date: template by html id."""
    few: int | None = None
    """So many rows beside one that is edited without htmx, where forms are long: pages are to stay small."""
    action_words: Mapping[str, Any] = {}
    """The history's sentence for each action of the audit."""
    nothing_yet: Any = ""
    """What an empty history says."""
    people_fields: tuple[str, ...] = ()
    """The audited fields that hold a person's id."""
    labels: Mapping[str, Any] = {}
    """Names of audited fields, in the history's order."""

    def find(self, row_id: Any) -> Row | None:
        """One row as it is now; raises NotFound (or gives None) for what the reader may not see."""
        raise NotImplementedError

    def rows(self, query: Query, per_page: int | None) -> Page:
        """A page of rows; `per_page` None for the usual number."""
        raise NotImplementedError

    def form(self, row: Row, *, fresh: bool = False) -> RowForm:
        """The row's form, with what was just sent; or with what is saved, if nothing was or when `fresh`."""
        raise NotImplementedError

    def change(self, row: Row, form: Any) -> audit.AuditEntry | None:
        """Do what the form says; None when nothing differs. Raises Stale and Invalid."""
        raise NotImplementedError

    def take_back(self, entry: audit.AuditEntry) -> None:
        """Undo what an entry of the audit did; raises Invalid when that cannot be (any more)."""
        raise NotImplementedError

    def name(self, row: Row) -> str:
        """What a row is called."""
        raise NotImplementedError

    def names_of(self, person_ids: set[int]) -> dict[int, str]:
        """People's names by id."""
        raise NotImplementedError

    def overtaken(self, row: Row, who: str) -> str:
        """The sentence over a conflict: `who` was faster."""
        raise NotImplementedError

    def when_empty(self) -> Empty:
        """What stands in place of a list without rows."""
        return self.empty

    def empty_url(self) -> str:
        """Where the link of a list without rows leads."""
        return url_for(self.when_empty().endpoint)

    def id_of(self, row: Any) -> Any:
        """A row's id."""
        return row.id

    def saved(self, row: Row) -> str:
        """The toast after a change."""
        return _("Saved.")

    def undone(self, row: Row) -> str:
        """The toast after a change was taken back."""
        return _("Undone: it is as before.")

    def page_context(self) -> dict[str, Any]:
        """What `index.html` takes besides the list."""
        return {}

    def rows_context(self, rows: Sequence[Row]) -> dict[str, Any]:
        """What these rows' templates take besides, asked for at once."""
        return {}

    def last_change(self, row: Row) -> audit.AuditEntry | None:
        """The entry of who was faster."""
        return next(iter(audit.history(self.kind, self.id_of(row), limit=1)), None)

    def list_args(self, row: Row | None = None) -> dict[str, Any]:
        """The list's query, which travels along while a row is edited."""
        return self.query.of(request.args).args()

    def in_words(self, name: str, value: Any, names: Mapping[int, str]) -> str:
        """An audited value as people read it; `names` are those of people by id."""
        return _("nothing") if value in (None, "", []) else str(value)

    def history_entries(self, row: Row) -> list[audit.AuditEntry]:
        """What was done to a row, the latest first."""
        return audit.history(self.kind, self.id_of(row))

    def can_be_undone(self, entry: audit.AuditEntry, row: Row) -> bool:
        """Whether the history offers to take an entry back."""
        return False

    def history_back(self, row: Row) -> str:
        """Where the history's link leads back to."""
        return self.list_url(row)

    # --- what templates ask

    @property
    def columns(self) -> int:
        """How many columns the table has."""
        return len(self.headers) + 1

    def html_id(self, row: Row) -> str:
        """The id of a row, and of its form."""
        return f"{self.item}-{self.id_of(row)}"

    def url(self, endpoint: str, row: Row) -> str:
        """The address of a row's endpoint, with the list's query."""
        return url_for(f".{endpoint}", **{f"{self.item}_id": self.id_of(row)}, **self.list_args(row))

    def list_url(self, row: Row) -> str:
        """The list's address, at this row."""
        return url_for(".index", **self.list_args(row), _anchor=self.html_id(row))

    # --- addresses

    def add_routes(self, blueprint: Blueprint, *, see: May, edit: May, without: Collection[str] = ()) -> None:
        """Give the blueprint the table's addresses: `see` for who may look, `edit` for who may change."""
        one = f"/<{self.converter}{self.item}_id>"
        routes: list[tuple[str, str, str, May, Callable[..., Any]]] = [
            ("index", "GET", "", see, self.index),
            ("row", "GET", f"{one}/row", see, self.row),
            ("edit", "GET", f"{one}/edit", edit, self.edit),
            ("save", "POST", one, edit, self.save),
            ("undo", "POST", "/undo/<id:position>", edit, self.undo),
            ("history", "GET", f"{one}/history", see, self.history),
        ]
        for endpoint, method, rule, what, view in routes:
            if endpoint not in without:
                marked = requires(what)(_by_position(view))
                blueprint.add_url_rule(rule, endpoint, marked, methods=[method])

    def index(self) -> Response:
        """The list."""
        context = self.list_context()
        return answer("web/inline_rows/found.html", page=lambda: self.page(context), **context)

    def row(self, row_id: Any) -> Response:
        """One row as it is; where an edit is left."""
        return self.row_answer(self.get(row_id))

    def edit(self, row_id: Any) -> Response:
        """One row as a form."""
        row = self.get(row_id)
        return self.form_answer(row, form=self.form(row))

    def save(self, row_id: Any) -> Response:
        """Save a row. A stale one is answered with both values; what is typed is never lost."""
        form = self.form(self.get(row_id))
        if not form.sent():
            return self.form_answer(self.get(row_id), status=422, form=form)
        try:
            with transaction():
                entry = self.change(self.get(row_id), form)
        except Stale:
            return self._conflict(self.get(row_id), form)
        except Invalid as error:
            form.take(error)
            return self.form_answer(self.get(row_id), status=422, form=form)
        row = self.get(row_id)
        return self.changed(row, entry, self.saved(row))

    def undo(self, position: int) -> Response:
        """Take a change back; the answer is the row as it is then, or the list when the row is gone."""
        entry = audit.at(position)
        if entry is None or entry.object_kind != self.kind:
            raise NotFound
        row_id: Any = id_in(entry.object_id) if self.converter else entry.object_id
        try:
            with transaction():
                self.take_back(entry)
        except Invalid as error:
            toast(error.message, tone="warn")
            row = self.find(row_id)
        else:
            row = self.find(row_id)
            toast(_("Undone: it is as before.") if row is None else self.undone(row))
        if row is None:
            return redirect_to(url_for(".index"))
        if not is_htmx() and request.form.get("from") == "history":
            return redirect_to(url_for(".history", **{f"{self.item}_id": row_id}))
        return self.row_answer(row)

    def history(self, row_id: Any) -> str:
        """What was changed in a row, by whom and when."""
        row = self.get(row_id)
        entries = self.history_entries(row)
        values = [change for entry in entries for change in (entry.before, entry.after) if change]
        ids = {change[name] for change in values for name in self.people_fields if change.get(name)}
        names = self.names_of(ids | {entry.actor_id for entry in entries if entry.actor_id})
        return render_template(
            "web/inline_rows/history.html",
            inline=self,
            row=row,
            entries=entries,
            names=names,
            differences=lambda entry: self.differences(entry, names),
            undoable=lambda entry: self.can_be_undone(entry, row),
        )

    # --- answers, for views of a table's own too

    def get(self, row_id: Any) -> Row:
        """One row as it is now; raises NotFound."""
        row = self.find(row_id)
        if row is None:
            raise NotFound
        return row

    def changed(self, row: Row, entry: audit.AuditEntry | None, message: str) -> Response:
        """The row after a change, with a toast that can undo it; None is no change."""
        if entry is None:
            toast(_("Nothing was changed."))
        else:
            undo_url = url_for(".undo", position=entry.position, **self.list_args(row))
            toast(message, undo_url=undo_url, undo_target=f"#{self.html_id(row)}")
        return self.row_answer(row)

    def row_answer(self, row: Row) -> Response:
        """The row for htmx, and the list at that row otherwise."""
        context = self.rows_context([row])
        return answer(
            f"{self.templates}/_row.html", back_to=self.list_url(row), inline=self, row=row, **context
        )

    def form_answer(self, row: Row, *, status: int = 200, **forms: Any) -> Response:
        """The row as a form, alone for htmx and in the whole list otherwise."""
        return answer(
            f"{self.templates}/_row_edit.html",
            page=lambda: self.page({**self.list_context(row), "row": row, **forms}),
            status=status,
            inline=self,
            row=row,
            **forms,
        )

    def page(self, context: dict[str, Any]) -> str:
        """The whole page with its list."""
        return render_template(f"{self.templates}/index.html", **self.page_context(), **context)

    def asked(self, edited: Row | None) -> Query:
        """What the list is asked for."""
        return self.query.of(request.args)

    def list_context(self, edited: Row | None = None) -> dict[str, Any]:
        """What the list's templates take. An edited row that is not on this page stands above the others."""
        query = self.asked(edited)
        rows = self.rows(query, None if edited is None else self.few)
        editing = None if edited is None else self.html_id(edited)
        ids = [self.html_id(row) for row in rows.items]
        listed = {"inline": self, "asked": query, "rows": rows, "editing": editing}
        return {**listed, "edited_first": editing and editing not in ids, **self.rows_context(rows.items)}

    def _conflict(self, row: Row, form: RowForm) -> Response:
        """Both values of what the reader changed. What else the other changed stays; the message says so."""
        saved, mine = self.form(row, fresh=True), form.mine()
        differing = form.differing(saved)
        last = self.last_change(row)
        who = self.names_of({last.actor_id}).get(last.actor_id) if last and last.actor_id else None
        message = self.overtaken(row, who or _("Somebody"))
        if stays := [str(form.labels[name]) for name in differing if name not in mine]:
            message += " " + _("What they changed elsewhere stays: %(fields)s.", fields=", ".join(stays))
        conflict = Conflict(
            id=self.html_id(row),
            message=message,
            differences=[
                Difference(form.labels[name], yours=form.in_words(name), theirs=saved.in_words(name))
                for name in differing
                if name in mine
            ],
            values=form.values_to_keep(saved),
            keep_url=self.url("save", row),
            leave_url=self.url("row", row),
            columns=self.columns,
        )
        heading = _("Two of you edited the same row")
        return conflict_answer(
            conflict, ConflictPage(heading, back_url=conflict.leave_url, back_label=str(self.caption))
        )

    def differences(self, entry: audit.AuditEntry, names: Mapping[int, str]) -> list[tuple[str, str, str]]:
        """What an entry changed, as (what, from, to) in words."""
        before, after = entry.before or {}, entry.after or {}
        return [
            (
                str(label),
                self.in_words(name, before.get(name), names),
                self.in_words(name, after.get(name), names),
            )
            for name, label in self.labels.items()
            if name in before or name in after
        ]


def _by_position(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view that takes what stands in its address by position, since each table calls its id otherwise."""

    def called(**parts: Any) -> Any:
        return view(*parts.values())

    return called
