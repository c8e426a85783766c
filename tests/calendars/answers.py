"""Answers to invitations in the shapes in which mail programs send them: the calendar text, and the message
around it.
"""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass
from textwrap import dedent

PROGRAMS = ("thunderbird", "outlook", "gmail", "apple", "ios-exchange")


@dataclass(frozen=True)
class Facts:
    """What an answer is to and from whom: `stamp` is its DTSTAMP."""

    uid: str
    organizer: str
    attendee: str
    sequence: int = 0
    stamp: str = "20260302T083000Z"


def calendar(program: str, facts: Facts, partstat: str = "ACCEPTED") -> str:
    """The calendar text of an answer as the program writes it."""
    text = CALENDARS[program].format(partstat=partstat, **facts.__dict__)
    return "".join(_folded(line) for line in text.strip().splitlines())


def _folded(line: str) -> str:
    pieces = [line[:70], *(" " + line[at : at + 70] for at in range(70, len(line), 70))]
    return "".join(f"{each}\r\n" for each in pieces)


def message(program: str, facts: Facts, partstat: str = "ACCEPTED") -> bytes:
    """The whole message as the program sends it."""
    text = calendar(program, facts, partstat)
    packed = {
        "text": text,
        "base64": base64.encodebytes(text.encode()).decode(),
        "quoted": quopri.encodestring(text.encode()).decode(),
    }
    return (
        MESSAGES[program]
        .format(**packed, **facts.__dict__)
        .replace("\r\n", "\n")
        .replace("\n", "\r\n")
        .encode()
    )


