"""Check and list the images of one set."""

from pathlib import Path

from alignment_importance import arrays, images


def prepare_images(*, folder: Path, table: Path | None, output: Path) -> None:
    """Write the table of all images of a folder, see `images.tabulate`."""
    arrays.write_table(images.tabulate(folder, table), output)


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0]):
        table = snakemake.input.get("table")
        prepare_images(
            folder=Path(snakemake.params.folder),
            table=Path(table) if table else None,
            output=Path(snakemake.output.table),
        )
