"""Bring the human judgments of one comparison into the labelled form."""

from pathlib import Path

from alignment_importance.inputs import checked_files
from alignment_importance.inputs.judgments import reading
from alignment_importance.system.netcdf import write_netcdf
from alignment_importance.system.tables import read_table


def prepare_judgments(*, source: reading.Source, images: Path, simulated: bool, checked: Path, output: Path) -> None:
    """Read the judgments of one comparison and write them as NetCDF, see `reading.read`.

    The files must be those that were checked; the attribute sha256 is that of the judgments.
    """
    files = [file for file in (source.path, source.order, source.images) if isinstance(file, Path)]
    sums = checked_files.sums_of(files)
    checked_files.verify(sums, read_table(checked))
    dataset = reading.read(source, read_table(images, ["image", "category"]))
    sha256 = sums[source.path.as_posix()]
    write_netcdf(dataset.assign_attrs(simulated=int(simulated), sha256=sha256), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        order, chosen = snakemake.input.get("order"), snakemake.input.get("chosen")
        prepare_judgments(
            source=reading.Source(
                path=Path(snakemake.input.judgments),
                kind=snakemake.params.kind,
                order=Path(order) if order else None,
                key=snakemake.params.key,
                categories=snakemake.params.categories,
                images=Path(chosen) if chosen else snakemake.params.chosen,
                name=f"comparisons.{snakemake.wildcards.comparison}",
            ),
            images=Path(snakemake.input.images),
            simulated=snakemake.params.simulated,
            checked=Path(snakemake.input.checked),
            output=Path(snakemake.output.judgments),
        )
