# Networks, and comparisons, side by side. What needs several of them is made only where there are several.
#
# needs   activations, judgments, folds, rankings, predictions, image scores and heatmaps of all models
# makes   networks/{comparison}.csv, networks/{comparison}/images.csv and maps.csv
#         networks/{comparison}/differences.csv and agreement.csv (two models or more)
#         transfer/{comparison}/{model}.csv (two comparisons or more), and their figures


rule networks_compared:
    """Everything that puts networks or comparisons side by side."""
    input:
        expand("<results>/networks/{comparison}.csv", comparison=config["comparisons"]),
        expand(
            "<results>/networks/{comparison}/{table}.csv",
            comparison=config["comparisons"],
            table=["images", "maps"]
            + ["differences", "agreement"] * bool(pairs_of_models()),
        ),
        expand(
            "<results>/transfer/{comparison}/{model}.csv",
            comparison=transferred(),
            model=config["models"],
        ),


rule networks_compared_figures:
    """The figures of networks and comparisons side by side."""
    input:
        expand(
            "<results>/figures/networks.{ending}",
            ending=["png", "pdf"] * bool(pairs_of_models()),
        ),
        expand(
            "<results>/figures/spread_{comparison}.{ending}",
            comparison=config["comparisons"],
            ending=["png", "pdf"] * bool(pairs_of_models()),
        ),
        [
            f"<results>/figures/agreement_{comparison}_{one}_and_{other}.{ending}"
            for comparison in config["comparisons"]
            for one, other in pairs_of_models()
            for ending in ("png", "pdf")
        ],
        expand(
            "<results>/figures/transfer_{model}.{ending}",
            model=config["models"],
            ending=["png", "pdf"] * bool(transferred()),
        ),


rule compare_networks:
    """Describe the networks of one comparison: scores, share of maps retained, spread of the scores."""
    input:
        scores=expand(
            "<results>/image_scores/{{comparison}}/{model}.nc", model=config["models"]
        ),
        rankings=expand(
            "<results>/rankings/{{comparison}}/{model}/all.csv", model=config["models"]
        ),
        predictions=expand(
            "<results>/prediction/{{comparison}}/{model}.csv", model=config["models"]
        ),
        code=library_used_by("compare_networks"),
    output:
        networks="<results>/networks/{comparison}.csv",
        images="<results>/networks/{comparison}/images.csv",
        maps="<results>/networks/{comparison}/maps.csv",
    log:
        "<logs>/compare_networks/{comparison}.log",
    benchmark:
        "<benchmarks>/compare_networks/{comparison}.tsv"
    group:
        "prediction"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, scores=12, rankings=10),
        runtime=minutes(10),
    params:
        models=list(config["models"]),
    script:
        "../../scripts/compare_networks.py"


rule compare_spread:
    """Test for every two networks whether their scores are spread alike."""
    input:
        images="<results>/networks/{comparison}/images.csv",
        maps="<results>/networks/{comparison}/maps.csv",
        code=library_used_by("compare_spread"),
    output:
        table="<results>/networks/{comparison}/differences.csv",
    log:
        "<logs>/compare_spread/{comparison}.log",
    benchmark:
        "<benchmarks>/compare_spread/{comparison}.tsv"
    group:
        "prediction"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, images=10, maps=10),
        runtime=minutes(10),
    script:
        "../../scripts/compare_spread.py"


rule measure_agreement:
    """Correlate the heatmaps of every two networks at the resolution of the images."""
    input:
        heatmaps=expand(
            "<results>/heatmaps/{{comparison}}/{model}.nc", model=config["models"]
        ),
        code=library_used_by("measure_agreement"),
    output:
        table="<results>/networks/{comparison}/agreement.csv",
    log:
        "<logs>/measure_agreement/{comparison}.log",
    benchmark:
        "<benchmarks>/measure_agreement/{comparison}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, heatmaps=10),
        runtime=minutes(20),
    params:
        models=list(config["models"]),
    script:
        "../../scripts/measure_agreement.py"


