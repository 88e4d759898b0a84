"""tantivy: BM25 over the words with the engine's weights as boosts, filters on fast fields, the best by words sorted again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import numpy as np
import tantivy

from matching.asking import Plan
from matching.bench.peers.cells import box, cells_of, cells_of_plan
from matching.bench.peers.scoring import KIND, best_rows
from matching.bench.pool import Pool
from matching.model import KINDS

_NOTE: Final = (
    "only the {depth:,} best by its BM25 are scored in full (NumPy); {place}; age and benefits only in "
    "that second step; no reasons"
)


class Tantivy:
    """One segment, made by one thread; latitude and longitude as fast fields with a range."""

    name: str = "tantivy"
    depth: Final = 3000
    note: str = _NOTE.format(depth=3000, place="radius as a range of latitude and longitude")
    most_jobs: Final = 10_000_000
    most_queries: Final = 400

    def __init__(self, pool: Pool, folder: Path) -> None:
        self._pool = pool
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("words", index_option="freq")
        builder.add_text_field("cells", index_option="basic", tokenizer_name="default")
        builder.add_unsigned_field("row", fast=True)
        builder.add_unsigned_field("kind", indexed=True)
        builder.add_unsigned_field("expires", fast=True)
        builder.add_float_field("lat", fast=True)
        builder.add_float_field("lng", fast=True)
        self._schema = builder.build()
        place = folder / self.name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        index = tantivy.Index(self._schema, path=str(place))
        writer = index.writer(heap_size=1_000_000_000, num_threads=1)
        places, expires, kinds = pool.places.tolist(), pool.expires.tolist(), pool.facts[:, KIND].tolist()
        for row, ((lat, lng), expiry, kind) in enumerate(zip(places, expires, kinds, strict=True)):
            document = tantivy.Document()
            document.add_text("words", pool.words(row))
            document.add_unsigned("row", row)
            document.add_unsigned("kind", kind)
            document.add_unsigned("expires", expiry)
            cells = cells_of(lat, lng)
            if cells:
                document.add_text("cells", " ".join(cells))
                document.add_float("lat", lat)
                document.add_float("lng", lng)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()
        self.bytes = sum(file.stat().st_size for file in place.iterdir())

    def _place(self, plan: Plan) -> list[tuple[tantivy.Occur, tantivy.Query]]:
        around = box(plan)
        if around is None:
            return []
        south, north, west, east = around
        kind = tantivy.FieldType.Float
        latitude = tantivy.Query.range_query(self._schema, "lat", kind, south, north)
        longitude = tantivy.Query.range_query(self._schema, "lng", kind, west, east)
        must = tantivy.Occur.Must
        return [(must, tantivy.Query.const_score_query(each, 0.0)) for each in (latitude, longitude)]

    def search(self, plan: Plan) -> list[int]:
        must, should, query = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Query
        words = [
            (
                should,
                query.boost_query(query.term_query(self._schema, "words", f"t{number}", index_option="freq"), term.weight / 1000),
            )
            for term in plan.terms
            if (number := self._pool.terms.get(term.term)) is not None
        ]
        if not words:
            return []
        parts = [(must, query.boolean_query(words)), *self._place(plan)]
        if plan.query.kinds:
            kinds = [(should, query.term_query(self._schema, "kind", KINDS.index(kind))) for kind in plan.query.kinds]
            parts.append((must, query.const_score_query(query.boolean_query(kinds), 0.0)))
        found = self._searcher.search(query.boolean_query(parts), limit=self.depth, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in found])
        return best_rows(self._pool, plan, np.array(rows, dtype=np.int64))

    def close(self) -> None:
        """Nothing runs."""


class TantivyCells(Tantivy):
    """The same with the circle as a few named cells, which its inverted index is best at."""

    name: str = "tantivy_cells"
    note: str = _NOTE.format(depth=3000, place="radius as coarse cells in the inverted index")

    def _place(self, plan: Plan) -> list[tuple[tantivy.Occur, tantivy.Query]]:
        cells = cells_of_plan(plan)
        if not cells:
            return []
        query = tantivy.Query
        return [(tantivy.Occur.Must, query.const_score_query(query.term_set_query(self._schema, "cells", cells), 0.0))]
