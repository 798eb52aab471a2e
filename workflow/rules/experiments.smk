# Experiments: feature maps ranked on training images, and the alignment of the highest-ranked ones on test images.
#
# needs   activations, judgments and folds
# makes   {rankings,curves,scores,predicted}/{comparison}/{model}/seed-{seed}.csv
#         rankings/{comparison}/{model}/all.csv, prediction/{comparison}/{model}.csv, rsm/{comparison}/{model}.nc
#         inference/{comparison}/{model}/permutations.csv and bootstrap.csv
#         prediction/summary.csv and published.csv, networks/{comparison}.csv and tables beside it
#         transfer/{comparison}/{model}.csv (two comparisons or more)


# One job for the seeds of a comparison and network, or several with `seeds_per_job`.
for number, seeds in enumerate(PLAN.seed_groups(), start=1):

    rule:
        """Rank feature maps and score the k highest-ranked for every k, and other ways, in every fold of some seeds."""
        name:
            "validate_rankings" if number == 1 else f"validate_rankings_{number}"
        input:
            activations=view("<results>/activations/{image_set}/{model}.nc"),
            judgments="<results>/inputs/{comparison}/judgments.nc",
            folds=expand("<results>/folds/{{comparison}}/seed-{seed}.csv", seed=seeds),
            network=lambda wildcards: PLAN.files_of_network(wildcards.model),
        output:
            **{
                kind: expand(
                    f"<results>/{kind}/{{{{comparison}}}}/{{{{model}}}}/seed-{{seed}}.csv",
                    seed=seeds,
                )
                for kind in ("rankings", "curves", "scores", "predicted")
            },
        log:
            f"<logs>/validate_rankings/{{comparison}}/{{model}}-{number}.log",
        benchmark:
            f"<benchmarks>/validate_rankings/{{comparison}}/{{model}}-{number}.tsv"
        conda:
            environment("torch")
        threads: 1
        resources:
            mem_mb=megabytes_of_ablation(),
            runtime=minutes(60 * len(seeds), activations=0.2 * len(seeds)),
            gpu=gpus(),
        params:
            **dict.fromkeys(
                ("folds", "rankings", "curves", "scores", "predicted"), seeds
            ),
            model=entry("models"),
            settings=PLAN.validation_settings(),
            compute=COMPUTE,
            code=code_of("validate_rankings"),
        script:
            "../../scripts/validate_rankings.py"


rule assess_prediction:
    """Rank on all images, gather all folds, permute judgments, resample images, and compute the RSMs."""
    input:
        activations=view("<results>/activations/{image_set}/{model}.nc"),
        judgments="<results>/inputs/{comparison}/judgments.nc",
        folds=expand("<results>/folds/{{comparison}}/seed-{seed}.csv", seed=SEEDS),
        scores=expand(
            "<results>/scores/{{comparison}}/{{model}}/seed-{seed}.csv", seed=SEEDS
        ),
        predicted=expand(
            "<results>/predicted/{{comparison}}/{{model}}/seed-{seed}.csv", seed=SEEDS
        ),
        network=lambda wildcards: PLAN.files_of_network(wildcards.model),
    output:
        ranking="<results>/rankings/{comparison}/{model}/all.csv",
        table="<results>/prediction/{comparison}/{model}.csv",
        permutations="<results>/inference/{comparison}/{model}/permutations.csv",
        intervals="<results>/inference/{comparison}/{model}/bootstrap.csv",
        similarities="<results>/rsm/{comparison}/{model}.nc",
    log:
        "<logs>/assess_prediction/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/assess_prediction/{comparison}/{model}.tsv"
    conda:
        environment("torch")
    threads: 1
    resources:
        mem_mb=megabytes_of_ablation(),
        runtime=minutes(120, activations=0.3),
        gpu=gpus(),
    params:
        folds=SEEDS,
        scores=SEEDS,
        predicted=SEEDS,
        model=entry("models"),
        alignment=config["alignment"],
        n_permutations=PLAN.permutations_by_route(),
        n_bootstraps=config["statistics"]["bootstraps"],
        compute=COMPUTE,
        code=code_of("assess_prediction"),
    script:
        "../../scripts/assess_prediction.py"


