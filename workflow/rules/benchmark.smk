# Benchmark: time and memory of the engine against other ways to the same numbers, all measured on this machine.
#
# needs   nothing: simulated data, random weights
# makes   benchmark/{work}.csv, benchmark/summary.csv, figures/speed.png and speed.pdf

BENCHMARKS = ["vgg16", "pooled", "growth", "all_folds"]


rule benchmark:
    """Measure speed and memory."""
    input:
        "<results>/benchmark/summary.csv",
        expand("<results>/figures/speed.{ending}", ending=["png", "pdf"]),


rule measure_speed:
    """Measure one kind of work, after the one before it."""
    input:
        # One after the other, on any number of cores.
        before=lambda wildcards: [
            f"<results>/benchmark/{work}.csv"
            for work in BENCHMARKS[: BENCHMARKS.index(wildcards.work)][-1:]
        ],
        code=library_used_by("measure_speed"),
    output:
        table="<results>/benchmark/{work}.csv",
    log:
        "<logs>/measure_speed/{work}.log",
    benchmark:
        "<benchmarks>/measure_speed/{work}.tsv"
    wildcard_constraints:
        work=any_of(BENCHMARKS),
    conda:
        environment("speed")
    threads: 8
    resources:
        mem_mb=megabytes(8000),
        runtime=minutes(120),
        gpu=gpus(),
    params:
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/measure_speed.py"


rule summarise_speed:
    """Put the comparisons of all kinds of work into one table."""
    input:
        tables=expand("<results>/benchmark/{work}.csv", work=BENCHMARKS),
        code=library_used_by("summarise_speed"),
    output:
        summary=report(
            "<results>/benchmark/summary.csv",
            caption="../report/speed.rst",
            category="Benchmark",
            labels={"what": "table of times and memory"},
        ),
    log:
        "<logs>/summarise_speed.log",
    benchmark:
        "<benchmarks>/summarise_speed.tsv"
    group:
        "speed"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500),
        runtime=minutes(10),
    script:
        "../../scripts/summarise_speed.py"


rule plot_speed:
    """Plot times against other ways, and their growth with the number of images."""
    input:
        summary="<results>/benchmark/summary.csv",
        code=library_used_by("plot_speed"),
    output:
        png=report(
            "<results>/figures/speed.png",
            caption="../report/speed.rst",
            category="Benchmark",
            labels={"what": "times and memory"},
        ),
        pdf="<results>/figures/speed.pdf",
    log:
        "<logs>/plot_speed.log",
    benchmark:
        "<benchmarks>/plot_speed.tsv"
    group:
        "speed"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700),
        runtime=minutes(10),
    params:
        page=config["figures"],
    script:
        "../../scripts/plot_speed.py"
