# Activations: what a network makes of the images of a set.
#
# needs   inputs/{image_set}/images.csv, the network's weights
# makes   activations/{image_set}/{model}.nc


rule extract_activations:
    """Run one network over the images of one set, up to its map layer and on to its readout."""
    input:
        images="<results>/inputs/{image_set}/images.csv",
        network=lambda wildcards: files_of_network(wildcards.model),
        checked=ancient(CHECKED),
        code=library_used_by("extract_activations"),
    output:
        activations="<results>/activations/{image_set}/{model}.nc",
    log:
        "<logs>/extract_activations/{image_set}/{model}.log",
    benchmark:
        "<benchmarks>/extract_activations/{image_set}/{model}.tsv"
    conda:
        environment("torch")
    threads: 4
    resources:
        mem_mb=megabytes_of_network(images=50, network=3),
        runtime=minutes(30, images=60),
        gpu=gpus(),
    params:
        network=lambda wildcards: config["models"][wildcards.model],
        compute=settings("device", "precision"),
    script:
        "../../scripts/extract_activations.py"
