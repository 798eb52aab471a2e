# Interactions: how feature maps act together. Made by the target `interactions` alone.
#
# needs   activations, judgments, folds, curves, rankings/{comparison}/{model}/all.csv
# makes   interactions/{comparison}/{model}/elimination.csv, pairs.csv and shapley.csv, and their figures
#         recovery/{control}/{model}.csv
#
# If the scores have no closed form, the jobs stop after `interactions.minutes` and log how much is done. Their state is
# kept in *.partial.npz beside the output; the same command with more minutes, or after an interruption, continues.

# Kinds of interaction, and the keys of the configuration's `interactions` that each depends on.
KINDS_OF_INTERACTION = {
    "elimination": ["minutes"],
    "pairs": ["minutes", "top_maps"],
    "shapley": ["minutes", "permutations", "seed"],
}


rule interactions:
    """Elimination, pairs and Shapley values of all comparisons and models."""
    input:
        expand(
            "<results>/figures/{kind}_{comparison}_{model}.{ending}",
            kind=KINDS_OF_INTERACTION,
            comparison=COMPARISONS,
            model=MODELS,
            ending=ENDINGS,
        ),


rule measure_interactions:
    """Eliminate feature maps one at a time in the folds of the first seed, score pairs, or estimate Shapley values."""
    input:
        **ABLATION_INPUT,
        folds=only_for("elimination", f"<results>/folds/{{comparison}}/seed-{SEEDS[0]}.csv"),
        curves=only_for("elimination", f"<results>/curves/{{comparison}}/{{model}}/seed-{SEEDS[0]}.csv"),
        ranking=only_for("pairs", "<results>/rankings/{comparison}/{model}/all.csv"),
    output:
        table="<results>/interactions/{comparison}/{model}/{kind}.csv",
    log:
        "<logs>/measure_interactions/{comparison}/{model}/{kind}.log",
    benchmark:
        "<benchmarks>/measure_interactions/{comparison}/{model}/{kind}.tsv"
    wildcard_constraints:
        kind=PLAN.any_of(KINDS_OF_INTERACTION),
    conda:
        environment("torch")
    threads: 4
    resources:
        **ABLATION_RESOURCES,
        # The budget, plus time to read, to score the maps that are left once more, and to write.
        runtime=growing(config["interactions"]["minutes"] + 60),
    params:
        **ABLATION_PARAMS,
        settings=lambda wildcards: {key: config["interactions"][key] for key in KINDS_OF_INTERACTION[wildcards.kind]},
        code=code_of("measure_interactions"),
    script:
        "../../scripts/measure_interactions.py"


rule measure_recovery:
    """Measure which way of weighing feature maps finds the known truth of a control."""
    input:
        activations=of_control("<results>/activations/{image_set}/{model}.nc"),
        judgments=of_control("<results>/inputs/{comparison}/judgments.nc"),
        masks=entry("controls", "masks"),
        mask_files=files_in("controls", "masks"),
        network=lambda wildcards: PLAN.files_of_network(wildcards.model),
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
        **ABLATION_RESOURCES,
        runtime=growing(120, activations=1),
    params:
        **ABLATION_PARAMS,
        judgments=comparisons_of_control,
        objects=entry("controls", "objects"),
        model_name=lambda wildcards: wildcards.model,
        permutations=config["interactions"]["permutations"],
        seed=config["interactions"]["seed"],
        code=code_of("measure_recovery"),
    script:
        "../../scripts/measure_recovery.py"


rule plot_interactions:
    """Draw elimination, pairs and Shapley values of one comparison and model."""
    input:
        tables=expand("<results>/interactions/{{comparison}}/{{model}}/{kind}.csv", kind=KINDS_OF_INTERACTION),
        ranking="<results>/rankings/{comparison}/{model}/all.csv",
    output:
        *vector_graphics(of_one_view(KINDS_OF_INTERACTION)),
        png=pictures(of_one_view(KINDS_OF_INTERACTION)),
    log:
        "<logs>/plot_interactions/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_interactions/{comparison}/{model}.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=growing(700, tables=10),
        runtime=growing(10),
    params:
        **dict.fromkeys(("tables", "png"), list(KINDS_OF_INTERACTION)),
        page=config["figures"],
        score=config["alignment"]["score"],
        code=code_of("plot_interactions"),
    script:
        "../../scripts/plot_interactions.py"
