# Networks: their checks, layers and activations of the images of a set; features that take the place of networks.
#
# needs   inputs/{image_set}/images.csv, the networks' weights, files of features
# makes   layers/{network}.csv, inputs/networks.csv and networks-checks.csv, activations/{image_set}/{model}.nc


rule layers:
    """The layers of all configured models."""
    input:
        expand("<results>/layers/{network}.csv", network=PLAN.networks()),


rule prepare_networks:
    """Build all configured networks without their weights, check them, and list their layers."""
    input:
        networks=[file for model in PLAN.networks() for file in PLAN.files_of_network(model)],
    output:
        layers=expand("<results>/layers/{network}.csv", network=PLAN.networks()),
        networks="<results>/inputs/networks.csv",
        checks="<results>/inputs/networks-checks.csv",
    log:
        "<logs>/prepare_networks.log",
    benchmark:
        "<benchmarks>/prepare_networks.tsv"
    priority: 100
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=megabytes_of_network(networks=3),
        runtime=growing(10),
    params:
        models=NETWORKS,
        layers=PLAN.networks(),
        code=code_of("prepare_networks"),
    script:
        "../../scripts/prepare_networks.py"


# A name that no configured model has is that of an architecture. For the others, Snakemake prefers `prepare_networks`,
# which has no wildcards. A `ruleorder` would be an error if another workflow uses single rules of this one.
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
    resources:
        mem_mb=megabytes_of_network(),
        runtime=growing(10),
    params:
        model=lambda wildcards: {"architecture": wildcards.network},
        code=code_of("list_layers"),
    script:
        "../../scripts/list_layers.py"


# One rule for all models that are in no sweep, and one for each sweep, whose models differ in their map layer alone.
for number, models in enumerate([["{model}"], *PLAN.sweeps().values()], start=1):

    rule:
        """Run a network on the images of one set and record the feature maps of one or more layers, and the readout."""
        name:
            "extract_activations" if number == 1 else f"extract_activations_{number}"
        input:
            images="<results>/inputs/{image_set}/images.csv",
            network=files_of_network(models[0]),
        output:
            activations=[f"<results>/activations/{{image_set}}/{model}.nc" for model in models],
        log:
            f"<logs>/extract_activations/{{image_set}}/{models[0]}.log",
        benchmark:
            f"<benchmarks>/extract_activations/{{image_set}}/{models[0]}.tsv"
        wildcard_constraints:
            model=PLAN.any_of(PLAN.outside_sweeps()),
        conda:
            environment("torch")
        threads: 4
        resources:
            mem_mb=megabytes_of_network(images=50, network=3),
            runtime=growing(30, images=60),
            gpu=GPUS,
        params:
            models=models_of(models),
            activations=models_of(models),
            compute={key: COMPUTE[key] for key in ("device", "precision")},
            code=code_of("extract_activations"),
        script:
            "../../scripts/extract_activations.py"


rule read_features:
    """Check features that another tool computed, and convert those of one image set to the form of activations."""
    input:
        images="<results>/inputs/{image_set}/images.csv",
        features=entry("models", "features"),
        order=entry("models", "order"),
    output:
        activations="<results>/activations/{image_set}/{model}.nc",
        checks="<results>/inputs/{image_set}/features/{model}-checks.csv",
        files="<results>/inputs/{image_set}/features/{model}-files.csv",
    log:
        "<logs>/read_features/{image_set}/{model}.log",
    benchmark:
        "<benchmarks>/read_features/{image_set}/{model}.tsv"
    wildcard_constraints:
        model=PLAN.any_of(PLAN.features()),
    priority: 100
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=growing(1500, features=3),
        runtime=growing(10, features=0.1),
    params:
        settings=lambda wildcards: {
            key: config["models"][wildcards.model][key] for key in ("key", "layout", "resize", "middle")
        },
        code=code_of("read_features"),
    script:
        "../../scripts/read_features.py"
