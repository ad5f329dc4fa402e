"""Names of the files in a benchmark directory."""

ANNOTATIONS = "annotations"
CLEAN_VAL = "annotations/clean_val.json"
MANIFEST = "manifest.parquet"
# Where something of images, categories or sections is not published.
WITHHELD = "withheld.json"
# Of a part of a benchmark: what it takes to put all together.
PART = "part.json"
RECIPE = "recipe.yaml"
SUMMARY = "summary.json"
ENVIRONMENT = "environment.json"
CHECKSUMS = "SHA256SUMS"
LOCAL = "local.yaml"
# Of sealed benchmarks; never published, and in no checksum.
SEAL = "private/seal.json"
# What data cards add.
CARD_README, CROISSANT, CARD = "README.md", "croissant.json", "card"
ROWS_LINE = "# manifest rows: "
