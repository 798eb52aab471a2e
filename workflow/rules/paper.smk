# The figures and tables of a paper in one folder, for the data sets and networks of the configuration.
#
# needs   the figures and tables of the other stages
# makes   paper/README.md, the numbered index, with paper/figure-*.png and .pdf and paper/table-*.csv
#         figures/bars.* and figures/fold-curves_{model}.*, which are of all comparisons


rule paper:
    """Every figure and table of the paper, numbered, with an index."""
    input:
        "<results>/paper",


rule plot_bars:
    """Plot test scores of all comparisons and networks as bars, with the numbers of feature maps retained."""
    input:
        summary="<results>/prediction/summary.csv",
        code=library_used_by("plot_bars"),
    output:
        png=report(
            "<results>/figures/bars.png",
            caption="../report/bars.rst",
            category="Prediction",
            labels={"what": "bars with numbers of retained maps"},
        ),
        pdf="<results>/figures/bars.pdf",
    log:
        "<logs>/plot_bars.log",
    benchmark:
        "<benchmarks>/plot_bars.tsv"
    group:
        "paper"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700),
        runtime=minutes(10),
    params:
        page=config["figures"],
    script:
        "../../scripts/plot_bars.py"


rule plot_fold_curves:
    """Plot the top-k curve of every single fold, all comparisons of one network side by side."""
    input:
        curves=expand(
            "<results>/curves/{comparison}/{{model}}/seed-{seed}.csv",
            comparison=config["comparisons"],
            seed=config["cross_validation"]["seeds"],
        ),
        tables=expand(
            "<results>/prediction/{comparison}/{{model}}.csv",
            comparison=config["comparisons"],
        ),
        code=library_used_by("plot_fold_curves"),
    output:
        png=report(
            "<results>/figures/fold-curves_{model}.png",
            caption="../report/fold_curves.rst",
            category="Prediction",
            labels={"what": "curves of single folds", "model": "{model}"},
        ),
        pdf="<results>/figures/fold-curves_{model}.pdf",
    log:
        "<logs>/plot_fold_curves/{model}.log",
    benchmark:
        "<benchmarks>/plot_fold_curves/{model}.tsv"
    group:
        "paper"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, curves=10),
        runtime=minutes(10, curves=0.2),
    params:
        page=config["figures"],
        comparisons=list(config["comparisons"]),
        score=config["alignment"]["score"],
    script:
        "../../scripts/plot_fold_curves.py"


rule assemble_paper:
    """Put figures and tables into one folder under numbers, and write the index."""
    input:
        png=files_of_paper("png"),
        pdf=files_of_paper("pdf"),
        summary="<results>/prediction/summary.csv",
        published="<results>/prediction/published.csv" if config["published"] else [],
        differences=expand(
            "<results>/networks/{comparison}/differences.csv",
            comparison=config["comparisons"] if pairs_of_models() else [],
        ),
        agreement=expand(
            "<results>/networks/{comparison}/agreement.csv",
            comparison=config["comparisons"] if pairs_of_models() else [],
        ),
        overlaps=expand(
            "<results>/overlap_summary/{comparison}/{model}/{saliency}.csv",
            comparison=config["comparisons"],
            model=config["models"],
            saliency=config["saliency"],
        ),
        controls=expand(
            "<results>/control/{control}/{model}.csv",
            control=config["controls"],
            model=config["models"],
        ),
        code=library_used_by("assemble_paper"),
    output:
        paper=directory("<results>/paper"),
    log:
        "<logs>/assemble_paper.log",
    benchmark:
        "<benchmarks>/assemble_paper.tsv"
    group:
        "paper"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, overlaps=10),
        runtime=minutes(10),
    params:
        figures=figures_of_paper(),
        compared=list(config["comparisons"]) if pairs_of_models() else [],
        overlaps=list(
            itertools.product(
                config["comparisons"], config["models"], config["saliency"]
            )
        ),
        controls=list(itertools.product(config["controls"], config["models"])),
        left_out=left_out_of_paper(),
        folds=folds_of_paper(),
    script:
        "../../scripts/assemble_paper.py"
