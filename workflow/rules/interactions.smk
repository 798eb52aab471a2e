# Interactions: how feature maps act together. Made by the target `interactions` alone.
#
# needs   activations, judgments, folds, curves, rankings/{comparison}/{model}/all.csv
# makes   interactions/{comparison}/{model}/elimination.csv, pairs.csv and shapley.csv, and their figures
#
# Where no closed form leads to the scores the jobs stop after `interactions.minutes`, and say how much is done. They
# leave *.partial.npz beside their output; the same command with more minutes, or after an interruption, goes on there.


rule interactions:
    """Elimination, pairs and Shapley values of all comparisons and models."""
    input:
        expand(
            "<results>/interactions/{comparison}/{model}/{kind}.csv",
            comparison=config["comparisons"],
            model=config["models"],
            kind=["elimination", "pairs", "shapley"],
        ),
        expand(
            "<results>/figures/{kind}_{comparison}_{model}.{ending}",
            kind=["elimination", "pairs", "shapley"],
            comparison=config["comparisons"],
            model=config["models"],
            ending=["png", "pdf"],
        ),


rule eliminate_feature_maps:
    """Eliminate feature maps one at a time in the folds of the first seed, scoring again after each."""
    input:
        activations=activations_of,
        judgments="<results>/inputs/{comparison}/judgments.nc",
        folds=f"<results>/folds/{{comparison}}/seed-{config['cross_validation']['seeds'][0]}.csv",
        curves=f"<results>/curves/{{comparison}}/{{model}}/seed-{config['cross_validation']['seeds'][0]}.csv",
        network=lambda wildcards: files_of_network(wildcards.model),
        code=library_used_by("eliminate_feature_maps"),
    output:
        table="<results>/interactions/{comparison}/{model}/elimination.csv",
    log:
        "<logs>/eliminate_feature_maps/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/eliminate_feature_maps/{comparison}/{model}.tsv"
    conda:
        environment("torch")
    threads: 4
    resources:
        mem_mb=megabytes_of_ablation(),
        # The budget, and time to read, to go once more over the maps and to write.
        runtime=minutes(config["interactions"]["minutes"] + 60),
        gpu=gpus(),
    params:
        network=lambda wildcards: config["models"][wildcards.model],
        similarity=config["alignment"]["similarity"],
        score=config["alignment"]["score"],
        minutes=config["interactions"]["minutes"],
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/eliminate_feature_maps.py"


rule score_map_pairs:
    """Score pairs of the highest-ranked feature maps."""
    input:
        activations=activations_of,
        judgments="<results>/inputs/{comparison}/judgments.nc",
        ranking="<results>/rankings/{comparison}/{model}/all.csv",
        network=lambda wildcards: files_of_network(wildcards.model),
        code=library_used_by("score_map_pairs"),
    output:
        table="<results>/interactions/{comparison}/{model}/pairs.csv",
    log:
        "<logs>/score_map_pairs/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/score_map_pairs/{comparison}/{model}.tsv"
    conda:
        environment("torch")
    threads: 4
    resources:
        mem_mb=megabytes_of_ablation(),
        # The budget, and time to read, to go once more over the maps and to write.
        runtime=minutes(config["interactions"]["minutes"] + 60),
        gpu=gpus(),
    params:
        network=lambda wildcards: config["models"][wildcards.model],
        similarity=config["alignment"]["similarity"],
        score=config["alignment"]["score"],
        minutes=config["interactions"]["minutes"],
        top_maps=config["interactions"]["top_maps"],
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/score_map_pairs.py"


rule sample_shapley_values:
    """Estimate Shapley values of feature maps from sampled permutations."""
    input:
        activations=activations_of,
        judgments="<results>/inputs/{comparison}/judgments.nc",
        network=lambda wildcards: files_of_network(wildcards.model),
        code=library_used_by("sample_shapley_values"),
    output:
        table="<results>/interactions/{comparison}/{model}/shapley.csv",
    log:
        "<logs>/sample_shapley_values/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/sample_shapley_values/{comparison}/{model}.tsv"
    conda:
        environment("torch")
    threads: 4
    resources:
        mem_mb=megabytes_of_ablation(),
        # The budget, and time to read, to go once more over the maps and to write.
        runtime=minutes(config["interactions"]["minutes"] + 60),
        gpu=gpus(),
    params:
        network=lambda wildcards: config["models"][wildcards.model],
        similarity=config["alignment"]["similarity"],
        score=config["alignment"]["score"],
        minutes=config["interactions"]["minutes"],
        permutations=config["interactions"]["permutations"],
        seed=config["interactions"]["seed"],
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/sample_shapley_values.py"


