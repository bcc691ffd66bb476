"""Rules about documents themselves: YAML (Y) and tables (T)."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

YAML_ENCODING = define(
    Rule(
        code="Y001",
        name="yaml-not-utf8",
        title="A metadata file is UTF-8 text",
        why="Names of authors in another encoding turn into wrong letters on the results page without any error.",
        bad="(a file saved as Latin-1 or UTF-16)",
        good="(the same file saved as UTF-8)",
        fix="save the file as UTF-8",
    )
)
YAML_SYNTAX = define(
    Rule(
        code="Y002",
        name="yaml-syntax",
        title="A metadata file is valid YAML",
        why="Two of three files of one real submission were not valid YAML because of one wrong indent.",
        bad="system:\n  complexity:\n   macs: 930902000\n    total_parameters: 1112420",
        good="system:\n  complexity:\n    macs: 930902000\n    total_parameters: 1112420",
        fix="fix the syntax at this place; indent with spaces and quote text that holds ': ' or ' #'",
    )
)
YAML_DUPLICATE_KEY = define(
    Rule(
        code="Y003",
        name="yaml-duplicate-key",
        title="No key is written twice in one mapping",
        why="Common readers silently take the last one, so the figure you see may not be the figure that counts.",
        bad="macs: 930902000\nmacs: 911700000",
        good="macs: 930902000",
        fix="keep one of the two",
    )
)
YAML_ALIAS = define(
    Rule(
        code="Y004",
        name="yaml-alias",
        title="No anchors, aliases or merge keys",
        why="A file of 432 bytes with aliases can expand to gigabytes; metadata needs none.",
        bad="authors: &team [..]\nteam: *team",
        good="authors: [..]",
        fix="write the value out where it is used",
    )
)
YAML_TAG = define(
    Rule(
        code="Y005",
        name="yaml-tag",
        title="No tags but the template's !!null",
        why="Tags let a file choose how it is read; some readers run code for them.",
        bad="macs: !!python/object/apply:os.system [ls]",
        good="macs: 930902000",
        fix="remove the tag; write `!!null`, `null` or nothing for what does not apply",
    )
)
YAML_EMPTY = define(
    Rule(
        code="Y006",
        name="yaml-no-mapping",
        title="A metadata file holds one mapping",
        why="An empty file, a list or a bare value has none of the fields of a submission.",
        bad="(an empty file)",
        good="submission:\n  label: Adams_UNI_task4_1",
        fix="start from the template of the edition",
    )
)
YAML_LIMIT = define(
    Rule(
        code="Y007",
        name="yaml-too-large",
        title="A metadata file is not larger, and not nested deeper, than the limits",
        why="No submission needs a megabyte of metadata or thirty levels of nesting; an attack does.",
        bad="[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        good="submission: {label: Adams_UNI_task4_1}",
        fix="remove what does not belong into the metadata",
    )
)
YAML_SEVERAL = define(
    Rule(
        code="Y008",
        name="yaml-several-documents",
        title="One document a file",
        why="Readers take the first or fail; what stands after `---` would be lost.",
        bad="submission: {..}\n---\nsystem: {..}",
        good="submission: {..}\nsystem: {..}",
        fix="remove the line `---` or split the file",
    )
)
YAML_KEY = define(
    Rule(
        code="Y009",
        name="yaml-key-not-text",
        title="Keys are text",
        why="Lists, mappings and nothing at all cannot name a field.",
        bad="? [a, b]\n: 1",
        good="name: value",
        fix="write a plain key",
    )
)
YAML_CHARACTER = define(
    Rule(
        code="Y010",
        name="yaml-control-character",
        title="No control characters",
        why="They hide text, forge lines in reports or break the sheets made from it.",
        bad='name: "A\\x1b[2JB"',
        good="name: AB",
        fix="remove the character",
    )
)
YAML_ALIKE = define(
    Rule(
        code="Y011",
        name="yaml-keys-alike",
        title="No two keys of one mapping look the same",
        why="Readers that ignore case, or that normalise letters, keep only one of them; people see only one.",
        bad="name: Small CRNN\nName: Large CRNN",
        good="name: Small CRNN",
        fix="keep one of the two",
    )
)
YAML_OTHER_READERS = define(
    Rule(
        code="Y012",
        name="yaml-read-otherwise",
        title="A value means the same to every reader of YAML",
        why="Most programs still read YAML 1.1: NO is false to them, 0123 is 83, 1:30:00 is 5400, 1e-3 is text. The "
        "organisers' scripts would see another value than the one that was checked.",
        bad="location: NO",
        good='location: "NO"',
        fix="put text in quotes; write numbers in plain digits with a decimal point",
        severity=Severity.WARNING,
    )
)
YAML_LOOK_ALIKE = define(
    Rule(
        code="Y013",
        name="yaml-look-alike-key",
        title="Keys hold no characters that only look like plain letters",
        why="A Cyrillic or full-width letter, or a space without width, comes with text that is copied from a PDF or a "
        "page. People read the key as it was meant; every program takes it for another one, and its figure is lost.",
        bad="tr\u0430ining: 1.39  (with a Cyrillic letter)",
        good="training: 1.39",
        fix="type the key anew in plain letters",
    )
)

TABLE_ENCODING = define(
    Rule(
        code="T101",
        name="table-not-utf8",
        title="A table is UTF-8 text",
        why="Clip names and labels must compare equal byte for byte.",
        bad="(a TSV saved as UTF-16)",
        good="(the same TSV saved as UTF-8)",
        fix="save the file as UTF-8; a compressed or binary file is not a table",
    )
)
TABLE_HEADER = define(
    Rule(
        code="T102",
        name="table-header",
        title="The first line names the expected columns, each once",
        why="A column that is missing, doubled or spelt otherwise would be dropped or renamed without a message.",
        bad="filename\tonset\tevent_label",
        good="filename\tonset\toffset\tevent_label",
        fix="write the header with these columns",
    )
)
TABLE_ROW = define(
    Rule(
        code="T103",
        name="table-ragged-row",
        title="Every row has as many cells as the header",
        why="A short or long row shifts figures into the wrong column.",
        bad="clip1.wav\t0.5\tDog",
        good="clip1.wav\t0.5\t1.5\tDog",
        fix="write one cell for each column",
    )
)
TABLE_NUMBER = define(
    Rule(
        code="T104",
        name="table-not-a-number",
        title="A cell of a numeric column is a finite decimal number, or empty where that is allowed",
        why="Common readers turn 'nan', 'inf' or '1_0' into numbers without a message.",
        bad="0,5",
        good="0.5",
        fix="write a plain decimal number",
    )
)
TABLE_EMPTY = define(
    Rule(
        code="T105",
        name="table-empty",
        title="A table has a header and rows",
        why="An empty file usually is a failed export.",
        bad="(an empty file)",
        good="filename\tduration\nclip1.wav\t10.0",
        fix="export the table again",
    )
)
TABLE_DUPLICATE = define(
    Rule(
        code="T106",
        name="table-duplicate-row",
        title="A key occurs once",
        why="Of two rows for one clip or one label only one can be right.",
        bad="clip1.wav\t10.0\nclip1.wav\t9.0",
        good="clip1.wav\t10.0",
        fix="keep one of the rows",
    )
)
FILE_UNREADABLE = define(
    Rule(
        code="T107",
        name="file-unreadable",
        title="A file can be read and is a plain file",
        why="Folders, pipes and links that lead nowhere cannot be checked.",
        bad="(a folder named clip1.tsv)",
        good="(a file named clip1.tsv)",
        fix="put a plain, readable file here",
    )
)
TABLE_LIMIT = define(
    Rule(
        code="T108",
        name="file-too-large",
        title="A file is not larger than the limit",
        why="One organiser's machine reads all packages of the challenge.",
        bad="(a score file of 4 GB)",
        good="(a score file of 20 kB)",
        fix="check what was written into the file",
        severity=Severity.ERROR,
    )
)
TABLE_LINE_ENDS = define(
    Rule(
        code="T109",
        name="table-line-ends",
        title="All lines of a table end the same way",
        why="Programs differ in whether a lone CR ends a line: one reads another row, the other a broken cell.",
        bad="(a CR within a line of a file whose lines end in LF)",
        good="(a file whose lines all end in LF, or all in CR LF)",
        fix="write line feeds (LF, or CR LF) at the ends of lines and no CR elsewhere",
    )
)
