"""Bring the human judgments of one comparison into the labelled form."""

from pathlib import Path

from alignment_importance import arrays
from alignment_importance import judgments as human


def prepare_judgments(
    *,
    judgments: Path,
    images: Path,
    order: Path | None,
    kind: str,
    key: str | None,
    simulated: bool,
    output: Path,
) -> None:
    """Read a file of judgments of the listed images and write it as NetCDF, see `judgments.read`."""
    image_ids = arrays.read_table(images, ["image"])["image"].tolist()
    dataset = human.read(judgments, kind, image_ids, order=order, key=key)
    arrays.write_netcdf(dataset.assign_attrs(simulated=int(simulated)), output)


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0]):
        order = snakemake.input.get("order")
        prepare_judgments(
            judgments=Path(snakemake.input.judgments),
            images=Path(snakemake.input.images),
            order=Path(order) if order else None,
            kind=snakemake.params.kind,
            key=snakemake.params.key,
            simulated=snakemake.params.simulated,
            output=Path(snakemake.output.judgments),
        )