rule plot_elimination:
    """Plot backward elimination against one ranking by AIS."""
    input:
        table="<results>/interactions/{comparison}/{model}/elimination.csv",
        code=library_used_by("plot_elimination"),
    output:
        png=report(
            "<results>/figures/elimination_{comparison}_{model}.png",
            caption="../report/elimination.rst",
            category="Interactions",
            labels={
                "what": "backward elimination",
                "comparison": "{comparison}",
                "model": "{model}",
            },
        ),
        pdf="<results>/figures/elimination_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_elimination/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_elimination/{comparison}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, table=10),
        runtime=minutes(10),
    params:
        page=config["figures"],
        score=config["alignment"]["score"],
    script:
        "../../scripts/plot_elimination.py"


rule plot_pairs:
    """Plot the interactions of pairs of feature maps."""
    input:
        table="<results>/interactions/{comparison}/{model}/pairs.csv",
        code=library_used_by("plot_pairs"),
    output:
        png=report(
            "<results>/figures/pairs_{comparison}_{model}.png",
            caption="../report/pairs.rst",
            category="Interactions",
            labels={
                "what": "pairs of maps",
                "comparison": "{comparison}",
                "model": "{model}",
            },
        ),
        pdf="<results>/figures/pairs_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_pairs/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_pairs/{comparison}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, table=10),
        runtime=minutes(10),
    params:
        page=config["figures"],
        score=config["alignment"]["score"],
    script:
        "../../scripts/plot_pairs.py"


rule plot_shapley:
    """Plot Shapley values against AIS."""
    input:
        table="<results>/interactions/{comparison}/{model}/shapley.csv",
        ranking="<results>/rankings/{comparison}/{model}/all.csv",
        code=library_used_by("plot_shapley"),
    output:
        png=report(
            "<results>/figures/shapley_{comparison}_{model}.png",
            caption="../report/shapley.rst",
            category="Interactions",
            labels={
                "what": "Shapley values",
                "comparison": "{comparison}",
                "model": "{model}",
            },
        ),
        pdf="<results>/figures/shapley_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_shapley/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_shapley/{comparison}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, table=10),
        runtime=minutes(10),
    params:
        page=config["figures"],
        score=config["alignment"]["score"],
    script:
        "../../scripts/plot_shapley.py"


rule measure_recovery:
    """Measure which way of weighing feature maps finds the known truth of a control."""
    input:
        activations=lambda wildcards: f"<results>/activations/{config['controls'][wildcards.control]['image_set']}/{wildcards.model}.nc",
        judgments=lambda wildcards: [
            f"<results>/inputs/{name}/judgments.nc"
            for name in comparisons_of(
                config["controls"][wildcards.control]["image_set"]
            )
        ],
        masks=lambda wildcards: config["controls"][wildcards.control]["masks"],
        mask_files=lambda wildcards: files_of(
            config["controls"][wildcards.control]["masks"]
        ),
        network=lambda wildcards: files_of_network(wildcards.model),
        code=library_used_by("measure_recovery"),
    output:
        table="<results>/recovery/{control}/{model}.csv",
    log:
        "<logs>/measure_recovery/{control}/{model}.log",
    benchmark:
        "<benchmarks>/measure_recovery/{control}/{model}.tsv"
    conda:
        environment("torch")
    threads: 4
    resources:
        mem_mb=megabytes_of_ablation(),
        runtime=minutes(120, activations=1),
        gpu=gpus(),
    params:
        comparisons=lambda wildcards: comparisons_of(
            config["controls"][wildcards.control]["image_set"]
        ),
        objects=lambda wildcards: config["controls"][wildcards.control]["objects"],
        network=lambda wildcards: config["models"][wildcards.model],
        similarity=config["alignment"]["similarity"],
        score=config["alignment"]["score"],
        permutations=config["interactions"]["permutations"],
        seed=config["interactions"]["seed"],
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/measure_recovery.py"


rule tabulate_recovery:
    """Tabulate for the documentation what finds the planted truth of the demo, with its first model."""
    input:
        table=lambda wildcards: f"<results>/recovery/demo/{list(config['models'])[0]}.csv",
        code=library_used_by("tabulate_recovery"),
    output:
        page="docs/recovery.md",
    log:
        "<logs>/tabulate_recovery.log",
    benchmark:
        "<benchmarks>/tabulate_recovery.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=megabytes_of_network(table=10),
        runtime=minutes(10),
    params:
        permutations=config["interactions"]["permutations"],
        objects=lambda wildcards: config["controls"]["demo"]["objects"],
    script:
        "../../scripts/tabulate_recovery.py"