CALENDARS = {
    "thunderbird": dedent("""
        BEGIN:VCALENDAR
        PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
        VERSION:2.0
        METHOD:REPLY
        BEGIN:VEVENT
        CREATED:20260301T090100Z
        LAST-MODIFIED:20260302T083000Z
        DTSTAMP:{stamp}
        UID:{uid}
        SUMMARY:Check-in with Jörg
        STATUS:CONFIRMED
        ORGANIZER;CN="Vice 'Versa'":mailto:{organizer}
        ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT={partstat};ROLE=REQ-PARTICIPANT;RSVP=TRUE;CN=Selma Öz:mailto:{attendee}
        X-MOZ-RECEIVED-SEQUENCE:{sequence}
        X-MOZ-RECEIVED-DTSTAMP:20260301T090000Z
        X-MOZ-SEND-INVITATIONS:FALSE
        DTSTART:20260310T090000Z
        DTEND:20260310T100000Z
        DESCRIPTION:Agenda:\\nhttps://portal.example/pairings/1
        SEQUENCE:{sequence}
        TRANSP:OPAQUE
        END:VEVENT
        END:VCALENDAR
        """),
    "outlook": dedent("""
        BEGIN:VCALENDAR
        METHOD:REPLY
        PRODID:Microsoft Exchange Server 2010
        VERSION:2.0
        BEGIN:VTIMEZONE
        TZID:W. Europe Standard Time
        BEGIN:STANDARD
        DTSTART:16010101T030000
        TZOFFSETFROM:+0200
        TZOFFSETTO:+0100
        RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
        END:STANDARD
        BEGIN:DAYLIGHT
        DTSTART:16010101T020000
        TZOFFSETFROM:+0100
        TZOFFSETTO:+0200
        RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
        END:DAYLIGHT
        END:VTIMEZONE
        BEGIN:VEVENT
        ORGANIZER;CN=Vice 'Versa':MAILTO:{organizer}
        ATTENDEE;PARTSTAT={partstat};CN=Selma Öz:MAILTO:{attendee}
        COMMENT;LANGUAGE=de-DE:\\n
        UID:{uid}
        SUMMARY;LANGUAGE=de-DE:Zugesagt: Check-in with Jörg
        DTSTART;TZID=W. Europe Standard Time:20260310T100000
        DTEND;TZID=W. Europe Standard Time:20260310T110000
        CLASS:PUBLIC
        PRIORITY:5
        DTSTAMP:{stamp}
        TRANSP:OPAQUE
        STATUS:CONFIRMED
        SEQUENCE:{sequence}
        LOCATION;LANGUAGE=de-DE:Room 4.12\\, Berlin
        X-MICROSOFT-CDO-APPT-SEQUENCE:{sequence}
        X-MICROSOFT-CDO-BUSYSTATUS:BUSY
        X-MICROSOFT-CDO-INSTTYPE:0
        X-MICROSOFT-DISALLOW-COUNTER:FALSE
        END:VEVENT
        END:VCALENDAR
        """),
    "gmail": dedent("""
        BEGIN:VCALENDAR
        PRODID:-//Google Inc//Google Calendar 70.9054//EN
        VERSION:2.0
        CALSCALE:GREGORIAN
        METHOD:REPLY
        BEGIN:VEVENT
        DTSTART:20260310T090000Z
        DTEND:20260310T100000Z
        DTSTAMP:{stamp}
        ORGANIZER;CN=Vice 'Versa':mailto:{organizer}
        UID:{uid}
        ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={partstat};CN=Selma Öz;X-NUM-GUESTS=0:mailto:{attendee}
        CREATED:20260301T090500Z
        DESCRIPTION:Agenda:\\nhttps://portal.example/pairings/1
        LAST-MODIFIED:20260302T083000Z
        LOCATION:Room 4.12\\, Berlin
        SEQUENCE:{sequence}
        STATUS:CONFIRMED
        SUMMARY:Check-in with Jörg
        TRANSP:OPAQUE
        END:VEVENT
        END:VCALENDAR
        """),
    "apple": dedent("""
        BEGIN:VCALENDAR
        CALSCALE:GREGORIAN
        VERSION:2.0
        METHOD:REPLY
        PRODID:-//Apple Inc.//macOS 15.3//EN
        BEGIN:VEVENT
        CREATED:20260301T090200Z
        UID:{uid}
        DTEND:20260310T100000Z
        ATTENDEE;CN="Selma Öz";CUTYPE=INDIVIDUAL;EMAIL={attendee};PARTSTAT={partstat}:/aMTgxMjg0NDQyOTE4MTI4NP/principal/
        TRANSP:OPAQUE
        X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
        SUMMARY:Check-in with Jörg
        LAST-MODIFIED:20260302T083000Z
        DTSTAMP:{stamp}
        DTSTART:20260310T090000Z
        SEQUENCE:{sequence}
        ORGANIZER;CN="Vice 'Versa'";EMAIL="{organizer}":mailto:{organizer}
        X-APPLE-NEEDS-REPLY:FALSE
        END:VEVENT
        END:VCALENDAR
        """),
    "ios-exchange": dedent("""
        BEGIN:VCALENDAR
        METHOD:REPLY
        PRODID:Microsoft Exchange Server 2010
        VERSION:2.0
        BEGIN:VEVENT
        ATTENDEE;PARTSTAT={partstat};CN=Selma Öz:invalid:nomail
        ORGANIZER;CN=Vice 'Versa':MAILTO:{organizer}
        UID:{uid}
        DTSTART:20260310T090000Z
        DTEND:20260310T100000Z
        DTSTAMP:{stamp}
        SEQUENCE:{sequence}
        END:VEVENT
        END:VCALENDAR
        """),
}

HEAD = dedent("""\
    Return-Path: <{attendee}>
    Received: from mail.example by portal.example; Mon, 02 Mar 2026 09:30:01 +0100
    From: =?utf-8?Q?Selma_=C3=96z?= <{attendee}>
    To: Vice 'Versa' <{organizer}>
    Subject: =?utf-8?Q?Accepted=3A_Check-in_with_J=C3=B6rg?=
    Date: Mon, 02 Mar 2026 09:30:00 +0100
    Message-ID: <answer@mail.example>
    MIME-Version: 1.0
    """)
