"""What pyarrow reads of a Parquet file of points: its types, and each row with the bits of its value."""

import json
import struct
import sys

import pyarrow.parquet as parquet

table = parquet.read_table(sys.argv[1])
columns = [table["time"].cast("int64") if name == "time" else table[name] for name in table.column_names]
rows = [list(row) for row in zip(*[column.to_pylist() for column in columns])]
for row in rows:
    row[-1] = struct.pack(">d", row[-1]).hex()
print(json.dumps({"types": {field.name: str(field.type) for field in table.schema}, "rows": rows}))