rule measure_transfer:
    """Score the test images of one comparison with the maps that every other one ranks highest."""
    input:
        activations=lambda wildcards: [
            f"<results>/activations/{image_set_of(name)}/{wildcards.model}.nc"
            for name in config["comparisons"]
        ],
        judgments=expand(
            "<results>/inputs/{comparison}/judgments.nc",
            comparison=config["comparisons"],
        ),
        folds=of_all_seeds("<results>/folds/{{comparison}}/seed-{seed}.csv"),
        prediction="<results>/prediction/{comparison}/{model}.csv",
        network=lambda wildcards: files_of_network(wildcards.model),
        code=library_used_by("measure_transfer"),
    output:
        table="<results>/transfer/{comparison}/{model}.csv",
    log:
        "<logs>/measure_transfer/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/measure_transfer/{comparison}/{model}.tsv"
    conda:
        environment("torch")
    threads: 4
    resources:
        mem_mb=megabytes_of_ablation(),
        runtime=minutes(120, activations=0.5),
        gpu=gpus(),
    params:
        comparisons=list(config["comparisons"]),
        seeds=config["cross_validation"]["seeds"],
        network=lambda wildcards: config["models"][wildcards.model],
        similarity=config["alignment"]["similarity"],
        score=config["alignment"]["score"],
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/measure_transfer.py"


rule plot_networks:
    """Plot test scores and the share of feature maps retained, network by network."""
    input:
        tables=expand(
            "<results>/networks/{comparison}.csv", comparison=config["comparisons"]
        ),
        code=library_used_by("plot_networks"),
    output:
        png=report(
            "<results>/figures/networks.png",
            caption="../report/networks.rst",
            category="Networks",
            labels={"what": "scores and retained maps"},
        ),
        pdf="<results>/figures/networks.pdf",
    log:
        "<logs>/plot_networks.log",
    benchmark:
        "<benchmarks>/plot_networks.tsv"
    group:
        "prediction"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700),
        runtime=minutes(10),
    params:
        page=config["figures"],
        score=config["alignment"]["score"],
    script:
        "../../scripts/plot_networks.py"


rule plot_spread:
    """Plot the distributions of how scores are spread, network by network."""
    input:
        images="<results>/networks/{comparison}/images.csv",
        maps="<results>/networks/{comparison}/maps.csv",
        differences="<results>/networks/{comparison}/differences.csv",
        code=library_used_by("plot_spread"),
    output:
        png=report(
            "<results>/figures/spread_{comparison}.png",
            caption="../report/spread.rst",
            category="Networks",
            labels={"what": "spread of the scores", "comparison": "{comparison}"},
        ),
        pdf="<results>/figures/spread_{comparison}.pdf",
    log:
        "<logs>/plot_spread/{comparison}.log",
    benchmark:
        "<benchmarks>/plot_spread/{comparison}.tsv"
    group:
        "prediction"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, images=10, maps=10),
        runtime=minutes(10),
    params:
        page=config["figures"],
    script:
        "../../scripts/plot_spread.py"


rule plot_agreement:
    """Plot how far the heatmaps of two networks agree, with the images on which they do most and least."""
    input:
        table="<results>/networks/{comparison}/agreement.csv",
        heatmaps=[
            "<results>/heatmaps/{comparison}/{model}.nc",
            "<results>/heatmaps/{comparison}/{model_b}.nc",
        ],
        images=lambda wildcards: f"<results>/inputs/{image_set_of(wildcards.comparison)}/images.csv",
        code=library_used_by("plot_agreement"),
    output:
        png=report(
            "<results>/figures/agreement_{comparison}_{model}_and_{model_b}.png",
            caption="../report/agreement.rst",
            category="Networks",
            labels={"what": "agreement of heatmaps", "comparison": "{comparison}"},
        ),
        pdf="<results>/figures/agreement_{comparison}_{model}_and_{model_b}.pdf",
    log:
        "<logs>/plot_agreement/{comparison}/{model}_and_{model_b}.log",
    benchmark:
        "<benchmarks>/plot_agreement/{comparison}/{model}_and_{model_b}.tsv"
    wildcard_constraints:
        model_b=any_of(config["models"]),
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, heatmaps=10),
        runtime=minutes(10),
    params:
        page=config["figures"],
    script:
        "../../scripts/plot_agreement.py"


rule plot_transfer:
    """Plot what rankings learned from one comparison do for others."""
    input:
        tables=expand(
            "<results>/transfer/{comparison}/{{model}}.csv", comparison=transferred()
        ),
        code=library_used_by("plot_transfer"),
    output:
        png=report(
            "<results>/figures/transfer_{model}.png",
            caption="../report/transfer.rst",
            category="Networks",
            labels={"what": "transfer of rankings", "model": "{model}"},
        ),
        pdf="<results>/figures/transfer_{model}.pdf",
    log:
        "<logs>/plot_transfer/{model}.log",
    benchmark:
        "<benchmarks>/plot_transfer/{model}.tsv"
    group:
        "transfer"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, tables=10),
        runtime=minutes(10),
    params:
        page=config["figures"],
        comparisons=transferred(),
        score=config["alignment"]["score"],
    script:
        "../../scripts/plot_transfer.py"
