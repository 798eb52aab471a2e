"""List the images of one set."""

from collections.abc import Sequence
from pathlib import Path

from alignment_importance.inputs import checked_files, images
from alignment_importance.system.tables import read_table, write_table


def prepare_images(
    *, folder: Path, table: Path | None, background: Sequence[int] | None, checked: Path, output: Path
) -> None:
    """Write the table of all images of a folder, see `images.tabulate`, unless they changed since they were checked."""
    listed = images.tabulate(folder, table, background)
    sums = dict(zip(listed["file"], listed["sha256"], strict=True)) | checked_files.sums_of([table] if table else [])
    checked_files.verify(sums, read_table(checked))
    write_table(listed, output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        table = snakemake.input.get("table")
        prepare_images(
            folder=Path(snakemake.params.folder),
            table=Path(table) if table else None,
            background=snakemake.params.background,
            checked=Path(snakemake.input.checked),
            output=Path(snakemake.output.table),
        )
