-- The static folder asks every few seconds what each draw has in the log: from this index alone, whatever the documents weigh.
CREATE INDEX document_places ON document (draw, leaf_index) INCLUDE (kind, shard);
