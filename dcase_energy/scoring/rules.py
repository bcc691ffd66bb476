"""Rules about outputs (O) and ground truth (G)."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

CLIPS_MISSING = define(
    Rule(
        code="O601",
        name="clips-missing",
        title="There is a score file for every clip of the ground truth",
        why="Common tools score 400 missing clips as silence, without a message: 0.458 in place of 0.637.",
        bad="1167 score files for 1168 clips",
        good="1168 score files for 1168 clips",
        fix="write the scores of these clips as well",
    )
)
CLIPS_UNKNOWN = define(
    Rule(
        code="O602",
        name="clips-unknown",
        title="Score files belong to clips of the ground truth",
        why="Outputs of another set, or misspelt names, are ignored by common tools without a message.",
        bad="clip1.wav.tsv",
        good="clip1.tsv",
        fix="name each file after its clip, without the extension of the audio file",
    )
)
SCORE_HEADER = define(
    Rule(
        code="O603",
        name="score-header",
        title="A score file has the columns onset, offset and each class once",
        why="A class that is missing or spelt otherwise would count as never detected.",
        bad="onset\toffset\tDog\tCat\tdishes",
        good="onset\toffset\tDog\tCat\tDishes",
        fix="write the header with exactly the classes of the edition, in any order",
    )
)
SCORE_TIMES = define(
    Rule(
        code="O604",
        name="score-times",
        title="Frames start at 0, follow each other without gap or overlap, and have a length",
        why="A hole in the frames is time in which nothing can be detected; a common tool takes it as continuous.",
        bad="0.0\t0.064\t..\n0.128\t0.192\t..",
        good="0.0\t0.064\t..\n0.064\t0.128\t..",
        fix="write one row for each frame, each beginning where the one before ended",
    )
)
SCORE_VALUE = define(
    Rule(
        code="O605",
        name="score-value",
        title="A score is a finite number between 0 and 1",
        why="NaN compares as false with every threshold: the event is never detected, and no message says so.",
        bad="0.0\t0.064\tnan",
        good="0.0\t0.064\t0.02",
        fix="write probabilities between 0 and 1",
    )
)
SCORE_COVERAGE = define(
    Rule(
        code="O606",
        name="score-coverage",
        title="The frames of a clip end where the clip ends",
        why="Scores of five seconds for a clip of ten usually are an export that stopped early.",
        bad="frames up to 5.0 s for a clip of 10.0 s",
        good="frames up to 9.984 s for a clip of 10.0 s",
        fix="write scores for the whole clip",
        severity=Severity.WARNING,
    )
)
OUTPUT_FORMAT = define(
    Rule(
        code="O607",
        name="output-format",
        title="Outputs are folders of TSVs, or one TSV of events",
        why="Arrays and pickles have no names of clips and classes, and a pickle runs code when it is opened.",
        bad="scores.npy",
        good="Adams_UNI_task4_1_run1.output/clip1.tsv",
        fix="export one TSV a clip (onset, offset, classes) or one event list a threshold",
    )
)
EVENT_CLIP = define(
    Rule(
        code="O608",
        name="event-clip",
        title="A detection belongs to a clip of the ground truth",
        why="Detections in unknown clips are ignored by common tools without a message.",
        bad="clip1\t1.0\t2.0\tDog in a set without clip1",
        good="clip2.wav\t1.0\t2.0\tDog",
        fix="name the clip as the ground truth does, with or without the extension of the audio file",
    )
)
EVENT_LABEL = define(
    Rule(
        code="O609",
        name="event-label",
        title="A detection has a class of the edition",
        why="Detections of unknown classes are ignored by common tools without a message.",
        bad="clip1.wav\t1.0\t2.0\tdog",
        good="clip1.wav\t1.0\t2.0\tDog",
        fix="write the class exactly as the edition spells it",
    )
)
EVENT_TIMES = define(
    Rule(
        code="O610",
        name="event-times",
        title="A detection ends after it begins, and begins at 0 or later",
        why="Common tools drop the others without a message.",
        bad="clip1.wav\t2.0\t1.0\tDog",
        good="clip1.wav\t1.0\t2.0\tDog",
        fix="correct the export",
    )
)
EVENT_OVERLAP = define(
    Rule(
        code="O611",
        name="event-overlap",
        title="Detections of one class in one clip do not overlap",
        why="The metrics are not defined for them; some tools stop, others count the time twice.",
        bad="clip1.wav\t1.0\t3.0\tDog\nclip1.wav\t2.0\t4.0\tDog",
        good="clip1.wav\t1.0\t4.0\tDog",
        fix="merge the detections",
    )
)
THRESHOLD_MISSING = define(
    Rule(
        code="O612",
        name="threshold-missing",
        title="Among the operating points is exactly one at the threshold of the F1",
        why="Every F1 is defined at one threshold; the nearest other one gives another figure.",
        bad="predictions_th_0.49.tsv, predictions_th_0.51.tsv",
        good="predictions_th_0.50.tsv",
        fix="export the detections at that threshold, or choose one with --threshold",
        severity=Severity.WARNING,
    )
)
SCORES_CONSTANT = define(
    Rule(
        code="O626",
        name="scores-constant",
        title="Scores differ between frames",
        why="A run whose scores are all one and the same number usually is an export of an untrained or broken model.",
        bad="0.0 for every class in every frame of every clip",
        good="scores between 0 and 1 that follow the sounds",
        fix="check the export of the scores",
        severity=Severity.WARNING,
    )
)
CLIPS_IDENTICAL = define(
    Rule(
        code="O628",
        name="clips-identical",
        title="The score files of two clips differ",
        why="Two clips with the same scores to the last digit usually are one file copied over another.",
        bad="clip1.tsv and clip2.tsv with the same bytes",
        good="clip1.tsv and clip2.tsv with the scores of each clip",
        fix="export the scores of this clip again; nothing to do if the audio of both clips is the same",
        severity=Severity.WARNING,
    )
)
SCORE_FILE_CUT = define(
    Rule(
        code="O629",
        name="score-file-cut",
        title="The last line of a score file has an end, as in the other files of the run",
        why="A copy that was interrupted ends within a line; the rest of its last number would be missing.",
        bad="a file that ends in 0.064\t0.1",
        good="a file that ends in 0.064\t0.128\t0.02 and a line feed",
        fix="copy or export the file again",
        severity=Severity.WARNING,
    )
)
EVENT_PAST_END = define(
    Rule(
        code="O613",
        name="event-past-end",
        title="A detection ends no more than a second after the longest clip",
        why="Times in milliseconds, or times of a whole recording, match nothing and score 0 without a sign.",
        bad="clip1.wav\t900.0\t1000.0\tDog in a clip of 10 s",
        good="clip1.wav\t0.9\t1.0\tDog",
        fix="write onset and offset in seconds from the beginning of the clip",
    )
)
EVENTS_CLIP_LONG = define(
    Rule(
        code="O614",
        name="events-clip-long",
        title="Detections are shorter than their clips",
        why="Labels of whole clips stretched to events reach a high PSDS2 without saying when anything happens. It is "
        "judged at the threshold of the conventions, where less than half of the annotated events are so long.",
        bad="every row from 0.0 to 10.0 s in clips of 10 s, or scores that are the same in all frames of a clip",
        good="rows with the onset and offset of each event",
        fix="export the times of the events; nothing to do if the system detects no times",
        severity=Severity.WARNING,
    )
)
OUTPUT_KIND = define(
    Rule(
        code="O623",
        name="output-not-tsv",
        title="An output folder holds score files (.tsv) and nothing else",
        why="The reader of the challenge stops at any other file. Pickled arrays (.npy, .pt, .pkl) can run code when "
        "they are loaded, so they are refused by name and never opened.",
        bad="Adams_UNI_task4_1_run1.output/scores.pkl",
        good="Adams_UNI_task4_1_run1.output/clip1.tsv",
        fix="write one TSV a clip with the columns onset, offset and the classes; remove everything else",
    )
)
CLIP_TWICE = define(
    Rule(
        code="O625",
        name="clip-twice",
        title="A run has one score file a clip",
        why="Of clip1.tsv and clip1.wav.tsv only one can be scored, and programs differ in which.",
        bad="clip1.tsv and clip1.wav.tsv in one folder",
        good="clip1.tsv",
        fix="remove one of the files",
    )
)
TRUTH_EVENT = define(
    Rule(
        code="G701",
        name="truth-event",
        title="An annotated event has a known clip, a known label, and an offset after its onset",
        why="Common tools drop such rows without a message.",
        bad="clip1.wav\t3.0\t2.0\tDog",
        good="clip1.wav\t2.0\t3.0\tDog",
        fix="correct the row",
    )
)
TRUTH_OVERLAP = define(
    Rule(
        code="G702",
        name="truth-overlap",
        title="Annotated events of one class in one clip do not overlap",
        why="The metrics are not defined for them; some tools stop, others count twice. They are merged here.",
        bad="clip1.wav\t1.0\t3.0\tDog\nclip1.wav\t2.0\t4.0\tDog",
        good="clip1.wav\t1.0\t4.0\tDog",
        fix="merge the events in the file",
        severity=Severity.WARNING,
    )
)
TRUTH_PAST_END = define(
    Rule(
        code="G703",
        name="truth-past-end",
        title="An annotated event ends within its clip",
        why="Tools differ in what they do with the rest, so figures of one and the same system differ.",
        bad="clip1.wav\t8.0\t10.2\tDog in a clip of 10.0 s",
        good="clip1.wav\t8.0\t10.0\tDog",
        fix="correct the offset or the duration; the event is taken as it stands",
        severity=Severity.WARNING,
    )
)
TRUTH_CLASS = define(
    Rule(
        code="G704",
        name="truth-class-without-events",
        title="Every class of the edition occurs in the ground truth",
        why="A class without events has no true positive rate; it is left out of the means.",
        bad="(a ground truth without any Blender)",
        good="(a ground truth with every class)",
        fix="use the whole ground truth, or accept that the class does not count",
        severity=Severity.WARNING,
    )
)
TRUTH_SOFT = define(
    Rule(
        code="G705",
        name="truth-confidence",
        title="Soft labels are annotated events where their confidence is above 0.5",
        why="The metrics are defined for hard labels; DCASE 2024 task 4 takes the soft labels of MAESTRO in this way.",
        bad="(no error: rows below are left out, and counted here)",
        good="a-000500-001500.wav\t3.0\t4.0\tcar\t0.8",
        fix="nothing to do; leave out the column to count every row",
        severity=Severity.INFO,
    )
)

# Warnings that say that the scores may not be those of the whole run; figures stand beside their codes.
DOUBTS = frozenset({SCORE_COVERAGE.code, CLIPS_IDENTICAL.code, SCORE_FILE_CUT.code})
