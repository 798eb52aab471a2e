# Control: images whose truth is known. Heatmaps must lie on the object that the observers judged.
#
# needs   heatmaps/{comparison}/{model}.nc of all comparisons of the image set, its masks
# makes   control/{control}/{model}.csv


rule evaluate_control:
    """Tell for every image how well its heatmaps single out the first object against the second."""
    input:
        heatmaps=controlled_heatmaps,
        masks=lambda wildcards: config["controls"][wildcards.control]["masks"],
        mask_files=lambda wildcards: files_of(
            config["controls"][wildcards.control]["masks"]
        ),
        code=library_used_by("evaluate_control"),
    output:
        table="<results>/control/{control}/{model}.csv",
    log:
        "<logs>/evaluate_control/{control}/{model}.log",
    benchmark:
        "<benchmarks>/evaluate_control/{control}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, heatmaps=8, mask_files=1),
        runtime=minutes(10, mask_files=1),
    params:
        comparisons=lambda wildcards: comparisons_of(
            config["controls"][wildcards.control]["image_set"]
        ),
        objects=lambda wildcards: config["controls"][wildcards.control]["objects"],
    script:
        "../../scripts/evaluate_control.py"
