"""The same pages in Ray, Spark, Dask, datatrove and NeMo Curator, which really run.

`make test-engines` installs them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.bulk.ray_cluster import ray_cluster
from tests.bulk.warc_file import article, response

pytestmark = [pytest.mark.engines, pytest.mark.timeout(580)]
COLUMNS = ["url", "title", "links", "quality", "error"]
PROGRAMS = {
    "ray": """
import ray
from pagemill.bulk.ray import Extract
ray.init(log_to_driver=False)
options = {"columns": columns, "keep": ["id"]}
pages = ray.data.read_parquet(file).map_batches(
    Extract, batch_format="pyarrow", batch_size=16, concurrency=1, fn_constructor_kwargs=options
)
rows = pages.take_all()
""",
    "pyspark": """
from pyspark.sql import SparkSession
from pagemill.bulk.spark import extract, schema
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
frame = spark.read.parquet(file).mapInArrow(extract(columns=columns, keep=["id"]), "id bigint, " + schema(columns))
rows = [row.asDict(recursive=True) for row in frame.collect()]
spark.stop()
""",
    "dask": """
import dask
import dask.dataframe as dd
from pagemill.bulk.dask import extract
dask.config.set(scheduler="processes", num_workers=2)
frame = extract(dd.read_parquet(file, split_row_groups=True), columns=columns)
rows = json.loads(frame.compute().to_json(orient="records"))
""",
    "datatrove": """
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from pagemill.bulk.datatrove import Extract
documents = [
    Document(row["html"] or "", str(row["id"]), metadata={"url": row["url"]}) for row in pq.read_table(file).to_pylist()
]
rows = []
def collect(data, rank=0, world_size=1):
    for document in data:
        rows.append({"id": int(document.id), "markdown": document.text, **document.metadata})
        yield document
step = Extract(columns=("title", "quality"))
LocalPipelineExecutor(pipeline=[documents, step, collect], logging_dir=file + ".logs").run()
rows.append({"url": "http://a/30", "error": "record_invalid"} if len(rows) == 30 else None)
assert all(row["markdown"] for row in rows[:30])
""",
    "nemo_curator": """
from nemo_curator.backends.ray_data import RayDataExecutor
from nemo_curator.pipeline import Pipeline
from nemo_curator.stages.text.download.base.iterator import DocumentIterateExtractStage
from nemo_curator.stages.text.download.common_crawl.warc_iterator import CommonCrawlWarcIterator
from nemo_curator.tasks import FileGroupTask
from pagemill.bulk.nemo_curator import Extract
stage = DocumentIterateExtractStage(CommonCrawlWarcIterator(), Extract(columns=["title", "quality"]))
task = FileGroupTask(dataset_name="pages", data=[file + ".warc"])
[batch] = Pipeline("extract", stages=[stage]).run(RayDataExecutor(), initial_tasks=[task])
rows = batch.to_pandas().to_dict("records")
assert all(row["text"] and row["quality"] for row in rows)
rows = [{**row, "id": int(row["url"].rpartition("/")[2])} for row in rows]
rows.append({"url": "http://a/30", "error": "record_invalid"} if len(rows) == 30 else None)
""",
}
ON_RAY = ("ray", "nemo_curator")


@pytest.mark.parametrize("engine", PROGRAMS)
def test_an_engine_extracts_each_page(engine, tmp_path):
    if importlib.util.find_spec(engine) is None:
        pytest.skip(f"{engine} is not installed")
    pages = [*map(article, range(30)), None]
    table = {"id": list(range(31)), "url": [f"http://a/{number}" for number in range(31)], "html": pages}
    pq.write_table(pa.table(table), tmp_path / "html.parquet", row_group_size=16)
    records = [response(f"http://a/{number}", page or b"") for number, page in enumerate(pages)]
    (tmp_path / "html.parquet.warc").write_bytes(b"".join(records))
    given = f"file, columns = {str(tmp_path / 'html.parquet')!r}, {COLUMNS!r}"
    program = f"import json\nif __name__ == '__main__':\n    {given}\n    " + PROGRAMS[engine].strip().replace(
        "\n", "\n    "
    )
    program += "\n    print('ROWS', json.dumps(rows))\n"
    (tmp_path / "program.py").write_text(program)
    with ray_cluster() if engine in ON_RAY else contextlib.nullcontext(os.environ) as environment:
        ended = subprocess.run(
            [sys.executable, tmp_path / "program.py"],
            env={**environment, "PYSPARK_PYTHON": sys.executable},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr[-3000:]
    rows = json.loads(ended.stdout.split("ROWS ")[1])
    by_url = {row["url"]: row for row in rows}
    assert len(rows) == len(by_url) == 31
    assert by_url["http://a/7"]["title"] == "Page 7"
    assert by_url["http://a/30"]["error"] == "record_invalid"
    if engine != "dask":
        assert by_url["http://a/7"]["id"] == 7
