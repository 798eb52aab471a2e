"""Compute the saliency maps of an image set, or read the user's own."""

from pathlib import Path

from alignment_importance import arrays, saliency


def compute_saliency(*, images: Path, maps: Path | None, method: str, output: Path) -> None:
    """Write one saliency map per listed image, see `saliency.compute`."""
    table = arrays.read_table(images, ["image", "file", "width", "height", "sha256"])
    arrays.write_netcdf(saliency.compute(table, method, maps), output)


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0]):
        maps = snakemake.input.get("maps")
        compute_saliency(
            images=Path(snakemake.input.images),
            maps=Path(maps) if maps else None,
            method=snakemake.params.method,
            output=Path(snakemake.output.saliency),
        )
