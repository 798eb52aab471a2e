# Experiments: feature maps ranked on training images, and the alignment of the highest-ranked ones on test images.
#
# needs   activations, judgments and folds
# makes   {rankings,curves,scores,predicted}/{comparison}/{model}/seed-{seed}.csv
#         rankings/{comparison}/{model}/all.csv, prediction/{comparison}/{model}.csv, rsm/{comparison}/{model}.nc
#         inference/{comparison}/{model}/permutations.csv and bootstrap.csv
#         prediction/summary.csv and published.csv, networks/{comparison}.csv and tables beside it
#         transfer/{comparison}/{model}.csv (two comparisons or more)


# One job for all seeds of a comparison and model, or several jobs with `seeds_per_job`.
for number, seeds in enumerate(PLAN.seed_groups(), start=1):

    rule:
        """In every fold of some seeds, rank feature maps and score the k highest-ranked for every k, and baselines."""
        name:
            "validate_rankings" if number == 1 else f"validate_rankings_{number}"
        input:
            **ABLATION_INPUT,
            folds=expand("<results>/folds/{{comparison}}/seed-{seed}.csv", seed=seeds),
        output:
            **{
                kind: expand(f"<results>/{kind}/{{{{comparison}}}}/{{{{model}}}}/seed-{{seed}}.csv", seed=seeds)
                for kind in ("rankings", "curves", "scores", "predicted")
            },
        log:
            f"<logs>/validate_rankings/{{comparison}}/{{model}}-{number}.log",
        benchmark:
            f"<benchmarks>/validate_rankings/{{comparison}}/{{model}}-{number}.tsv"
        conda:
            environment("torch")
        resources:
            **ABLATION_RESOURCES,
            runtime=growing(60 * len(seeds), activations=0.2 * len(seeds)),
        params:
            **dict.fromkeys(("folds", "rankings", "curves", "scores", "predicted"), seeds),
            **ABLATION_PARAMS,
            settings=PLAN.validation_settings(),
            code=code_of("validate_rankings"),
        script:
            "../../scripts/validate_rankings.py"


rule assess_prediction:
    """Rank on all images, gather all folds, permute judgments, resample images, and compute the RSMs."""
    input:
        **ABLATION_INPUT,
        folds=expand("<results>/folds/{{comparison}}/seed-{seed}.csv", seed=SEEDS),
        scores=expand("<results>/scores/{{comparison}}/{{model}}/seed-{seed}.csv", seed=SEEDS),
        predicted=expand("<results>/predicted/{{comparison}}/{{model}}/seed-{seed}.csv", seed=SEEDS),
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
    resources:
        **ABLATION_RESOURCES,
        # A top-k curve of VGG-16 takes some 10 s on one core: a minute for the five folds of a permutation.
        runtime=growing(120 + config["statistics"]["permutations_non_pooled"], activations=0.3),
    params:
        **dict.fromkeys(("folds", "scores", "predicted"), SEEDS),
        **ABLATION_PARAMS,
        n_permutations=PLAN.permutations_by_route(),
        n_bootstraps=config["statistics"]["bootstraps"],
        code=code_of("assess_prediction"),
    script:
        "../../scripts/assess_prediction.py"


rule measure_transfer:
    """Score the test images of every comparison with the maps that every other one ranks highest."""
    input:
        activations=[
            f"<results>/activations/{PLAN.image_set_of(comparison)}/{{model}}.nc" for comparison in COMPARISONS
        ],
        judgments=expand("<results>/inputs/{comparison}/judgments.nc", comparison=COMPARISONS),
        folds=expand("<results>/folds/{comparison}/seed-{seed}.csv", comparison=COMPARISONS, seed=SEEDS),
        predictions=expand("<results>/prediction/{comparison}/{{model}}.csv", comparison=COMPARISONS),
        network=lambda wildcards: PLAN.files_of_network(wildcards.model),
    output:
        tables=expand("<results>/transfer/{comparison}/{{model}}.csv", comparison=COMPARISONS),
    log:
        "<logs>/measure_transfer/{model}.log",
    benchmark:
        "<benchmarks>/measure_transfer/{model}.tsv"
    conda:
        environment("torch")
    threads: 4
    resources:
        **ABLATION_RESOURCES,
        runtime=growing(120, activations=0.5),
    params:
        **dict.fromkeys(("activations", "judgments", "predictions", "tables"), COMPARISONS),
        **ABLATION_PARAMS,
        folds=list(itertools.product(COMPARISONS, SEEDS)),
        code=code_of("measure_transfer"),
    script:
        "../../scripts/measure_transfer.py"


rule summarise:
    """Put all comparisons and networks side by side, and gather what the checks of all inputs found."""
    input:
        judgments=expand("<results>/inputs/{comparison}/judgments.nc", comparison=COMPARISONS),
        predictions=of_views("<results>/prediction/{comparison}/{model}.csv"),
        intervals=of_views("<results>/inference/{comparison}/{model}/bootstrap.csv"),
        permutations=of_views("<results>/inference/{comparison}/{model}/permutations.csv"),
        rankings=of_views("<results>/rankings/{comparison}/{model}/all.csv"),
        scores=of_views("<results>/image_scores/{comparison}/{model}.nc"),
        heatmaps=of_views("<results>/heatmaps/{comparison}/{model}.nc", MAPPED),
        reported=PLAN.published_file() or [],
        checked=[
            *expand(rules.prepare_images.output.checks, image_set=PLAN.judged_sets()),
            *expand(rules.prepare_judgments.output.checks, comparison=COMPARISONS),
            *expand(rules.prepare_pairs.output.checks, comparison=PLAN.fixed_pairs()),
            *expand(rules.prepare_control.output.checks, control=CONTROLS),
            rules.prepare_networks.output.checks,
            *expand(rules.read_features.output.checks, image_set=PLAN.judged_sets(), model=PLAN.features()),
        ],
        read=[
            *expand(rules.prepare_images.output.files, image_set=PLAN.judged_sets()),
            *expand(rules.prepare_judgments.output.files, comparison=COMPARISONS),
            *expand(rules.read_features.output.files, image_set=PLAN.judged_sets(), model=PLAN.features()),
        ],
    output:
        summary=report(
            "<results>/prediction/summary.csv",
            caption="../report/summary.rst",
            category="Prediction",
            labels={"what": "table of all comparisons and models"},
        ),
        networks=expand("<results>/networks/{comparison}.csv", comparison=COMPARISONS),
        by_image=expand("<results>/networks/{comparison}/images.csv", comparison=COMPARISONS),
        by_map=expand("<results>/networks/{comparison}/maps.csv", comparison=COMPARISONS),
        differences=expand("<results>/networks/{comparison}/differences.csv", comparison=COMPARED),
        agreements=expand("<results>/networks/{comparison}/agreement.csv", comparison=AGREEING),
        published="<results>/prediction/published.csv" if config["published"] else [],
        checks="<results>/inputs/checks.csv",
        files="<results>/inputs/files.csv",
    log:
        "<logs>/summarise.log",
    benchmark:
        "<benchmarks>/summarise.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=growing(1000, judgments=10, predictions=10, scores=12, heatmaps=10),
        runtime=growing(20),
    params:
        **dict.fromkeys(("judgments", "networks", "by_image", "by_map"), COMPARISONS),
        **dict.fromkeys(("predictions", "intervals", "permutations", "rankings", "scores"), VIEWS),
        differences=COMPARED,
        agreements=AGREEING,
        heatmaps=MAPPED,
        alignment=config["alignment"],
        code=code_of("summarise"),
    script:
        "../../scripts/summarise.py"
