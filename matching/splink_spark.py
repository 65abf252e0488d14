"""Bulk scores from Splink on Spark: the same model, the same conditions, another machine.

For loads that one machine is too small for. The conditions of `splink_sql` are DuckDB's; they are translated to
Spark's dialect one by one, the likenesses of names to the functions of the jar that Splink ships. A test scores the
same records on both and demands the same bits. pyspark is an optional dependency (`pip install ".[spark]"`) and
needs a Java runtime; without either `spark_session` says how to mend it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlglot
from splink import Linker
from sqlglot import exp

from matching.blocking import blocking_keys
from matching.model import LinkageModel, TermFrequencies
from matching.splink_bridge import SPLINK_LOG_LEVEL, BulkPair, Records, settings_for
from matching.splink_rows import COLUMNS, to_row

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SPARK_TYPES = {"BIGINT": "bigint", "VARCHAR": "string", "BOOLEAN": "boolean", "VARCHAR[]": "array<string>"}
_PARTITIONS_A_CORE = 2


class SparkMissing(RuntimeError):
    """Spark cannot run here; the message says what is missing and how to mend it."""


@contextmanager
def spark_session(*, memory: str = "2g", cores: int = 2, master: str = "") -> Iterator[SparkSession]:
    """A Spark session of its own, stopped at the end. Raises SparkMissing.

    What it must spill is encrypted on the local disk, in a folder that is removed at the end. `master` is a cluster's
    address, "" this machine.
    """
    require_spark()
    from pyspark.sql import SparkSession
    from splink.backends.spark import similarity_jar_location

    folder = Path(tempfile.mkdtemp(prefix="mpi-spark-"))
    settings = {
        "spark.driver.memory": memory,
        "spark.jars": similarity_jar_location(),
        "spark.sql.shuffle.partitions": str(cores * _PARTITIONS_A_CORE),
        "spark.default.parallelism": str(cores * _PARTITIONS_A_CORE),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "local"),
        "spark.io.encryption.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "ERROR",
        # The house comparison has some seventy branches: to compile them takes longer than to walk through them, and
        # as one method they are more than the JVM takes.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
    }
    if master:  # executors of a cluster must find the driver
        settings = {name: told for name, told in settings.items() if not name.startswith("spark.driver.")}
    builder = SparkSession.builder.master(master or f"local[{cores}]").appName("master-patient-index")
    for name, told in settings.items():
        builder = builder.config(name, told)
    session = builder.getOrCreate()
    try:
        session.sparkContext.setCheckpointDir(str(folder / "checkpoints"))
        yield session
    finally:
        session.stop()
        shutil.rmtree(folder, ignore_errors=True)


def require_spark() -> None:
    """Raises SparkMissing, with the mend, when there is no pyspark or no Java runtime here."""
    if find_spec("pyspark") is None:
        raise SparkMissing('The engine "spark" needs pyspark. Install it: pip install -r requirements-spark.lock')
    if shutil.which("java") is None:
        raise SparkMissing(
            'The engine "spark" needs a Java runtime (17 or later), and there is no java on the PATH. Install one,'
            " such as Debian's openjdk-17-jre-headless, or take the engine duckdb."
        )


def predict_on_spark(
    session: SparkSession,
    records: Records,
    model: LinkageModel,
    *,
    most_a_key: int,
    most_a_strong_key: int,
    batches: Mapping[int, int] | None = None,
    least_bits: float | None = None,
) -> list[BulkPair]:
    """Block and score all records with Splink on Spark; ids ascending, pairs under `least_bits` left out.

    A key finds the first records that have it, up to its bound, and those of the same batch; without `batches` each
    record is one by itself.
    """
    from splink.backends.spark import SparkAPI

    _create_records(session, records, model)
    _create_keys(session, records, batches or {})
    session.sql(_PAIRS.format(most=most_a_key, strong=most_a_strong_key)).createOrReplaceTempView("candidate_pair")
    api = SparkAPI(  # type: ignore[no-untyped-call]  # Splink's own
        spark_session=session, break_lineage_method="persist", num_partitions_on_repartition=4
    )
    linker = Linker(
        api.register("patient_record"),
        settings_for(model, dialect=spark_condition),
        log_level=SPLINK_LOG_LEVEL,
        validate_settings=False,
    )
    for name in ("given", "family"):
        linker.table_management.register_term_frequency_lookup(api.register(f"frequency_{name}"), name)
    linker.table_management.register_blocked_pairs_for_predict(api.register("candidate_pair"))
    scored = linker.inference.predict(threshold_match_weight=least_bits, warning_mode="never")
    found = session.sql(f"select unique_id_l, unique_id_r, match_weight from {scored.physical_name} order by 1, 2")  # noqa: S608 - Splink's table
    return [BulkPair(int(left), int(right), float(bits)) for left, right, bits in found.toLocalIterator()]


_PAIRS = """
with sized as (
  select value, id, batch, strong, row_number() over (partition by value order by id) as place from blocking_key
)
select distinct '0' as match_key, a.id as join_key_l, b.id as join_key_r
from sized a join sized b on a.value = b.value and a.id < b.id
where a.place <= case when a.strong then {strong} else {most} end or a.batch = b.batch
"""


def _create_records(session: SparkSession, records: Records, model: LinkageModel) -> None:
    schema = ", ".join(f"{name} {_SPARK_TYPES[kind]}" for name, kind in COLUMNS)
    names = [name for name, _ in COLUMNS]
    rows = (to_row(number, record, model.established_given) for number, record in records.items())
    session.createDataFrame([tuple(row[name] for name in names) for row in rows], schema).createOrReplaceTempView(
        "patient_record"
    )
    _create_frequencies(session, "given", {record.name.given for record in records.values()}, model.given_frequencies)
    _create_frequencies(
        session, "family", {record.name.family for record in records.values()}, model.family_frequencies
    )


def _create_frequencies(session: SparkSession, name: str, values: set[str], table: TermFrequencies) -> None:
    rows = [(value, table.frequency(value)) for value in sorted(values - {""})]
    session.createDataFrame(rows, f"{name} string, tf_{name} double").createOrReplaceTempView(f"frequency_{name}")


def _create_keys(session: SparkSession, records: Records, batches: Mapping[int, int]) -> None:
    rows = [
        (f"{key.rule}|{key.value}", number, batches.get(number, number), key.strong)
        for number, record in records.items()
        for key in blocking_keys(record)
    ]
    session.createDataFrame(rows, "value string, id bigint, batch bigint, strong boolean").createOrReplaceTempView(
        "blocking_key"
    )


def spark_condition(condition: str) -> str:
    """A condition of `splink_sql` in Spark's dialect."""
    told = re.sub(r"\blen\(", "array_length(", condition)  # DuckDB's len is of lists here, its length of texts
    return str(sqlglot.parse_one(told, read="duckdb").transform(_translated).sql(dialect="spark"))


def _translated(node: Any) -> Any:
    if isinstance(node, exp.JarowinklerSimilarity):
        return exp.Anonymous(this="jaro_winkler", expressions=[node.this, node.expression])
    if isinstance(node, exp.ArrayOverlaps):
        return exp.Anonymous(this="arrays_overlap", expressions=[node.this, node.expression])
    return node