rule measure_transfer:
    """Score the test images of every comparison with the maps that every other one ranks highest."""
    input:
        activations=[
            f"<results>/activations/{PLAN.image_set_of(comparison)}/{{model}}.nc"
            for comparison in config["comparisons"]
        ],
        judgments=expand(
            "<results>/inputs/{comparison}/judgments.nc",
            comparison=config["comparisons"],
        ),
        folds=expand(
            "<results>/folds/{comparison}/seed-{seed}.csv",
            comparison=config["comparisons"],
            seed=SEEDS,
        ),
        predictions=expand(
            "<results>/prediction/{comparison}/{{model}}.csv",
            comparison=config["comparisons"],
        ),
        network=lambda wildcards: PLAN.files_of_network(wildcards.model),
    output:
        tables=expand(
            "<results>/transfer/{comparison}/{{model}}.csv",
            comparison=config["comparisons"],
        ),
    log:
        "<logs>/measure_transfer/{model}.log",
    benchmark:
        "<benchmarks>/measure_transfer/{model}.tsv"
    conda:
        environment("torch")
    threads: 4
    resources:
        mem_mb=megabytes_of_ablation(),
        runtime=minutes(120, activations=0.5),
        gpu=gpus(),
    params:
        activations=list(config["comparisons"]),
        judgments=list(config["comparisons"]),
        folds=list(itertools.product(config["comparisons"], SEEDS)),
        predictions=list(config["comparisons"]),
        tables=list(config["comparisons"]),
        model=entry("models"),
        alignment=config["alignment"],
        compute=COMPUTE,
        code=code_of("measure_transfer"),
    script:
        "../../scripts/measure_transfer.py"


rule summarise:
    """Put all comparisons and networks side by side, and gather what the checks of all inputs found."""
    input:
        judgments=expand(
            "<results>/inputs/{comparison}/judgments.nc",
            comparison=config["comparisons"],
        ),
        predictions=of_views("<results>/prediction/{comparison}/{model}.csv"),
        intervals=of_views("<results>/inference/{comparison}/{model}/bootstrap.csv"),
        permutations=of_views(
            "<results>/inference/{comparison}/{model}/permutations.csv"
        ),
        rankings=of_views("<results>/rankings/{comparison}/{model}/all.csv"),
        scores=of_views("<results>/image_scores/{comparison}/{model}.nc"),
        heatmaps=of_views("<results>/heatmaps/{comparison}/{model}.nc"),
        reported=PLAN.published_file() or [],
        checked=of_inputs("checks"),
        read=of_inputs("files"),
    output:
        summary=report(
            "<results>/prediction/summary.csv",
            caption="../report/summary.rst",
            category="Prediction",
            labels={"what": "table of all comparisons and models"},
        ),
        networks=expand(
            "<results>/networks/{comparison}.csv", comparison=config["comparisons"]
        ),
        by_image=expand(
            "<results>/networks/{comparison}/images.csv",
            comparison=config["comparisons"],
        ),
        by_map=expand(
            "<results>/networks/{comparison}/maps.csv",
            comparison=config["comparisons"],
        ),
        differences=expand(
            "<results>/networks/{comparison}/differences.csv", comparison=COMPARED
        ),
        agreements=expand(
            "<results>/networks/{comparison}/agreement.csv", comparison=COMPARED
        ),
        published="<results>/prediction/published.csv" if config["published"] else [],
        checks="<results>/inputs/checks.csv",
        files="<results>/inputs/files.csv",
    log:
        "<logs>/summarise.log",
    benchmark:
        "<benchmarks>/summarise.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(600, judgments=10, predictions=10, scores=12, heatmaps=10),
        runtime=minutes(20),
    params:
        judgments=list(config["comparisons"]),
        predictions=VIEWS,
        intervals=VIEWS,
        permutations=VIEWS,
        rankings=VIEWS,
        scores=VIEWS,
        heatmaps=VIEWS,
        networks=list(config["comparisons"]),
        by_image=list(config["comparisons"]),
        by_map=list(config["comparisons"]),
        differences=COMPARED,
        agreements=COMPARED,
        published=["table"] if config["published"] else [],
        alignment=config["alignment"],
        code=code_of("summarise"),
    script:
        "../../scripts/summarise.py"
