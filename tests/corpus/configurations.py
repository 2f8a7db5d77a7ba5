"""Bad pipeline files, each with its exact exit code and every line that is said about it.

A case changes the good file in one place, or is a text of its own.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.corpus.world import YAML

HINT = "Nothing was changed. Every setting with its meaning: configs/pipeline.schema.json"
INVALID, NO_YAML = 5, 6


@dataclass(frozen=True)
class Configuration:
    """A pipeline file, and what is said when it is used."""

    name: str
    content: bytes
    code: int
    lines: tuple[str, ...] = ()


def _invalid(name: str, old: str, new: str, *lines: str) -> Configuration:
    assert old in YAML, old
    return Configuration(name, YAML.replace(old, new, 1).encode(), INVALID, lines)


def _added(name: str, section: str, *lines: str) -> Configuration:
    return Configuration(name, f"{YAML}{section}\n".encode(), INVALID, lines)


def _whole(name: str, content: str | bytes, code: int, *lines: str) -> Configuration:
    return Configuration(name, content.encode() if isinstance(content, str) else content, code, lines)


def _no_yaml(name: str, content: str | bytes, line: str) -> Configuration:
    return _whole(name, content, NO_YAML, line)


def _source(name: str, source: str, *lines: str) -> Configuration:
    return _invalid(name, "ingestion:\n", f"ingestion:\n  source: {source}\n", *lines)


def _labels(name: str, labels: str, *lines: str, rows: str = "") -> Configuration:
    return _invalid(name, "ingestion:\n", f"ingestion:\n  labels: {labels}\n{f'  {rows}' if rows else ''}\n", *lines)


_CATEGORY = "shop: {type: category}"
_FEATURES = "[shop, colour, items, price, gift]"
_CANDIDATE = "{family: logistic_regression, min_frequency: 5}"
_LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
)

CASES = [
    # ── no YAML, or more than plain YAML ──────────────────────────────────────────────────────────────────────────
    _whole("empty", "", INVALID,
             "the file is empty; it must have sections such as 'ingestion:' (see flights.yaml)"),
    _whole("a comment", "# nothing\n", INVALID,
             "the file is empty; it must have sections such as 'ingestion:' (see flights.yaml)"),
    _whole("one word", "hello", INVALID,
             "the file holds only 'hello'; it must have sections such as 'ingestion:' (see flights.yaml)"),
    _whole("a list", "- a\n- b\n", INVALID,
             'the file holds only ["a", "b"]; it must have sections such as \'ingestion:\' (see flights.yaml)'),
    _no_yaml("two documents", f"{YAML}---\na: 1\n",
             "plain YAML: line 22: expected a single document in the stream but found another document"),
    _no_yaml("utf-16", YAML.encode("utf-16-le"),
             "a text file in UTF-8 (see byte 892)"),
    _no_yaml("utf-16 with a mark", YAML.encode("utf-16"),
             "a text file in UTF-8 (see byte 0)"),
    _no_yaml("latin-1", "title: Verkäuflich?\n".encode("latin-1"),
             "a text file in UTF-8 (see byte 11)"),
    _no_yaml("nul", YAML.replace("sold", "so\0ld"),
             "plain YAML: unacceptable character #x0000: special characters are not allowed"),
    _no_yaml("half a surrogate", YAML.replace("Will it be sold?", r'"\ud800"'),
             "plain YAML: a value is too long, or is not what its tag says"),
    _no_yaml("tabs", "a:\n\tb: 1",
             "plain YAML: line 2: while scanning for the next token found character '\\t' that cannot start any token"),
    _no_yaml("a bracket that does not end", "a: [1, 2\nb: 3",
             "plain YAML: line 2: while parsing a flow sequence expected ',' or ']', but got ':'"),
    _no_yaml("a colon too many", "title: a: b",
             "plain YAML: line 1: mapping values are not allowed here"),
    _no_yaml("a name that is not there", "title: *nope",
             "plain YAML: line 1: found undefined alias 'nope'"),
    _no_yaml("an object of python", "title: !!python/object/apply:os.system [id]",
             "plain YAML: line 1: !!python/object/apply:os.system asks for an object; only plain values are allowed"),
    _no_yaml("an object by another name", "%TAG ! tag:yaml.org,2002:python/\n---\ntitle: !object x",
             "plain YAML: line 3: !!python/object asks for an object; only plain values are allowed"),
    _no_yaml("bytes", "title: !!binary aGVsbG8=",
             "plain YAML: line 1: !!binary asks for an object; only plain values are allowed"),
    _no_yaml("a whole number that is none", "title: !!int abc",
             "plain YAML: a value is too long, or is not what its tag says"),
    _no_yaml("a mapping that is a list", "title: !!map [a]",
             "plain YAML: line 1: expected a mapping, but found another kind of value"),
    _no_yaml("a list that is a mapping", "title: !!seq {a: b}",
             "plain YAML: line 1: expected a sequence node, but found mapping"),
    _no_yaml("a key that is a number", "5: x",
             "plain YAML: line 1: the key '5' is not text; write it in quotes"),
    _no_yaml("a key that is a list", "? [a]\n: x",
             "plain YAML: line 1: the key of a mapping is not text; write it in quotes"),
    _no_yaml("a key twice", f"{YAML}\ntraining: {{}}\n",
             "plain YAML: line 23: the key 'training' stands there twice"),
    _no_yaml("a number of 5,000 figures", YAML.replace("min_rows: 20", f"min_rows: {'9' * 5000}"),
             "plain YAML: a value is too long, or is not what its tag says"),
    _no_yaml("a billion laughs", _LAUGHS,
             "plain YAML: it unfolds to too many values; a reference (*name) may refer to itself"),
    _no_yaml("itself", "a: &a [*a]",
             "plain YAML: it unfolds to too many values; a reference (*name) may refer to itself"),
    _no_yaml("deep", f"a: {'[' * 1500}{']' * 1500}",
             "plain YAML: it is nested too deeply"),
    _no_yaml("a megabyte", f"# {'x' * 1_000_000}\n{YAML}",
             "plain YAML: it has more than 1,000,000 bytes, which no pipeline file needs"),
    _no_yaml("yaml 9", f"%YAML 9.9\n---\n{YAML}",
             "plain YAML: line 1: found incompatible YAML document (version 1.* is required)"),
    # ── sections and names ────────────────────────────────────────────────────────────────────────────────────────
    _whole("only a title", '{"title": "x"}', INVALID,
             "ingestion: is missing", "validation: is missing", "training: is missing"),
    _added("an unknown section", "evaluations: {}",
             "evaluations: no such setting; did you mean 'evaluation'?"),
    _added("a section of nothing", "evaluation:",
             "evaluation: must have settings of the form 'name: value' (got null)"),
    _added("a section that is a list", "evaluation: []",
             "evaluation: must have settings of the form 'name: value' (got [])"),
    _invalid("a mistyped setting", "min_rows: 20", "min_row: 20",
             "training.min_row: no such setting; did you mean 'min_rows'?"),
    _invalid("a merge", "times: {", "times: {<<: {a: b}, ",
             "ingestion.times.<<: no such setting; there are event, arrival, label"),
    _invalid("several mistakes", "min_rows: 20", "min_rows: lots\n  seed: -1\n  treads: 2",
             "training.min_rows: must be a whole number (got 'lots')", "training.seed: must be at least 0 (got -1)", "training.treads: no such setting; did you mean 'threads'?"),
    _invalid("no title", "title: Will it be sold?", "title:",
             "title: must be text; write it in quotes (got null)"),
    _invalid("a title of 301 letters", "Will it be sold?", "x" * 301,
             "title: must have at most 300 characters (got 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...)"),
    # ── columns ───────────────────────────────────────────────────────────────────────────────────────────────────
    _invalid("an unknown type", "type: integer", "type: int",
             "validation.columns.items.type: must be 'integer', 'number', 'category', 'boolean' or 'timestamp' (got 'int'); did you mean 'integer'?"),
    _invalid("no type", "{type: category}", "{}",
             "validation.columns.shop.type: is missing"),
    _invalid("a column that is a word", "{type: category}", "category",
             "validation.columns.shop: must have settings of the form 'name: value' (got 'category')"),
    _invalid("a column without a name", _CATEGORY, f"{_CATEGORY}\n    '': {{type: category}}",
             "validation.columns.: must have at least 1 character(s) (got '')"),
    _invalid("a column of ours", _CATEGORY, f"{_CATEGORY}\n    _aside: {{type: category}}",
             "validation.columns: '_aside' is a name that Incumbent needs itself"),
    _invalid("a column of two lines", _CATEGORY, f'{_CATEGORY}\n    "a\\nb": {{type: category}}',
             "validation.columns.a�b: must not have control characters (got 'a\\nb')"),
    _invalid("a column of 201 letters", _CATEGORY, f"{_CATEGORY}\n    {'x' * 201}: {{type: category}}",
             "validation.columns.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: must have at most 200 characters (got 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...)"),
    _invalid("text for a bound", "min: 0", "min: '0'",
             "validation.columns.items.min: must be a number (got '0')"),
    _invalid("true for a bound", "min: 0", "min: true",
             "validation.columns.items.min: must be a number (got true)"),
    _invalid("an infinite bound", "min: 0", "min: 1e999",
             "validation.columns.items.min: must be a finite number (got Infinity)"),
    _invalid("bounds the wrong way round", "min: 0", "min: 5, max: 1",
             "validation.columns.items: min (5) is above max (1)"),
    _invalid("a bound of a category", _CATEGORY, "shop: {type: category, min: 1}",
             "validation.columns.shop: min and max are for integers and numbers, not for a category"),
    _invalid("values of a number", "min: 0}", "values: [a]}",
             "validation.columns.items: values are for categories, not for a integer"),
    _invalid("no value allowed", "[red, green, blue]", "[]",
             "validation.columns.colour.values: must have at least 1 entries (got [])"),
    _invalid("a value twice", "[red, green, blue]", "[red, red]",
             "validation.columns.colour.values: 'red' stands there twice"),
    _invalid("values that are numbers", "[red, green, blue]", "[1, 2]",
             "validation.columns.colour.values[0]: must be text; write it in quotes (got 1)", "validation.columns.colour.values[1]: must be text; write it in quotes (got 2)"),
    _invalid("yes for true", "nullable: true", "nullable: yes",
             "validation.columns.settled.nullable: must be true or false (got 'yes')"),
    _invalid("a share in percent", "key: [at, shop]", "max_quarantined: 5%",
             "validation.max_quarantined: must be a number (got '5%')"),
    _invalid("a share above one", "key: [at, shop]", "max_quarantined: 5",
             "validation.max_quarantined: must be at most 1 (got 5)"),
    _invalid("a key of an unknown column", "key: [at, shop]", "key: [at, shpo]",
             "validation.key names the column 'shpo', which validation.columns does not have"),
    _invalid("a key that is a word", "key: [at, shop]", "key: at",
             "validation.key: must be a list (got 'at')"),
    _invalid("a key that names a column twice", "key: [at, shop]", "key: [at, at]",
             "validation.key: 'at' stands there twice"),
    # ── what is learned ───────────────────────────────────────────────────────────────────────────────────────────
    _invalid("no features", _FEATURES, "[]",
             "training.features: must have at least 1 entries (got [])"),
    _invalid("a feature twice", _FEATURES, "[shop, shop]",
             "training.features: a column is named twice"),
    _invalid("an unknown feature", _FEATURES, "[shop, itms]",
             "training.features names the column 'itms', which validation.columns does not have"),
    _invalid("a time as a feature", _FEATURES, "[shop, at]",
             "training.features: column 'at' must be of type integer or number or category or boolean (is timestamp)"),
    _invalid("the label as a feature", _FEATURES, "[shop, sold]",
             "training.features: 'sold' is not known before the label is"),
    _invalid("the time of the label as a feature", _FEATURES, "[shop, settled]",
             "training.features: column 'settled' must be of type integer or number or category or boolean (is timestamp)"),
    _invalid("a label that is a time", "label: sold", "label: at",
             "training.label: column 'at' must be of type boolean or integer or category (is timestamp)"),
    _invalid("an event that may be missing", "event: at", "event: settled",
             "ingestion.times.event: 'settled' must not be nullable"),
    _invalid("an event that is no time", "event: at", "event: sold",
             "ingestion.times.event: column 'sold' must be of type timestamp (is boolean)"),
    _invalid("no candidates", f"[{_CANDIDATE}]", "[]",
             "training.candidates: must have at least 1 entries (got [])"),
    _invalid("an unknown family", "logistic_regression", "logistic_regresion",
             "training.candidates[0].family: must be one of 'logistic_regression', 'linear_regression', 'hist_gradient_boosting' (got 'logistic_regresion'); did you mean 'logistic_regression'?"),
    _invalid("a candidate without a family", _CANDIDATE, "{}",
             "training.candidates[0]: must name its 'family' (got {})"),
    _invalid("a setting of another family", "min_frequency: 5", "max_leaf_nodes: 5",
             "training.candidates[0].max_leaf_nodes: no such setting; there are family, c, max_iter, min_frequency"),
    _invalid("a seed that no library takes", "min_rows: 20", "seed: 4294967296",
             "training.seed: must be less than 4294967296 (got 4294967296)"),
    _invalid("a seed that is true", "min_rows: 20", "seed: true",
             "training.seed: must be a whole number (got true)"),
    _invalid("a seed in hexadecimal", "min_rows: 20", "seed: 0x10",
             "training.seed: must be a whole number (got '0x10')"),
    _invalid("a window before all calendars", "min_rows: 20", "window: {days: 1000000}",
             "training.window.days: must be at most 36525 (got 1000000)"),
    _invalid("as many steps as there are", "min_frequency: 5", "max_iter: 999999999999999999999",
             "training.candidates[0].max_iter: must be at most 100000 (got 999999999999999999999)"),
    # ── how it is judged ──────────────────────────────────────────────────────────────────────────────────────────
    _added("a zone that is a path", "evaluation: {cluster: {timezone: ../../etc/passwd}}",
             "evaluation.cluster: no such time zone: '../../etc/passwd'; write it as in 'America/New_York'"),
    _added("a zone in small letters", "evaluation: {cluster: {timezone: europe/berlin}}",
             "evaluation.cluster: no such time zone: 'europe/berlin'; write it as in 'America/New_York'"),
    _added("a zone of nothing", "evaluation: {cluster: {timezone: ''}}",
             "evaluation.cluster: no such time zone: ''; write it as in 'America/New_York'"),
    _invalid("clocks of no zone", "times: {event: at", "source: {kind: csv, timezone: Europe/Berlyn}\n  times: {event: at",
             "ingestion.source.timezone: no such time zone: 'Europe/Berlyn'; write it as in 'America/New_York'"),
    _invalid("one time of no zone", "times: {event: at", "source: {timezones: {at: ../zone}}\n  times: {event: at",
             "ingestion.source.timezones.at: no such time zone: '../zone'; write it as in 'America/New_York'"),
    _added("the label as a cluster", "evaluation: {cluster: {column: sold}}",
             "evaluation.cluster.column: rows that share their 'sold' share no luck"),
    _added("an unknown metric", "evaluation: {metrics: [accuracy]}",
             "evaluation.metrics[0]: must be 'log_loss', 'brier', 'roc_auc', 'average_precision', 'calibration_error', 'squared_error', 'rmse', 'mae', 'r2' or 'bias' (got 'accuracy')"),
    _added("edges that descend", "evaluation: {slices: [{column: items, edges: [5, 1]}]}",
             "evaluation.slices[0]: edges must ascend (got 5, 1)"),
    _added("edges of a category", "evaluation: {slices: [{column: shop, edges: [5]}]}",
             "evaluation.slices: column 'shop' must be of type integer or number (is category)"),
    _added("a slice twice", "evaluation: {slices: [{column: shop}, {column: shop}]}",
             "evaluation.slices: a column is named twice"),
    _added("evidence without end", "promotion: {false_promotion_every: 1e999}",
             "promotion.false_promotion_every: must be at most 1e+09 (got Infinity)"),
    _added("a cron of four fields", "coordination: {schedules: {poll: '* * * *'}}",
             "coordination.schedules.poll: no cron expression: '* * * *'; write minute hour day month weekday, as in '0 6 * * *'"),
    _added("a cron of no day", "coordination: {schedules: {poll: '0 0 31 2 *'}}",
             "coordination.schedules.poll: no cron expression: '0 0 31 2 *'; write minute hour day month weekday, as in '0 6 * * *' (bad day-of-month)"),
    _added("a pause of ages", "coordination: {cooldown_minutes: 99999999999999999999}",
             "coordination.cooldown_minutes: must be at most 525600 (got 99999999999999999999)"),
    _added("a note of no group", "reporting: {notes: {weather: the season}}",
             "reporting.notes: there is no group 'weather' in reporting.groups"),
    _added("three words for a row", "reporting: {row: [a, b, c]}",
             'reporting.row: must have at most 2 entries (got ["a", "b", "c"])'),
    # ── where it comes from ───────────────────────────────────────────────────────────────────────────────────────
    _source("an unknown source", "{kind: xlsx}",
             "ingestion.source.kind: must be 'parquet', 'csv', 'json_lines', 'arrow', 'excel' or 'sql' (got 'xlsx')"),
    _source("a password in the file", "{kind: sql, address: 'postgresql://me:word-of-mine@db/shop', table: a, watermark: at, cut: {days: 1}}",
            "ingestion.source.address: address has a password in it, postgresql://me:***@db/shop; write ${NAME} in its place, and set the variable NAME in the environment"),
    _source("a path for a database", "{kind: sql, address: shop.db, table: a, watermark: at, cut: {days: 1}}",
            "ingestion.source.address: address must be one of a database, such as postgresql://host/name or sqlite:///shop.db"),
    _source("a database without a watermark", "{kind: sql, address: 'sqlite:///shop.db', table: a}",
            "ingestion.source: kind: sql needs watermark and cut"),
    _source("a table and a query", "{kind: sql, address: 'sqlite:///shop.db', table: a, query: b, watermark: at, cut: {days: 1}}",
            "ingestion.source: give either table or query"),
    _source("neither table nor query", "{kind: sql, address: 'sqlite:///shop.db', watermark: at, cut: {days: 1}}",
            "ingestion.source: give either table or query"),
    _source("a file of a database", "{kind: sql, file: shop.db, table: a, watermark: at, cut: {days: 1}}",
            "ingestion.source: kind: sql reads a database; leave out file, and give address"),
    _source("a table of files", "{kind: csv, table: a}",
            "ingestion.source: table is for kind: sql only"),
    _source("an overlap of files", "{overlap_days: 3}",
            "ingestion.source: overlap_days is for kind: sql only"),
    _source("copies of a database", "{kind: sql, address: 'sqlite:///shop.db', table: a, watermark: at, cut: {days: 1, copies: kept}}",
            "ingestion.source: cut.copies: kept is for file only; let the query number rows that are equal"),
    _source("a folder of the web", "{folder: 'https://me:word-of-mine@files/x'}",
            "ingestion.source: folder is an address, https://***@files/x; name a folder of this machine, or one of s3://, gs://, az://"),
    _source("credentials in a folder", "{folder: 's3://me:word-of-mine@bucket/x'}",
            "ingestion.source: folder has more than a place in it, s3://***@bucket/x; credentials are for the environment"),
    _source("a folder without a bucket", "{folder: 's3://'}",
            "ingestion.source: folder must name a bucket, as in s3://bucket/prefix (got 's3://')"),
    _source("windows in object storage", "{kind: sql, address: 'sqlite:///a.db', table: a, watermark: at, cut: {days: 1}, folder: 's3://bucket/x'}",
            "ingestion.source: folder of kind: sql is where its windows are delivered; name a folder of this machine"),
    _source("a sheet of a csv", "{kind: csv, sheet: a}",
            "ingestion.source: sheet is for kind: excel only"),
    _source("a folder of nothing", "{folder: ''}",
             "ingestion.source.folder: must have at least 1 character(s) (got '')"),
    _source("a folder with control characters", r'{folder: "a\0b"}',
             "ingestion.source.folder: must not have control characters (got 'a\\x00b')"),
    _source("the home as folder", "{folder: .}",
             "ingestion.source.folder of mine is .: in {home}, Incumbent keeps files of its own. Name a folder into which nobody writes but the source."),
    _source("above the home", "{folder: ..}",
             "ingestion.source.folder of mine is ..: in {home}/.., Incumbent keeps files of its own. Name a folder into which nobody writes but the source."),
    _source("the store as folder", "{folder: landing/../store/x}",
             "ingestion.source.folder of mine is landing/../store/x: in {home}/landing/../store/x, Incumbent keeps files of its own. Name a folder into which nobody writes but the source."),
    _source("a delimiter of two", "{kind: csv, delimiter: ',,'}",
             "ingestion.source.delimiter: must have at most 1 characters (got ',,')"),
    _source("a quote as delimiter", "{kind: csv, delimiter: '\"'}",
             'ingestion.source: delimiter cannot be \'"\' (decimal is \'.\')'),
    _source("an unknown encoding", "{kind: csv, encoding: utf-9}",
             "ingestion.source: no such encoding of text: 'utf-9'; usual ones are utf-8, latin-1"),
    _source("an encoding that is none of text", "{kind: csv, encoding: base64}",
             "ingestion.source: no such encoding of text: 'base64'; usual ones are utf-8, latin-1"),
    _source("an encoding of parquet", "{encoding: latin-1}",
             "ingestion.source: encoding is for kind: csv only"),
    _source("a file without a cut", "{file: a.csv, kind: csv}",
             "ingestion.source: file and cut belong together: give the file, and how it is cut into batches"),
    _source("a cut of nothing", "{file: a.csv, kind: csv, cut: {}}",
             "ingestion.source.cut: give either days or months, the length of a window"),
    _source("a cut that begins on no day", "{file: a.csv, kind: csv, cut: {days: 1, start: 2013-02-30}}",
             "ingestion.source.cut: start must be a day such as 1996-05-07 (got '2013-02-30')"),
    # ── labels that come later ────────────────────────────────────────────────────────────────────────────────────
    _labels("late labels by an unknown column", "{key: [number]}",
            "ingestion.labels.key names the column 'number', which validation.columns does not have"),
    _labels("late labels by themselves", "{key: [sold]}",
            "ingestion.labels.key: 'sold' is not there before the label is"),
    _labels("late labels under the name of their key", "{column: shop}",
            "ingestion.labels: 'shop' is named for two of key, column and time"),
    _labels("late labels where the rows are", "{source: {kind: csv, folder: here}}",
            "ingestion.labels.source.folder is that of the rows, 'here': what lies there would be taken for both; name another one",
            rows="source: {folder: here}"),
    _labels("a file of late labels without a time", "{source: {file: a.parquet, cut: {days: 7}}}",
            "ingestion.labels.time is missing: by it the file of labels is cut into deliveries"),
    _labels("a horizon that is no length", "{horizon: soon}",
            "ingestion.labels.horizon: write a length as in '90 days' or '12 weeks', or as a number of days"),
    _labels("a policy that there is not", "{corrected: replace}",
            "ingestion.labels.corrected: must be 'keep' or 'rejudge' (got 'replace')"),
    _labels("a mistyped setting of late labels", "{horizn: 30 days}",
            "ingestion.labels.horizn: no such setting; did you mean 'horizon'?"),
    _invalid("late labels without a place for their time", "ingestion:\n  times: {event: at, arrival: learned, label: settled}",
             "ingestion:\n  labels: {}\n  times: {event: at, arrival: learned}",
             "ingestion.times.label is missing: labels that come later are kept with the moment at which they were known; "
             "name a timestamp of the contract for it, with nullable: true"),
    _invalid("late labels that must be there", "times: {event: at, arrival: learned, label: settled}",
             "labels: {}\n  times: {event: at, arrival: learned, label: learned}",
             "ingestion.times.label: 'learned' comes later than the rows (ingestion.labels), so validation.columns.learned "
             "needs nullable: true"),
    # ── what is looked up, and columns that change ────────────────────────────────────────────────────────────────
    _added("a table without a key", "features: {tables: {prices: {source: {}, time: since, columns: {price: price}}}}", "features.tables.prices.key: is missing"),
    _added("a table without columns", "features: {tables: {prices: {source: {}, key: {shop: shop}, time: since, columns: {}}}}", "features.tables.prices.columns: must have at least 1 entries (got {})"),
    _added("a table by a column that there is not", "features: {tables: {prices: {source: {}, key: {store: shp}, time: since, columns: {price: price}}}}", "features.tables.prices.key names the column 'shp', which no delivery has by the contract"),
    _added("a table that fills what there is not", "features: {tables: {prices: {source: {}, key: {store: shop}, time: since, columns: {prise: price}}}}", "features: 'prise' is looked up, and validation.columns does not have it"),
    _added("a table that fills what must be there", "features: {tables: {prices: {source: {}, key: {colour: colour}, time: since, columns: {shop: shop}}}}", "features: 'shop' is looked up, so it may be missing: give it nullable: true"),
    _added("a table that fills the label", "features: {tables: {prices: {source: {}, key: {store: shop}, time: since, columns: {sold: sold}}}}", "features: 'sold' cannot be looked up: key, times and label come with the row"),
    _added("two tables that fill one column", "features: {tables: {a: {source: {}, key: {store: shop}, time: since, columns: {price: x}}, b: {source: {}, key: {store: shop}, time: since, columns: {price: y}}}}", "features: the column 'price' is filled twice, by tables or past; name another one"),
    _added("a table with a name for people", "features: {tables: {Prices of shops: {source: {}, key: {store: shop}, time: since, columns: {price: price}}}}", "features.tables.Prices of shops: the name of a table has small letters, digits and '_', begins with a letter, and is not 'labels'"),
    _added("an age that is no length", "features: {tables: {prices: {source: {}, key: {store: shop}, time: since, columns: {price: price}, at_most: soon}}}", "features.tables.prices.at_most: write a length as in '90 days' or '12 weeks', or as a number of days"),
    _added("a table of a database without a watermark", "features: {tables: {prices: {source: {kind: sql, address: 'sqlite:///shop.db', table: a}, key: {store: shop}, time: since, columns: {price: price}}}}", "features.tables.prices.source: kind: sql needs watermark and cut"),
    _added("a past without a length", "features: {past: [{column: price, key: [shop], take: count}]}", "features.past[0].over: is missing"),
    _added("a past that takes nothing there is", "features: {past: [{column: price, key: [shop], take: median, of: items, over: 30 days}]}", "features.past[0].take: must be 'count', 'mean', 'sum', 'min', 'max', 'last' or 'days_since' (got 'median'); did you mean 'mean'?"),
    _added("a mean of nothing", "features: {past: [{column: price, key: [shop], take: mean, over: 30 days}]}", "features.past[0]: of is missing: name the column whose mean is taken"),
    _added("a count of something", "features: {past: [{column: price, key: [shop], take: count, of: items, over: 30 days}]}", "features.past[0]: of is not for take: count, which asks whether there were rows"),
    _added("a mean of words", "features: {past: [{column: price, key: [shop], take: mean, of: colour, over: 30 days}]}", "features.past: mean needs numbers, and 'colour' is of type category"),
    _added("a count in whole numbers", "features: {past: [{column: items, key: [shop], take: count, over: 30 days}]}", "features.past: 'items' must be of type number (is integer)"),
    _added("the last word as a number", "features: {past: [{column: price, key: [shop], take: last, of: colour, over: 30 days}]}", "features.past: 'price' must be of the type of 'colour', category (is number)"),
    _added("a past of what is looked up", "features: {past: [{column: price, key: [colour], take: count, over: 30 days}, {column: items, key: [price], take: last, of: items, over: 30 days}]}", "features.past names the column 'price', which no delivery has by the contract"),
    _invalid("a new name for a column that there is not", "validation:\n", "validation:\n  changes: {renamed: {hue: color}}\n", "validation: changes.renamed: 'color' is no column of the contract"),
    _invalid("a new name that is one of the contract", "validation:\n", "validation:\n  changes: {renamed: {colour: shop}}\n", "validation: changes.renamed: 'colour' is a column of the contract itself"),
    _invalid("a policy for new columns that there is not", "validation:\n", "validation:\n  changes: {new: keep}\n", "validation.changes.new: must be 'adopt', 'ignore' or 'refuse' (got 'keep')"),
    _invalid("a policy for dropped columns that there is not", "validation:\n", "validation:\n  changes: {dropped: ignore}\n", "validation.changes.dropped: must be 'adopt' or 'refuse' (got 'ignore')"),
]  # fmt: skip

OF_THE_HOME = ("the home as folder", "above the home", "the store as folder")
"""Cases of which only the home can tell that they are wrong."""


def said(case: Configuration, folder: Path) -> list[str]:
    """All that is said when the file is `mine.yaml` in this folder, and the home beside it."""
    file = folder / "mine.yaml"
    if case.code == NO_YAML:
        return [f"{file} is not {line}. {HINT}" for line in case.lines]
    if case.name in OF_THE_HOME:
        return [line.replace("{home}", str(folder / "home")) for line in case.lines]
    return [f"{file} is not valid:", *(f"  {line}" for line in case.lines), HINT]
