# Networks: what there is to choose from. No other rule needs these.
#
# needs   the architecture alone
# makes   layers/{network}.csv, docs/networks.md


rule layers:
    """The layers of all configured models."""
    input:
        expand("<results>/layers/{network}.csv", network=config["models"]),


rule list_layers:
    """List the layers of one network, which is a configured model or the name of an architecture."""
    input:
        code=library_used_by("list_layers"),
    output:
        layers="<results>/layers/{network}.csv",
    log:
        "<logs>/list_layers/{network}.log",
    benchmark:
        "<benchmarks>/list_layers/{network}.tsv"
    group:
        "layers"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=megabytes_of_network(),
        runtime=minutes(10),
    params:
        network=lambda wildcards: config["models"].get(
            wildcards.network, {"architecture": wildcards.network}
        ),
    script:
        "../../scripts/list_layers.py"


rule tabulate_networks:
    """Tabulate the layers of all networks for the documentation."""
    input:
        code=library_used_by("tabulate_networks"),
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
    script:
        "../../scripts/tabulate_networks.py"
