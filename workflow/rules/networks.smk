# Networks: checked, their layers listed, and what they make of the images of a set.
#
# needs   inputs/{image_set}/images.csv, the networks' weights
# makes   layers/{network}.csv, inputs/networks-checks.csv, activations/{image_set}/{model}.nc, docs/networks.md


rule layers:
    """The layers of all configured models."""
    input:
        expand("<results>/layers/{network}.csv", network=config["models"]),


# What is no name of a configured model is that of an architecture.
ruleorder: prepare_networks > list_layers


rule prepare_networks:
    """Build all configured networks without their weights, check them, and list their layers."""
    input:
        networks=[
            file for model in config["models"] for file in PLAN.files_of_network(model)
        ],
    output:
        layers=expand("<results>/layers/{network}.csv", network=config["models"]),
        checks="<results>/inputs/networks-checks.csv",
    log:
        "<logs>/prepare_networks.log",
    benchmark:
        "<benchmarks>/prepare_networks.tsv"
    priority: 100
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=megabytes_of_network(networks=3),
        runtime=minutes(10),
    params:
        models=config["models"],
        layers=list(config["models"]),
        code=code_of("prepare_networks"),
    script:
        "../../scripts/prepare_networks.py"


rule list_layers:
    """List the layers of an architecture."""
    output:
        layers="<results>/layers/{network}.csv",
    log:
        "<logs>/list_layers/{network}.log",
    benchmark:
        "<benchmarks>/list_layers/{network}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=megabytes_of_network(),
        runtime=minutes(10),
    params:
        model=lambda wildcards: {"architecture": wildcards.network},
        code=code_of("list_layers"),
    script:
        "../../scripts/list_layers.py"


rule extract_activations:
    """Run one network over the images of one set, up to its map layer and on to its readout."""
    input:
        images="<results>/inputs/{image_set}/images.csv",
        network=lambda wildcards: PLAN.files_of_network(wildcards.model),
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
        model=entry("models"),
        compute={key: COMPUTE[key] for key in ("device", "precision")},
        code=code_of("extract_activations"),
    script:
        "../../scripts/extract_activations.py"


rule tabulate_networks:
    """Tabulate the layers of all networks for the documentation."""
    output:
        page="docs/networks.md",
    log:
        "<logs>/tabulate_networks.log",
    benchmark:
        "<benchmarks>/tabulate_networks.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=megabytes_of_network(),
        runtime=minutes(30),
    params:
        recorded=False,
        code=code_of("tabulate_networks"),
    script:
        "../../scripts/tabulate_networks.py"
