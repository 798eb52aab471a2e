# Gallery: a page on which every image is looked at with its heatmaps.
#
# needs   images, activations, heatmaps, image_scores, rsm, saliency and overlap of all comparisons and models
# makes   gallery/index.html and the pictures beside it


rule gallery:
    """The gallery."""
    input:
        "<results>/gallery",


rule build_gallery:
    """Draw the pictures of every image and write the page that shows, sorts and compares them."""
    input:
        images=expand(
            "<results>/inputs/{image_set}/images.csv", image_set=judged_sets()
        ),
        saliency=expand(
            "<results>/saliency/{image_set}/{saliency}.nc",
            image_set=judged_sets(),
            saliency=config["saliency"],
        ),
        heatmaps=of_all_views("<results>/heatmaps/{comparison}/{model}.nc"),
        scores=of_all_views("<results>/image_scores/{comparison}/{model}.nc"),
        rsms=of_all_views("<results>/rsm/{comparison}/{model}.nc"),
        activations=of_all_views("<results>/activations/{image_set}/{model}.nc"),
        overlaps=expand(
            "<results>/overlap/{comparison}/{model}/{saliency}.csv",
            comparison=config["comparisons"],
            model=config["models"],
            saliency=config["saliency"],
        ),
        page=parts_of_the_page(),
        code=library_used_by("build_gallery"),
    output:
        gallery=directory("<results>/gallery"),
    log:
        "<logs>/build_gallery.log",
    benchmark:
        "<benchmarks>/build_gallery.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(1000, heatmaps=8, rsms=10, overlaps=5),
        runtime=minutes(20, images=300),
    params:
        image_sets=judged_sets(),
        views=list(itertools.product(config["comparisons"], config["models"])),
        saliency=list(itertools.product(judged_sets(), config["saliency"])),
        overlaps=list(
            itertools.product(
                config["comparisons"], config["models"], config["saliency"]
            )
        ),
        image_set_of={name: image_set_of(name) for name in config["comparisons"]},
        percents=config["overlap"]["relative_risk_percent"],
        heatmap_scale=config["figures"]["heatmap_scale"],
    script:
        "../../scripts/build_gallery.py"
