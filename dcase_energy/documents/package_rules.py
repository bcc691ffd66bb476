"""Rules about packages as files: zip archives, names of members, links (Z)."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

ARCHIVE_KIND = define(
    Rule(
        code="Z801",
        name="package-not-zip",
        title="A package is a zip archive or a folder",
        why="The challenge asks for one zip; an archive of another kind under that name cannot be opened by the "
        "organisers' tools.",
        bad="submission.zip (a tar.gz that was renamed)",
        good="submission.zip (made with `zip -r submission.zip Adams_UNI_task4_1`)",
        fix="make a zip archive of the folder",
    )
)
ARCHIVE_BROKEN = define(
    Rule(
        code="Z802",
        name="package-broken",
        title="An archive is whole: every member can be read to its end and has the checksum it states",
        why="An upload that was cut short, or a flipped bit in a score file, changes figures without a message.",
        bad="submission.zip (the last megabyte is missing)",
        good="submission.zip (passes `unzip -t`)",
        fix="make the archive again, test it with `unzip -t` and upload it again",
    )
)
ARCHIVE_AMBIGUOUS = define(
    Rule(
        code="Z803",
        name="package-ambiguous",
        title="Every reader sees the same content in an archive",
        why="Data in front of, between or behind the members, overlapping members and a second directory make two "
        "programs see two different submissions in one file.",
        bad="submission.zip (a program with a zip appended)",
        good="submission.zip (members one after the other, then one directory)",
        fix="make the archive again with a common zip program",
    )
)
ARCHIVE_METHOD = define(
    Rule(
        code="Z804",
        name="package-method",
        title="Members are stored or deflated, and not encrypted",
        why="Other methods and passwords keep the organisers' tools from reading the submission.",
        bad="zip -e submission.zip Adams_UNI_task4_1",
        good="zip -r submission.zip Adams_UNI_task4_1",
        fix="make the archive again without a password, with the usual compression (deflate)",
    )
)
ARCHIVE_BOMB = define(
    Rule(
        code="Z805",
        name="package-too-large",
        title="The unpacked size and the number of files of an archive are within limits",
        why="A few kilobytes can unpack to terabytes; one organiser's machine reads all packages of the challenge.",
        bad="submission.zip (1 MB that unpacks to 1 GB)",
        good="submission.zip (60 MB that unpacks to 350 MB)",
        fix="pack only metadata, outputs, records and the report",
    )
)
NAME_UNSAFE = define(
    Rule(
        code="Z806",
        name="name-unsafe",
        title="Names of files stay inside the package and mean the same on every system",
        why="Names such as ../x, /x or C:x write outside the folder when unpacked; control characters and names kept "
        "by Windows cannot be unpacked everywhere.",
        bad="../Adams_UNI_task4_1.meta.yaml",
        good="Adams_UNI_task4_1/Adams_UNI_task4_1.meta.yaml",
        fix="rename the file: letters, digits, spaces and ._-+ in relative names",
    )
)
NAME_TWICE = define(
    Rule(
        code="Z807",
        name="name-twice",
        title="No two files have names that some system takes for the same",
        why="Of two members of one name, or of Meta.yaml and meta.yaml, one silently replaces the other on unpacking.",
        bad="clip1.tsv and Clip1.tsv in one folder",
        good="clip1.tsv and clip2.tsv",
        fix="keep one of the files, or give it another name",
    )
)
LINK = define(
    Rule(
        code="Z808",
        name="link-or-device",
        title="A package holds plain files and folders",
        why="A link shows another file on every machine, or one that is not meant to be shown; pipes and devices never "
        "end.",
        bad="Adams_UNI_task4_1.meta.yaml -> /home/adams/meta.yaml",
        good="Adams_UNI_task4_1.meta.yaml (the file itself)",
        fix="put the file itself into the package",
    )
)
NAME_ENCODING = define(
    Rule(
        code="Z809",
        name="name-not-utf8",
        title="Names in an archive are marked as UTF-8, or are ASCII",
        why="Without the mark programs guess: Müller becomes M├╝ller, and the clip or team is not found.",
        bad="Müller_UNI_task4_1.meta.yaml (packed without the UTF-8 mark)",
        good="Mueller_UNI_task4_1.meta.yaml",
        fix="rename the file in plain letters, or pack with a program that marks names as UTF-8 (`dcase-energy pack`)",
        severity=Severity.WARNING,
    )
)
NESTED_ARCHIVE = define(
    Rule(
        code="Z810",
        name="archive-in-package",
        title="No archive inside the package",
        why="What is in an inner archive is not looked at by any tool: outputs packed twice count as missing.",
        bad="submission.zip holding outputs.zip",
        good="submission.zip holding the outputs themselves",
        fix="put the files of the inner archive into the package",
        severity=Severity.WARNING,
    )
)
REPORT_KIND = define(
    Rule(
        code="Z812",
        name="report-not-pdf",
        title="A file called .pdf is a PDF",
        why="The technical report is what readers of the results open; an error page saved under its name is found out "
        "after the deadline.",
        bad="Adams_UNI_task4.technical_report.pdf (a web page)",
        good="Adams_UNI_task4.technical_report.pdf (begins with %PDF-)",
        fix="export the report as PDF again",
    )
)
LITTER = define(
    Rule(
        code="Z811",
        name="system-litter",
        title="Hidden files, and what systems and tools leave behind, are ignored",
        why="Score folders with .DS_Store in them made readers of a challenge stop, and a copy in .ipynb_checkpoints "
        "is not a second system; here they are not part of the package.",
        bad="__MACOSX/Adams_UNI_task4_1/._Adams_UNI_task4_1.meta.yaml",
        good="(nothing of the kind)",
        fix="no action is needed; `zip -r x.zip FOLDER -x '*/.*' '__MACOSX/*'` leaves them out",
        severity=Severity.INFO,
    )
)
FILES_BESIDE = define(
    Rule(
        code="Z813",
        name="files-beside-packages",
        title="A folder of packages holds folders and archives",
        why="In a folder of packages every subfolder and every archive is one; another file belongs to none of them, "
        "and a system in it would be left out without a message.",
        bad="Adams_UNI.zip, Baker_LAB/ and notes.txt in one folder",
        good="Adams_UNI.zip and Baker_LAB/ in one folder",
        fix="no action is needed if the files do not belong to a submission",
        severity=Severity.INFO,
    )
)
PACKAGE_TWICE = define(
    Rule(
        code="Z814",
        name="package-twice",
        title="A system lies in one package only",
        why="A folder and the archive made of it are one submission; counted twice, a team would compete with itself.",
        bad="Adams_UNI/ and Adams_UNI.zip with the same files",
        good="Adams_UNI.zip",
        fix="no action is needed; the copy may be removed",
        severity=Severity.INFO,
    )
)
