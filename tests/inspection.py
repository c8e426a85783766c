"""What every page and fragment that a test fetches must be. The visitor asks this of each answer."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from tests.markup import Element, parse

LABELLED = {"input", "select", "textarea"}
UNLABELLED_TYPES = {"hidden", "submit", "button", "reset", "image"}
FORBIDDEN = re.compile(r"^(on[a-z]+|hx-on.*|style)$")
EVALUATED = ("hx-vals", "hx-headers", "hx-confirm")


def problems_of_page(html: str) -> list[str]:
    """All that is wrong with a whole page; empty when it is right."""
    root, found = parse(html)
    if not html.lstrip().lower().startswith("<!doctype html>"):
        found.append("the page does not begin with <!doctype html>")
    headings = root.all("h1")
    if len(headings) != 1 or not headings[0].text:
        found.append(f"a page has one h1 with text, this one has {headings}")
    whole = root.all("html")
    if len(whole) != 1 or not whole[0]["lang"]:
        found.append("<html> says no language")
    titles = [each for each in root.all("title") if each.above("svg") is None]
    if len(titles) != 1 or not titles[0].text.split("·")[0].strip():
        found.append("the page has no title of its own")
    summaries = [each for each in root.walk() if each.has_class("error-summary")]
    if summaries and not titles[0].text.startswith(("Error:", "Fehler:")):
        found.append("the page's title does not say first that something is to be mended")
    if len(root.all("main")) != 1:
        found.append("a page has one <main>")
    return found + problems_of_headings(root) + problems_anywhere(root)


def problems_of_fragment(html: str) -> list[str]:
    """All that is wrong with a fragment: one root element with an id, beside partials that find their own
    place.
    """
    root, found = parse(html)
    mains = [each for each in root.elements if each.tag != "hx-partial"]
    partials = [each for each in root.elements if each.tag == "hx-partial"]
    if len(mains) > 1 or not (mains or partials):
        found.append(f"a fragment has one root element, this one has {mains}")
    found += [f"a fragment's root has an id: {each}" for each in mains if not each["id"]]
    found += [
        f"a partial has a place to go: {each}" for each in partials if not (each["id"] or each["hx-target"])
    ]
    if root.all("html", "body", "main"):
        found.append("a whole page came where a fragment was wanted")
    return found + problems_anywhere(root)


def problems_of_headings(root: Element) -> list[str]:
    """Levels of headings go down one at a time."""
    levels = [
        int(each.tag[1])
        for each in root.all("h1", "h2", "h3", "h4", "h5", "h6")
        if each.above("dialog") is None
    ]
    return [f"h{low} follows h{high}" for high, low in pairwise(levels) if low > high + 1]


def problems_anywhere(root: Element) -> list[str]:
    """What holds of pages and fragments alike."""
    return [
        *_ids(root),
        *_labels(root),
        *_forms(root),
        *_policy(root),
        *_names(root),
    ]


def _ids(root: Element) -> list[str]:
    ids = Counter(each["id"] for each in root.walk() if "id" in each)
    found = [f"the id {name!r} is there {many} times" for name, many in ids.items() if many > 1 or not name]
    for each in root.walk():
        for name in ("aria-describedby", "aria-labelledby", "aria-controls"):
            missing = [wanted for wanted in each[name].split() if wanted not in ids]
            if missing and root.all("html"):
                found.append(f"{name} of {each} names {missing}, which is not there")
    return found


def _labels(root: Element) -> list[str]:
    labelled = {each["for"] for each in root.all("label") if each.text}
    found = []
    for each in root.walk():
        if each.tag not in LABELLED or each["type"] in UNLABELLED_TYPES:
            continue
        around = each.above("label")
        if not (
            each["id"] in labelled
            or each["aria-label"]
            or each["aria-labelledby"]
            or (around and around.text)
        ):
            found.append(f"nothing labels {each}")
    return found


def _forms(root: Element) -> list[str]:
    found = []
    for form in root.all("form"):
        method = form["method"].lower()
        tokens = [each for each in form.all("input") if each["name"] == "csrf_token"]
        if method == "post" and (len(tokens) != 1 or not tokens[0]["value"]):
            found.append(f"a form that changes things carries one token: {form}")
        if method != "post" and tokens:
            found.append(f"a form that asks must not carry the token into the address: {form}")
        if form.above("form"):
            found.append(f"a form in a form: {form}")
        if "hx-post" in form and (method != "post" or not form["action"]):
            found.append(f"a form works without JavaScript too: {form}")
        if not [each for each in form.all("button", "input") if each["type"] in ("submit", "image", "")]:
            found.append(f"a form has a button that sends it: {form}")
    return found


def _policy(root: Element) -> list[str]:
    found = []
    for each in root.walk():
        found += [
            f"the content policy forbids {name} in {each}"
            for name in each.attributes
            if FORBIDDEN.match(name)
        ]
        found += [
            f"{name} of {each} is evaluated" for name in EVALUATED if each[name].lstrip().startswith("js:")
        ]
        if each.tag == "style" or (each.tag == "script" and (not each["src"] or each.text)):
            found.append(f"the content policy forbids {each}")
        if "[" in each["hx-trigger"]:
            found.append(f"a trigger filter is evaluated: {each}")
        if each["href"].startswith("javascript:"):
            found.append(f"a link that is a script: {each}")
    return found


def _names(root: Element) -> list[str]:
    found = []
    for each in root.all("a", "button"):
        pictured = [image["alt"] for image in each.all("img") if image["alt"]]
        if not (each.text or each["aria-label"] or pictured):
            found.append(f"a link or button without a name: {each}")
        if each.tag == "a" and "href" not in each:
            found.append(f"a link that leads nowhere: {each}")
        if each.tag == "button" and not each["type"]:
            found.append(f"a button says what it is, submit or button: {each}")
    found += [f"a picture without alt: {each}" for each in root.all("img") if "alt" not in each]
    return found
