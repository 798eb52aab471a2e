# Maps: where in an image the important feature maps respond, and whether people look there.
#
# needs   activations/{image_set}/{model}.nc, inputs/{comparison}/judgments.nc, inputs/{image_set}/images.csv
# makes   {image_scores,heatmaps,pairs}/{comparison}/{model}.nc, pairs/{comparison}/{model}.csv, saliency/{image_set}/{saliency}.nc
#         {overlap,saliency_scores,overlap_summary}/{comparison}/{model}/{saliency}.csv, control/{control}/{model}.csv


rule explain_images:
    """Score the feature maps of every image and of pairs of images, and average each image's maps by their scores."""
    input:
        **ABLATION_INPUT,
        rsms="<results>/rsm/{comparison}/{model}.nc",
        named_pairs=lambda wildcards: (
            "<results>/inputs/{comparison}/pairs.csv" if wildcards.comparison in PLAN.fixed_pairs() else []
        ),
    output:
        scores="<results>/image_scores/{comparison}/{model}.nc",
        heatmaps="<results>/heatmaps/{comparison}/{model}.nc",
        pairs="<results>/pairs/{comparison}/{model}.nc",
        pairs_table="<results>/pairs/{comparison}/{model}.csv",
    log:
        "<logs>/explain_images/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/explain_images/{comparison}/{model}.tsv"
    wildcard_constraints:
        model=PLAN.any_of(WITH_PLACES),
    conda:
        environment("torch")
    resources:
        **ABLATION_RESOURCES,
        runtime=growing(60, activations=0.2),
    params:
        **ABLATION_PARAMS,
        asked=lambda wildcards: PLAN.numbers_of_pairs(wildcards.comparison),
        code=code_of("explain_images"),
    script:
        "../../scripts/explain_images.py"


use rule explain_images as score_images with:
    output:
        scores="<results>/image_scores/{comparison}/{model}.nc",
        heatmaps=[],
        pairs=[],
        pairs_table=[],
    log:
        "<logs>/score_images/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/score_images/{comparison}/{model}.tsv"
    # Units have no places for heatmaps.
    wildcard_constraints:
        model=PLAN.any_of(PLAN.units()),


rule compute_saliency:
    """Make one saliency map per image: a classic model, the user's own maps, fixations, or the centre bias."""
    input:
        images="<results>/inputs/{image_set}/images.csv",
        maps=entry("saliency", "maps"),
        map_files=files_in("saliency", "maps"),
        fixations=entry("saliency", "fixations"),
    output:
        saliency="<results>/saliency/{image_set}/{saliency}.nc",
    log:
        "<logs>/compute_saliency/{image_set}/{saliency}.log",
    benchmark:
        "<benchmarks>/compute_saliency/{image_set}/{saliency}.tsv"
    wildcard_constraints:
        saliency=PLAN.any_of(PLAN.saliencies_by(networks=False)),
    # Mistakes in the user's own maps and fixations are reported before networks run.
    priority: 90
    conda:
        "../../envs/vision.yaml"
    resources:
        mem_mb=growing(600, map_files=2),
        runtime=growing(20, images=300),
    params:
        settings=entry("saliency"),
        code=code_of("compute_saliency"),
    script:
        "../../scripts/compute_saliency.py"


rule predict_gaze:
    """Make one saliency map per image with a network that predicts gaze."""
    input:
        images="<results>/inputs/{image_set}/images.csv",
        network=lambda wildcards: PLAN.files_of_gaze_network(wildcards.saliency),
    output:
        saliency="<results>/saliency/{image_set}/{saliency}.nc",
    log:
        "<logs>/predict_gaze/{image_set}/{saliency}.log",
    benchmark:
        "<benchmarks>/predict_gaze/{image_set}/{saliency}.tsv"
    wildcard_constraints:
        saliency=PLAN.any_of(PLAN.saliencies_by(networks=True)),
    conda:
        environment("torch")
    resources:
        mem_mb=megabytes_of_network(network=6),
        runtime=growing(240, images=1000),
        gpu=GPUS,
    params:
        settings=entry("saliency"),
        compute=COMPUTE,
        code=code_of("predict_gaze"),
    script:
        "../../scripts/predict_gaze.py"


rule measure_overlap:
    """Compare the heatmaps with all kinds of saliency map, beside baselines: masks, scores, intervals over images."""
    input:
        heatmaps="<results>/heatmaps/{comparison}/{model}.nc",
        saliency=view("<results>/saliency/{image_set}/{saliency}.nc"),
        images=view("<results>/inputs/{image_set}/images.csv"),
    output:
        overlap=expand("<results>/overlap/{{comparison}}/{{model}}/{saliency}.csv", saliency=SALIENCY),
        scores=expand("<results>/saliency_scores/{{comparison}}/{{model}}/{saliency}.csv", saliency=SALIENCY),
        summary=expand("<results>/overlap_summary/{{comparison}}/{{model}}/{saliency}.csv", saliency=SALIENCY),
    log:
        "<logs>/measure_overlap/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/measure_overlap/{comparison}/{model}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=growing(1000, heatmaps=8, saliency=2),
        runtime=growing(20, saliency=0.5),
    params:
        **dict.fromkeys(("saliency", "overlap", "scores", "summary"), SALIENCY),
        settings=config["overlap"],
        code=code_of("measure_overlap"),
    script:
        "../../scripts/measure_overlap.py"


rule evaluate_control:
    """Measure for every image how well its heatmaps single out the first object against the second."""
    input:
        heatmaps=of_control("<results>/heatmaps/{comparison}/{model}.nc"),
        pairs=of_control("<results>/pairs/{comparison}/{model}.nc"),
        masks=entry("controls", "masks"),
        mask_files=files_in("controls", "masks"),
        checks="<results>/inputs/{control}/masks-checks.csv",
    output:
        table="<results>/control/{control}/{model}.csv",
    log:
        "<logs>/evaluate_control/{control}/{model}.log",
    benchmark:
        "<benchmarks>/evaluate_control/{control}/{model}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=growing(500, heatmaps=8, mask_files=1),
        runtime=growing(10, mask_files=1),
    params:
        heatmaps=comparisons_of_control,
        pairs=comparisons_of_control,
        objects=entry("controls", "objects"),
        code=code_of("evaluate_control"),
    script:
        "../../scripts/evaluate_control.py"
