# Benchmark: time and memory of the engine against other ways to the same numbers, all measured on this machine.
#
# needs   nothing: simulated data, random weights
# makes   benchmark/{work}.csv, benchmark/summary.csv, figures/speed.png

BENCHMARKS = ["vgg16", "transformer", "pooled", "growth", "all_folds", "cross_validation", "permutations", "runs"]


rule benchmark:
    """Measure speed and memory."""
    input:
        "<results>/benchmark/summary.csv",
        expand("<results>/figures/speed.{ending}", ending=ENDINGS),


rule measure_speed:
    """Measure one kind of work, after the one before it."""
    input:
        # One after the other, since measurements at the same time would disturb each other.
        before=lambda wildcards: [
            f"<results>/benchmark/{work}.csv" for work in BENCHMARKS[: BENCHMARKS.index(wildcards.work)][-1:]
        ],
    output:
        table="<results>/benchmark/{work}.csv",
    log:
        "<logs>/measure_speed/{work}.log",
    benchmark:
        "<benchmarks>/measure_speed/{work}.tsv"
    wildcard_constraints:
        work=PLAN.any_of(BENCHMARKS),
    conda:
        environment("speed")
    threads: 8
    resources:
        mem_mb=growing(8000),
        runtime=growing(120),
        gpu=GPUS,
    params:
        compute=COMPUTE,
        code=code_of("measure_speed"),
    script:
        "../../scripts/measure_speed.py"


rule summarise_speed:
    """Put the measurements of all kinds of work into one table, and draw them."""
    input:
        tables=expand("<results>/benchmark/{work}.csv", work=BENCHMARKS),
    output:
        *vector_graphics([("speed",)]),
        summary=report(
            "<results>/benchmark/summary.csv",
            caption="../report/speed.rst",
            category="Benchmark",
            labels={"what": "table of times and memory"},
        ),
        png=reported(("speed",)),
    log:
        "<logs>/summarise_speed.log",
    benchmark:
        "<benchmarks>/summarise_speed.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=growing(700),
        runtime=growing(10),
    params:
        page=config["figures"],
        code=code_of("summarise_speed"),
    script:
        "../../scripts/summarise_speed.py"