MESSAGES = {
    "thunderbird": (
        HEAD
        + dedent("""\
        Content-Type: multipart/mixed; boundary="------------030407060803040908030902"

        This is a multi-part message in MIME format.
        --------------030407060803040908030902
        Content-Type: multipart/alternative; boundary="------------090208020201040807070703"

        --------------090208020201040807070703
        Content-Type: text/plain; charset=UTF-8; format=flowed
        Content-Transfer-Encoding: 8bit

        Selma Öz has accepted your event invitation.

        --------------090208020201040807070703
        Content-Type: text/calendar; charset=UTF-8; method=REPLY
        Content-Transfer-Encoding: 8bit

        """)
        + "{text}\n"
        + dedent("""\
        --------------090208020201040807070703--
        --------------030407060803040908030902
        Content-Type: application/ics; name="invite.ics"
        Content-Disposition: attachment; filename="invite.ics"
        Content-Transfer-Encoding: base64

        """)
        + "{base64}\n--------------030407060803040908030902--\n"
    ),
    "outlook": HEAD
    + dedent("""\
        Thread-Topic: =?utf-8?B?Q2hlY2staW4=?=
        X-MS-Has-Attach:
        X-MS-TNEF-Correlator:
        Content-Language: de-DE
        Content-Type: multipart/alternative;
        \tboundary="_000_AM0PR0101MB2388_"

        --_000_AM0PR0101MB2388_
        Content-Type: text/plain; charset="iso-8859-1"
        Content-Transfer-Encoding: quoted-printable

        Gr=FC=DFe, Selma

        --_000_AM0PR0101MB2388_
        Content-Type: text/calendar; charset="utf-8"; method=REPLY
        Content-Transfer-Encoding: base64

        """)
    + "{base64}\n--_000_AM0PR0101MB2388_--\n",
    "gmail": (
        "Sender: Google Calendar <calendar-notification@google.com>\nAuto-Submitted: auto-generated\n"
        + HEAD
        + dedent("""\
        Content-Type: multipart/mixed; boundary="0000000000007f2e2b05f5a5e0a1"

        --0000000000007f2e2b05f5a5e0a1
        Content-Type: multipart/alternative; boundary="0000000000007f2e2a05f5a5e09f"

        --0000000000007f2e2a05f5a5e09f
        Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes
        Content-Transfer-Encoding: base64

        U2VsbWEgaGFzIGFjY2VwdGVk
        --0000000000007f2e2a05f5a5e09f
        Content-Type: text/html; charset="UTF-8"

        <p>Selma has accepted</p>
        --0000000000007f2e2a05f5a5e09f
        Content-Type: text/calendar; charset="UTF-8"; method=REPLY
        Content-Transfer-Encoding: quoted-printable

        """)
        + "{quoted}\n"
        + dedent("""\
        --0000000000007f2e2a05f5a5e09f--
        --0000000000007f2e2b05f5a5e0a1
        Content-Type: application/ics; name="invite.ics"
        Content-Disposition: attachment; filename="invite.ics"
        Content-Transfer-Encoding: base64

        """)
        + "{base64}\n--0000000000007f2e2b05f5a5e0a1--\n"
    ),
    "apple": HEAD
    + dedent("""\
        X-Mailer: iCloud MailClient
        Content-Type: multipart/mixed; boundary="Apple-Mail=_3B1E"

        --Apple-Mail=_3B1E
        Content-Transfer-Encoding: 7bit
        Content-Type: text/plain; charset=us-ascii

        Selma Oez has accepted.
        --Apple-Mail=_3B1E
        Content-Disposition: attachment; filename=iCal-20260302-093000.ics
        Content-Type: text/calendar; x-unix-mode=0644; name="iCal-20260302-093000.ics"; charset=US-ASCII
        Content-Transfer-Encoding: quoted-printable

        """)
    + "{quoted}\n--Apple-Mail=_3B1E--\n",
    "ios-exchange": HEAD
    + dedent("""\
        Content-Type: text/calendar; charset="utf-8"; method=REPLY
        Content-Transfer-Encoding: base64

        """)
    + "{base64}\n",
}
